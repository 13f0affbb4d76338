"""Checks of code. What says that it is JSON or Python is parsed; nothing is ever run."""

import ast
import json
import textwrap
import warnings
from threading import Lock

from .content import quoted

# Longer ones are not looked at: no reader types them in, and a parser's time has an end.
LONGEST = 20_000
# `catch_warnings` is one for all threads.
_ONE_AT_A_TIME = Lock()


def no_language(code, _):
    if not code.language:
        yield (
            f"the code {quoted(code.text)} names no language.",
            "write it after the fence, as in ```python, or text if it is none.",
        )


def broken(code, _):
    reason = what_is_wrong(code)
    if reason and not is_fragment(code):
        yield (
            f"the {code.language} sample {quoted(code.text)} does not parse: {reason}.",
            "correct it, put … where something is left out, or name another language.",
        )


def fragment(code, _):
    if what_is_wrong(code) and is_fragment(code):
        yield (
            f"the {code.language} sample {quoted(code.text)} is not whole, so it does not parse.",
            "name it pycon if it is a session, and leave it if it is meant.",
        )


def is_fragment(code):
    """Whether it is a Python session, or something was left out of it on purpose."""
    return any(line.lstrip().startswith(">>>") for line in code.text.splitlines()) or any(
        mark in code.text for mark in ("...", "…")
    )


def what_is_wrong(code):
    """Why the code is none of its language, in a few words; nothing if it is, or who knows."""
    parse = PARSERS.get(code.language.lower())
    if not parse or len(code.text) > LONGEST:
        return ""
    try:
        parse(code.text)
    except (RecursionError, MemoryError):
        # Nested too deeply for the parser, which says nothing of the code.
        return ""
    except SyntaxError as error:
        return f"line {error.lineno}, {error.msg}" if error.lineno else error.msg
    except json.JSONDecodeError as error:
        return f"line {error.lineno}, {error.msg.lower()}"
    except ValueError as error:
        return str(error)
    return ""


def parse_json(text):
    # Numbers stay text: a long one takes long.
    json.loads(text, parse_int=str, parse_float=str, parse_constant=refuse)


def refuse(name):
    raise ValueError(f"{name} is no JSON")


def parse_python(text):
    with _ONE_AT_A_TIME, warnings.catch_warnings(action="ignore"):
        ast.parse(textwrap.dedent(text))


PARSERS = {
    "json": parse_json,
    "python": parse_python,
    "python3": parse_python,
    "py": parse_python,
}
