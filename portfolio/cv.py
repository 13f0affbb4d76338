"""What the CV and the résumé tell, gathered once, so that they tell the same.

Everything in it is live, and but for labels every word is the content's: a form that has no place
for something leaves it out, and none adds any.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, URLValidator
from django.urls import reverse

from roles.models import Outcome, Role

from .markdown import plain
from .models import Focus, Principle, Profile, Tool
from .page import absolute

# The version of https://jsonresume.org/schema that `resume` keeps to.
VERSION = "v1.0.0"
SCHEMA = f"https://raw.githubusercontent.com/jsonresume/resume-schema/{VERSION}/schema.json"
# What its schema says that a picture is.
PICTURES = (".jpg", ".png")

STORY = ("problem", "approach", "impact")
LESSONS = ("learned", "broke")


@dataclass(frozen=True)
class Claim:
    """An outcome: its figure, what that measures, and what bears it out besides its source."""

    figure: str
    what: str
    terms: tuple
    source: str

    @classmethod
    def of(cls, outcome):
        known = (("from", outcome.baseline), ("as of", outcome.as_of))
        terms = tuple(f"{label} {value}" for label, value in known if value)
        return cls(outcome.figure, outcome.what.strip(), terms, outcome.source)

    @property
    def said(self):
        """All but the figure, such as “of the traffic (from 1 a day, as of jan 2026)”."""
        terms = ", ".join(filter(None, [*self.terms, self.source]))
        return f"{self.what} ({terms})" if terms else self.what

    def __str__(self):
        return f"{self.figure} {self.said}"


@dataclass(frozen=True)
class Position:
    """A role with its texts as plain ones; `story` and `lessons` are (label, text) pairs."""

    role: Role
    story: tuple
    claims: tuple
    lessons: tuple

    @property
    def details(self):
        """Where and when: what the content says of it, in words."""
        role = self.role
        until = role.ended or "now"
        months = f"{role.started or ''} – {until}" if role.started or role.ended else ""
        return " · ".join(filter(None, [role.organisation, months.strip()]))

    @classmethod
    def of(cls, role):
        claims = tuple(map(Claim.of, role.outcomes.all()))
        return cls(role, _texts(role, STORY), claims, _texts(role, LESSONS))


def _texts(role, names):
    told = ((role._meta.get_field(name).verbose_name, plain(getattr(role, name))) for name in names)
    return tuple((label, text) for label, text in told if text)


@dataclass(frozen=True)
class CV:
    profile: Profile
    links: tuple
    about: str
    statements: tuple
    positions: tuple
    principles: tuple
    tools: tuple

    @property
    def site(self):
        """The address of the home page, as one writes it down."""
        return absolute(reverse("home")).rstrip("/")

    @property
    def name(self):
        """What stands above it: the person, or what they do where the content gives no name."""
        titles = (position.role.title for position in self.positions)
        return self.profile.name or self.profile.headline or next(titles, "")


def gather(profile):
    """All that is live now, as a CV; `profile` may be one that is not saved."""
    return CV(
        profile=profile,
        links=tuple(profile.links.all()),
        about=plain(profile.about),
        statements=tuple(Focus.objects.current()),
        positions=tuple(map(Position.of, Role.objects.live().with_parts(outcomes=Outcome.part()))),
        principles=tuple(Principle.objects.live()),
        tools=tuple(Tool.objects.all()),
    )


# JSON Resume.


def resume_json(profile):
    """The CV that `gather` finds, as the text of a JSON Resume."""
    return json.dumps(resume(gather(profile)), ensure_ascii=False, indent=2)


def resume(cv):
    """The CV as a JSON Resume: a dictionary in the order of its schema, without empty values."""
    profile = cv.profile
    return _filled(
        {
            "$schema": SCHEMA,
            "basics": {
                "name": profile.name,
                "label": profile.headline,
                "image": _picture(profile.portrait),
                "email": _valid(EmailValidator(), profile.email),
                "url": cv.site,
                "summary": cv.about,
                "location": {"address": profile.location},
                "profiles": [
                    {"network": link.label, "url": address}
                    for link in cv.links
                    if (address := _address(link.url))
                ],
            },
            "work": [_work(position) for position in cv.positions],
            "skills": [{"name": tool.name} for tool in cv.tools],
            "meta": {
                "canonical": absolute(reverse("resume")),
                "version": VERSION,
                "lastModified": _last_modified(cv),
            },
        }
    )


def _work(position):
    role = position.role
    return {
        "name": role.organisation,
        "position": role.title,
        "url": absolute(role.get_absolute_url()),
        "startDate": role.started and role.started.isoformat(),
        "endDate": role.ended and role.ended.isoformat(),
        "summary": " ".join(text for _, text in position.story),
        "highlights": [*map(str, position.claims), *(text for _, text in position.lessons)],
    }


def _last_modified(cv):
    """Of the roles, which alone are dated; in UTC, as the schema has no room for a time zone."""
    changes = [position.role.changed_at for position in cv.positions]
    return changes and max(changes).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _picture(image):
    if image and image.file.name.endswith(PICTURES):
        return urljoin(settings.SITE_URL, image.file.url)
    return None


def _address(url):
    """An address as a URI, which is ASCII; None for what a fixture may have brought and is none."""
    if not _valid(URLValidator(), url):
        return None
    parts = urlsplit(url)
    try:
        host = parts.netloc.encode("idna").decode()
    except UnicodeError:
        return None
    rest = (_quoted(part) for part in parts[2:])
    return urlunsplit((parts.scheme, host, *rest))


def _quoted(text):
    return re.sub("%(?![0-9A-Fa-f]{2})", "%25", quote(text, safe="/%:;=&()+,!?*@'~$"))


def _valid(validate, value):
    try:
        validate(value)
    except ValidationError:
        return None
    return value


def _filled(value):
    """The same without what is empty, however deep."""
    if isinstance(value, dict):
        values = ((key, _filled(item)) for key, item in value.items())
        return {key: item for key, item in values if item}
    if isinstance(value, list):
        return [item for item in map(_filled, value) if item]
    return value
