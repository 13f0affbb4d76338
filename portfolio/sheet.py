"""How much of a CV one A4 page holds.

A page cannot ask how long it will be, so its lines are counted beforehand, rather a few too many
than one too few. What has no room is left out here, where the page can say where to find it. The
measures are those of the print rules under “CV” in site.css.

If everything fits in one of `SIZES`, everything is there, in the largest that does. Otherwise the
smallest is used and each section has a share of the page. The roles get what remains: first a line
for each, then what came of it, then outcome after outcome, then the whole story, each time from the
first role on.
"""

import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache, partial
from math import ceil

from django.urls import reverse

from .cv import CV, Position
from .excerpts import shorten
from .page import absolute

POINTS_IN_MM = 72 / 25.4
WIDTH, HEIGHT = 144 * POINTS_IN_MM, 269 * POINTS_IN_MM
# The name of each size in the style sheet, its points, and how many times the space between things.
SIZES = {"roomy": (10.5, 1.8), "close": (9.5, 1.4), "dense": (8.5, 1)}
# In em.
LINE_HEIGHT = 1.4
TERM, TERM_GAP = 7.1, 0.6
NAME, TITLE = 2.4, 1.15  # a title is bold, too
# In lines: the space around a section and between roles.
SECTION, JOB = 1.05, 0.5

SHARES = {"links": 0.08, "about": 0.12, "now": 0.14, "thinking": 0.12, "tools": 0.1}
# Of a role that is shown in part: characters of its text, and outcomes.
SHORT, CLAIMS = 260, 4


# How long a text is.

# Newsreader's widths at weight 500, each group by its broadest.
WIDTHS = {
    " .,·’": 0.25,
    "'|:;!jl()i": 0.3,
    '{}[]Itf"-': 0.37,
    "acersz?*/_J": 0.47,
    "FLPTZERBS": 0.68,
    "mMWÆŒœ@%": 1.02,
}
EM = {character: width for group, width in WIDTHS.items() for character in group}


@lru_cache(maxsize=4096)
def em(character):
    """The width of a character in em, about: in Newsreader or, if it has none, a broad font."""
    if character in EM or unicodedata.combining(character):
        return EM.get(character, 0)
    if unicodedata.east_asian_width(character) in "WF":
        return 1.3
    if character > "\u024f" and not "\u2010" <= character <= "\u2044":
        return 1 if character.isupper() else 0.75
    return 0.83 if character.isupper() or character in "w&" else 0.6


def count_lines(text, width):
    """How many lines of `width` em a text takes: broken between words, a long word anywhere."""
    lines, used = 0, width
    for word in text.split():
        long = sum(map(em, word))
        if used + long > width:
            lines, used = lines + 1, 0
        if long > width:
            lines, used = lines + ceil(long / (width - 1.3)) - 1, width
        else:
            used += long + em(" ")
    return lines


# What is on the page.


@dataclass(frozen=True)
class Section:
    """What of a section is on the page; `more` is the address of the rest, if there is one."""

    items: tuple
    more: str = ""


@dataclass(frozen=True)
class Job:
    """A role with as much of it as is shown; `story` and `lessons` are (label, text) pairs."""

    position: Position
    story: tuple = ()
    claims: tuple = ()
    lessons: tuple = ()

    @classmethod
    def whole(cls, position):
        return cls(position, position.story, position.claims, position.lessons)

    @classmethod
    def short(cls, position, claims):
        """What came of it: the end of the story, and the first outcomes."""
        end = position.story[-1:]
        story = tuple((label, shorten(text, SHORT)) for label, text in end)
        return cls(position, story, position.claims[:claims])


@dataclass(frozen=True)
class Sheet:
    """A CV in type of one of `SIZES`, with its sections by the names of `SHARES`, and `roles`."""

    cv: CV
    size: str
    sections: dict


def lay_out(cv):
    """The Sheet of a CV: all of it if that fits on a page, or else what the rules above keep."""
    for size in SIZES:
        paper = Paper(cv, size)
        if paper.height(paper.everything()) <= paper.room:
            return Sheet(cv, size, paper.everything())
    return Sheet(cv, size, paper.selection())


@dataclass(frozen=True)
class Part:
    """All of a section: its items, the text of each, and the address of the page that has them.

    Items share their lines where something stands `between` them, and else each begins one.
    """

    items: tuple
    texts: tuple
    address: str
    between: str = ""

    @classmethod
    def of(cls, items, text, page, between=""):
        return cls(tuple(items), tuple(map(text, items)), absolute(reverse(page)), between)

    def lines(self, count, width):
        """How many lines of `width` em the first `count` items take."""
        texts = self.texts[:count]
        if self.between:
            texts = [self.between.join(texts)]
        return sum(count_lines(text, width) for text in texts)


class Paper:
    """The room on a page in one size, and what of a CV goes there; heights are in lines."""

    def __init__(self, cv, size):
        self.cv = cv
        points, spacing = SIZES[size]
        self.width = WIDTH / points
        self.section, self.job = SECTION * spacing, JOB * spacing
        self.room = HEIGHT / points / LINE_HEIGHT - self.head()
        self.parts = {
            "links": Part.of(cv.links, lambda link: link.url, "home", " · "),
            "about": Part.of(cv.about.split(), str, "home", " "),
            "now": Part.of(cv.statements, lambda item: f"{item.text} {item.detail}", "now"),
            "thinking": Part.of(cv.principles, lambda item: item.title, "thinking"),
            "tools": Part.of(cv.tools, lambda tool: tool.name, "tools", " · "),
        }
        self.roles = absolute(reverse("roles:index"))

    def everything(self):
        sections = {name: Section(part.items) for name, part in self.parts.items()}
        return sections | {"roles": Section(tuple(map(Job.whole, self.cv.positions)))}

    def selection(self):
        """Each section in its share of the page, the roles in the rest, and what they leave."""
        sections = {
            name: self.beginning(part, SHARES[name] * self.room)
            for name, part in self.parts.items()
        }
        sections["roles"] = self.jobs(self.room - self.height(sections))
        for name, part in self.parts.items():
            free = self.room - self.height(sections)
            room = self.section_height(name, sections[name]) + free
            sections[name] = self.beginning(part, room)
        return sections

    def beginning(self, part, room):
        """As many of a part's items as `room` holds, in order."""
        if not part.items or self.section + part.lines(len(part.items), self.width) <= room:
            return Section(part.items)
        room -= self.section + self.more_height(part.address)
        counts = range(1, len(part.items))
        fitting = bisect_right(counts, room, key=lambda count: part.lines(count, self.width))
        return Section(part.items[:fitting], part.address)

    def jobs(self, room):
        room -= self.section + self.more_height(self.roles)
        jobs = []
        for job in map(Job, self.cv.positions):
            room -= self.job_height(job)
            if room < 0:
                room += self.job_height(job)
                break
            jobs.append(job)
        forms = [partial(Job.short, claims=count) for count in range(CLAIMS + 1)]
        for form in (*forms, Job.whole):
            for index, job in enumerate(jobs):
                fuller = form(job.position)
                cost = self.job_height(fuller) - self.job_height(job)
                if cost <= room:
                    jobs[index] = fuller
                    room -= cost
        complete = jobs == [Job.whole(position) for position in self.cv.positions]
        return Section(tuple(jobs), "" if complete else self.roles)

    # Heights, in lines.

    def head(self):
        profile = self.cv.profile
        named = NAME * count_lines(self.cv.name, self.width / NAME)
        contacts = " · ".join([profile.location, profile.email, absolute("/")])
        return self.section + sum(
            [named, count_lines(profile.headline, self.width), count_lines(contacts, self.width)]
        )

    def height(self, sections):
        return sum(self.section_height(name, section) for name, section in sections.items())

    def section_height(self, name, section):
        if not section.items and not section.more:
            return 0
        more = self.more_height(section.more) if section.more else 0
        if name == "roles":
            return self.section + sum(map(self.job_height, section.items)) + more
        return self.section + self.parts[name].lines(len(section.items), self.width) + more

    def more_height(self, address):
        return count_lines(f"more at {address}", self.width)

    def job_height(self, job):
        role = job.position.role
        heading, width = (role.title, job.position.details), self.width / TITLE
        title = 1
        if count_lines(" ".join(heading), width) > 1:
            title = sum(count_lines(text, width) for text in heading)
        text = self.width - TERM - TERM_GAP
        rows = [(label, TERM, said) for label, said in job.story + job.lessons]
        rows += [(claim.figure, TERM / TITLE, claim.said) for claim in job.claims]
        told = sum(max(count_lines(a, b), count_lines(c, text)) for a, b, c in rows)
        return title + told + (self.job if rows else 0)
