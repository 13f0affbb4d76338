"""Checks of what is written: titles, summaries, headings, and what is not there."""

from portfolio.models import Publishable

from .content import is_blank, quoted

# From one more on, detail.html sets the title smaller. 300, the most there can be, still looks
# designed, so that no length has to block.
LONG_TITLE = 90
# What `markdown.excerpt` gives for a summary that is empty, and search results show.
LONG_SUMMARY = 160


def long_title(content, _):
    length = len(str(content.item))
    if length > LONG_TITLE:
        yield (
            f"the title has {length} characters and is set smaller.",
            f"say it in {LONG_TITLE}.",
        )


def long_summary(content, _):
    length = len(getattr(content.item, "summary", ""))
    if length > LONG_SUMMARY:
        yield (
            f"the summary has {length} characters; search results show {LONG_SUMMARY}.",
            f"say it in {LONG_SUMMARY}.",
        )


def no_text(content, _):
    # A tool's note may be empty: its page lists what used it.
    if content.is_empty and isinstance(content.item, Publishable):
        yield "the page has no text.", "write it, or leave it a draft."


def no_tools(content, _):
    if hasattr(content.item, "tools") and not content.item.tools.exists():
        yield "no tool is named.", "choose the tools that were used, if there were any."


def empty_heading(heading, _):
    if is_blank(heading.text):
        yield "a heading is empty.", "give it words, or take it out."


def heading_jump(heading, _):
    if heading.jump:
        before, level = heading.jump
        yield (
            f"the heading {quoted(heading.text)} is of level {level} after one of level {before}.",
            f"begin it with {'#' * (before + 1)}.",
        )
