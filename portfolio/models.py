"""What roles and journal share: the abstract `Publishable`, and the kinds that are neither's."""

import os.path
import re
import unicodedata
import uuid

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import F, Max, OuterRef, Q, Value
from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan
from django.db.models.functions import Greatest
from django.db.models.lookups import GreaterThan, LessThan
from django.utils import timezone

from . import markdown, rights
from .changes import ContentQuerySet
from .months import Month, MonthField
from .page import address
from .parts import Part


class SlugFormField(forms.CharField):
    """Takes capitals, as a phone writes them by itself, for small letters."""

    def to_python(self, value):
        return super().to_python(value).lower()


class SlugField(models.CharField):
    """A lower-case slug: one spelling, so that an address in another case has one answer."""

    default_validators = [
        RegexValidator(
            r"\A[a-z0-9]+(?:-[a-z0-9]+)*\Z",
            "Use lower-case letters a to z, digits and single hyphens, such as what-broke.",
        )
    ]

    def formfield(self, **kwargs):
        return super().formfield(**{"form_class": SlugFormField} | kwargs)


class MarkdownField(models.TextField):
    """Markdown text, no longer than a page can show at once."""

    default_validators = [markdown.validate_markdown]


class FileNameField(models.CharField):
    """What a file is called, as `clean_file_name` leaves it."""

    def to_python(self, value):
        value = super().to_python(value)
        return value and clean_file_name(value, self.max_length)


def clean_file_name(name, length=255):
    """The name of a file as it can be shown: NFC, without folders and what disturbs a line.

    Gone are control characters, half characters and marks that turn the direction of a text.
    """
    name = "".join(filter(_belongs_in_a_name, re.split(r"[\\/]", name)[-1]))
    name = unicodedata.normalize("NFC", " ".join(name.split()))
    stem, extension = os.path.splitext(name)
    if len(name) <= length or len(extension) > 20:
        return name[:length].rstrip()
    return stem[: length - len(extension)].rstrip() + extension


def _belongs_in_a_name(character):
    # Some scripts and emoji are written with joiners.
    joins = character in "\u200c\u200d"
    disturbs = unicodedata.category(character) in ("Cc", "Cf", "Cs")
    return character.isspace() or joins or not disturbs


class NaturalKeyManager(models.Manager.from_queryset(ContentQuerySet)):
    def get_by_natural_key(self, *key):
        return self.get(**dict(zip(self.model.natural_key_fields, key, strict=True)))


class NaturalKeyModel(models.Model):
    """Found by what it is called rather than by a number, so that it can move between databases.

    `natural_key_fields` are the look-ups that make the key, such as `role__slug`.
    """

    natural_key_fields = ("slug",)
    # The relation to what this is told as a part of, such as an outcome's role.
    part_of = None
    # Changing these does not make it another text.
    not_content = ("position", "publish_at", "updated_at", "author_id")

    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = NaturalKeyManager()

    class Meta:
        abstract = True
        # Related managers write through this one, and `ContentQuerySet` has to see it.
        base_manager_name = "objects"

    def save(self, **kwargs):
        """Dates the change if there is one, and keeps the address that it was public at."""
        stored = self.stored()
        if stored and stored.updated_at == self.updated_at and self.differs_from(stored):
            self.updated_at = timezone.now()
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "updated_at"}
        # What follows from a change, such as the search index, is written with it or not at all.
        with transaction.atomic(using=kwargs.get("using"), savepoint=False):
            super().save(**kwargs)
            if stored and self._meta.model_name in FormerAddress.KINDS:
                FormerAddress.objects.remember(stored, self)

    def differs_from(self, other):
        return self._content() != other._content()

    def _content(self):
        """Its fields without the space around a text, which a form takes away."""
        names = {field.attname for field in self._meta.concrete_fields} - {*self.not_content}
        values = {name: getattr(self, name) for name in names}
        return {k: v.strip() if isinstance(v, str) else v for k, v in values.items()}

    def natural_key(self):
        return tuple(self._key_part(path) for path in self.natural_key_fields)

    def _key_part(self, path):
        value = self
        for name in path.split("__"):
            value = getattr(value, name, None)
        if value is None or isinstance(value, str):
            return value
        return value.isoformat() if isinstance(value, Month) else str(value)

    def stored(self):
        """The same row as the database has it now; None when it has none."""
        return type(self)._base_manager.filter(pk=self.pk).first() if self.pk else None

    def locked(self):
        """The same as `stored`, which nobody else writes until this transaction ends."""
        return type(self)._base_manager.select_for_update().filter(pk=self.pk).first()


def is_live(path="", at=None):
    """The one rule of visibility, for a publishable at the end of `path`, such as `role__`.

    `at` is the time of asking; now if it is not given.
    """
    return Q(**{f"{path}publish_at__lte": at or timezone.now()})


def author_field():
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        serialize=False,
        related_name="+",
    )


# `Publishable.changed_at` of one that is live, for the database.
CHANGED_AT = Greatest("updated_at", "publish_at")


class RowLessThan(TupleLessThan):
    """Row values compared as such on SQLite too, where Django writes an OR that finds no index."""

    as_sqlite = LessThan.as_sql


class RowGreaterThan(TupleGreaterThan):
    as_sqlite = GreaterThan.as_sql


class PublishableQuerySet(ContentQuerySet):
    def live(self, at=None):
        """What the public may see now, or `at` a time. Every list, count and feed starts here."""
        return self.filter(is_live(at=at))

    def update(self, **values):
        """Keeps the addresses that were public and then are not, as saving one by one does."""
        if not {"slug", "month", "publish_at"}.intersection(values):
            return super().update(**values)
        with transaction.atomic(using=self.db):
            were_live = list(self.live())
            number = super().update(**values)
            now = self.model._base_manager.in_bulk([item.pk for item in were_live])
            for item in were_live:
                FormerAddress.objects.remember(item, now[item.pk])
        return number

    update.alters_data = True

    def last_changed_at(self):
        """The latest `changed_at` of those that are live; None if none is."""
        return self.live().aggregate(latest=Max(CHANGED_AT))["latest"]

    def in_state(self, state):
        """Those in the `Publishable.state` of that name; none for any other word."""
        states = {
            "draft": Q(publish_at__isnull=True),
            "scheduled": Q(publish_at__gt=timezone.now()),
            "live": is_live(),
        }
        return self.filter(states[state]) if state in states else self.none()

    def before(self, item):
        """Those of smaller key than the item in the kind's order, nearest first.

        Compared as a row value, which an index answers at any depth.
        """
        names, place = item.place()
        return self.filter(RowLessThan(names, place)).order_by(*(f"-{name}" for name in names))

    def after(self, item):
        """Those of greater key, nearest first."""
        names, place = item.place()
        return self.filter(RowGreaterThan(names, place)).order_by(*names)

    def visible_to(self, user):
        """What this person may see on a page of its own: an editor sees drafts, a writer theirs."""
        if rights.may(user, "view", self.model):
            return self.all()
        if rights.may(user, "change", self.model):
            return self.filter(is_live() | Q(author=user))
        return self.live()


class Publishable(NaturalKeyModel):
    """Something with a page of its own, written as a draft and published once it is ready.

    Its state is `publish_at` and nothing else. Not for what is always public, such as a tool.
    """

    title = models.CharField(max_length=300)
    slug = SlugField(max_length=100, help_text="The last part of its address.")
    summary = models.TextField(
        blank=True,
        max_length=300,
        help_text="A sentence or two for search results and feeds; empty: the text's beginning.",
    )
    publish_at = models.DateTimeField(
        null=True,
        blank=True,
        db_index=True,
        help_text="Empty: a draft. In the future: scheduled. In the past: live.",
    )
    # Whose draft it is. No content: it stays here when the rest is exported.
    author = author_field()
    # What feeds know it by: stays when its address, its database or its site changes.
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = NaturalKeyManager.from_queryset(PublishableQuerySet)()

    class Meta:
        abstract = True
        default_permissions = ("add", "change", "delete", "view", "publish")

    def __str__(self):
        return self.title

    @property
    def changed_at(self):
        """When the public last saw it change: its last edit, or else its publication."""
        return max(self.updated_at, self.publish_at)

    @property
    def state(self):
        """`draft`, `scheduled` or `live`."""
        if self.publish_at is None:
            return "draft"
        return "live" if self.publish_at <= timezone.now() else "scheduled"

    @property
    def text(self):
        """The Markdown of the whole piece, which each kind puts together."""
        raise NotImplementedError

    @property
    def texts(self):
        """The Markdown that its page shows."""
        return [self.text]

    @property
    def searched(self):
        """The Markdown that search finds the piece by, beside its title."""
        return [self.summary, self.text]

    @property
    def description(self):
        """The summary, or else the text's beginning, without markup."""
        return self.summary or markdown.excerpt(self.text)

    def neighbours(self):
        """The live ones on either side in the kind's order, as (smaller key, greater key)."""
        return self.around()[0]

    def around(self, keys=()):
        """The `neighbours()`, and the live ones of these primary keys as {key: item}."""
        others = type(self)._default_manager.live()
        # In one query, whose parts SQLite lets have no limit of their own.
        before, after, named = (
            others.filter(pk__in=side).order_by().annotate(side=Value(name))
            for name, side in (
                ("before", others.before(self).values("pk")[:1]),
                ("after", others.after(self).values("pk")[:1]),
                ("", keys),
            )
        )
        found = [*before.union(after, named, all=True)]
        beside = {other.side: other for other in found}
        return (
            (beside.get("before"), beside.get("after")),
            {other.pk: other for other in found if not other.side},
        )

    def place(self):
        """Where it stands in the kind's order, as (names of the fields, their values)."""
        names = [name.lstrip("-") for name in self._meta.ordering]
        place = [getattr(self, name) for name in names]
        # A draft stands where it would if it were published now.
        return names, [timezone.now() if value is None else value for value in place]


class Tool(NaturalKeyModel):
    """A thing worked with. Its page shows every role and entry that used it."""

    name = models.CharField(max_length=100)
    slug = SlugField(max_length=100, unique=True)
    note = MarkdownField(blank=True)
    url = models.URLField("address", blank=True)
    position = models.PositiveIntegerField(default=0, help_text="Smaller comes first.")

    # A tool is always public.
    state = "live"

    class Meta:
        ordering = ["position", "slug"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return address("tool", self.slug)

    @property
    def description(self):
        """The note's beginning, without markup."""
        return markdown.excerpt(self.note)

    @property
    def searched(self):
        return [self.note]


def tools_of(relation):
    """The tools of an item as a part of it; `relation` leads from a tool to it."""
    return Part(Tool.objects.filter(**{relation: OuterRef("pk")}), ("name", "slug"))


class Image(NaturalKeyModel):
    """A picture that was uploaded; its file is named by its content."""

    natural_key_fields = ("file",)

    file = models.ImageField(
        unique=True, max_length=100, width_field="width", height_field="height"
    )
    name = FileNameField(
        max_length=255, blank=True, help_text="What its file was called; readers do not see it."
    )
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    transparent = models.BooleanField(default=False, editable=False)
    alt = models.TextField(
        "alternative text",
        blank=True,
        max_length=500,
        help_text="What the picture says to someone who cannot see it.",
    )
    decorative = models.BooleanField(
        default=False, help_text="It says nothing that the text does not; screen readers skip it."
    )
    caption = models.TextField(blank=True, max_length=500)
    author = author_field()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at", "file"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decorative=False) | Q(alt=""),
                name="image_decorative_has_no_alt",
                violation_error_message="A decorative picture has no alternative text: "
                "empty the text or untick decorative.",
            )
        ]

    def __str__(self):
        return self.alt or self.name or self.file.name


class Profile(NaturalKeyModel):
    """The person. One row: the database accepts no second."""

    natural_key_fields = ()

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(max_length=200, blank=True)
    headline = models.CharField(max_length=300, blank=True)
    about = MarkdownField(blank=True)
    email = models.EmailField(blank=True)
    location = models.CharField(max_length=200, blank=True)
    portrait = models.ForeignKey(
        Image, models.SET_NULL, null=True, blank=True, related_name="profiles"
    )

    class Meta:
        verbose_name_plural = "profile"
        permissions = [("export_content", "Can export all content")]
        constraints = [
            models.CheckConstraint(
                condition=Q(id=1),
                name="profile_is_one_row",
                violation_error_message="There is one profile already: change that one.",
            )
        ]

    def __str__(self):
        return self.name or "profile"

    def get_absolute_url(self):
        return address("home")


class ProfileLink(NaturalKeyModel):
    """An address where the same person is found."""

    natural_key_fields = ("url",)

    profile = models.ForeignKey(Profile, models.CASCADE, related_name="links")
    label = models.CharField(max_length=100)
    url = models.URLField("address", unique=True)
    rel_me = models.BooleanField(
        "is me", default=True, help_text="Marks it rel=me: the same person, which others can check."
    )
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "label", "url"]

    def __str__(self):
        return self.label


class FocusQuerySet(ContentQuerySet):
    def current(self, month=None):
        """What holds in a month, or this one: what has begun, and has not ended before it."""
        now = month or Month.now()
        return self.filter(
            Q(since__isnull=True) | Q(since__lte=now), Q(until__isnull=True) | Q(until__gte=now)
        )

    def earlier(self):
        """What held once, the latest first."""
        return self.filter(until__lt=Month.now()).order_by("-until", "position", "text")


class Focus(NaturalKeyModel):
    """A statement of *now*. Ended rather than overwritten, it stays among the earlier ones."""

    natural_key_fields = ("text", "since")

    text = models.CharField(max_length=300)
    detail = models.CharField(max_length=300, blank=True)
    since = MonthField(null=True, blank=True)
    until = MonthField(null=True, blank=True, help_text="The last month in which it held.")
    review_by = models.DateField(
        null=True, blank=True, help_text="After this day the page says that it may be out of date."
    )
    position = models.PositiveIntegerField(default=0, help_text="Smaller comes first.")

    objects = NaturalKeyManager.from_queryset(FocusQuerySet)()

    class Meta:
        verbose_name = "now statement"
        verbose_name_plural = "now"
        ordering = ["position", "text"]
        constraints = [
            models.CheckConstraint(
                condition=Q(since__isnull=True) | Q(until__isnull=True) | Q(until__gte=F("since")),
                name="focus_ends_after_it_starts",
                violation_error_message="It ends before it starts: check since and until.",
            ),
            models.UniqueConstraint(
                fields=["text", "since"],
                name="focus_text_and_since_once",
                violation_error_message="This statement is there already, since the same month.",
            ),
            # NULLs are distinct to a unique constraint, so the undated ones need their own.
            models.UniqueConstraint(
                fields=["text"],
                condition=Q(since__isnull=True),
                name="focus_undated_text_once",
                violation_error_message="This statement is there already.",
            ),
        ]

    def __str__(self):
        return self.text

    def get_absolute_url(self):
        return address("now")

    @property
    def searched(self):
        return [self.detail]

    @property
    def is_past_review(self):
        return self.review_by is not None and self.review_by < timezone.localdate()


class Principle(Publishable):
    """A sentence to work by, why, and the roles and entries that show it kept or broken."""

    body = MarkdownField(blank=True)
    position = models.PositiveIntegerField(default=0, help_text="Smaller comes first.")

    class Meta(Publishable.Meta):
        ordering = ["position", "slug"]
        constraints = [
            models.UniqueConstraint(
                fields=["slug"],
                name="principle_slug_once",
                violation_error_message="Another principle has this slug: choose a different one.",
            )
        ]

    def get_absolute_url(self):
        return address("principle", self.slug)

    @property
    def text(self):
        return self.body


class EvidenceQuerySet(ContentQuerySet):
    def live(self):
        """Evidence of which both ends are public."""
        return self.filter(is_live("principle__"), is_live("role__") | is_live("entry__"))

    def of(self, relation):
        """What is live of it as a part of a role or an entry, and the principles."""
        fields = "verdict", "principle__id", "principle__title", "principle__slug"
        return Part(self.live().filter(**{relation: OuterRef("pk")}), fields)


class Evidence(NaturalKeyModel):
    """A role or an entry in which a principle was kept, or broken."""

    natural_key_fields = ("principle__slug", "role__slug", "entry__month", "entry__slug")

    class Verdict(models.TextChoices):
        KEPT = "kept", "kept"
        BROKE = "broke", "broke"

    principle = models.ForeignKey(Principle, models.CASCADE, related_name="evidence")
    verdict = models.CharField(max_length=5, choices=Verdict, default=Verdict.KEPT)
    role = models.ForeignKey(
        "roles.Role", models.CASCADE, null=True, blank=True, related_name="evidence"
    )
    entry = models.ForeignKey(
        "journal.Entry", models.CASCADE, null=True, blank=True, related_name="evidence"
    )

    objects = NaturalKeyManager.from_queryset(EvidenceQuerySet)()

    class Meta:
        verbose_name_plural = "evidence"
        ordering = [
            "-verdict",
            F("role__position").asc(nulls_last=True),
            "role__slug",
            F("entry__month").desc(nulls_last=True),
            "entry__slug",
            "principle__position",
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(role__isnull=True, entry__isnull=False)
                | Q(role__isnull=False, entry__isnull=True),
                name="evidence_is_a_role_or_an_entry",
                violation_error_message="Choose a role or an entry: one of the two.",
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=["kept", "broke"]), name="evidence_is_kept_or_broke"
            ),
            models.UniqueConstraint(
                fields=["principle", "role"],
                name="evidence_role_once",
                violation_error_message="This role is evidence for the principle already.",
            ),
            models.UniqueConstraint(
                fields=["principle", "entry"],
                name="evidence_entry_once",
                violation_error_message="This entry is evidence for the principle already.",
            ),
        ]

    def __str__(self):
        return f"{self.verdict} in {self.role or self.entry}"


class FormerAddressQuerySet(ContentQuerySet):
    def live(self):
        """Those that lead to something public."""
        return self.filter(
            Q(tool__isnull=False) | is_live("role__") | is_live("entry__") | is_live("principle__")
        )


class FormerAddressManager(NaturalKeyManager.from_queryset(FormerAddressQuerySet)):
    def remember(self, before, now):
        """Keep the address of `before` if it was public there and `now`, the same thing, is not.

        An address leads to what was public there last.
        """
        path = before.get_absolute_url()
        if before.state == "live" and (now.state != "live" or path != now.get_absolute_url()):
            target = dict.fromkeys(FormerAddress.KINDS) | {now._meta.model_name: now}
            self.update_or_create(path=path, defaults=target)


class FormerAddress(NaturalKeyModel):
    """An address at which something was public. It leads to wherever that is now.

    What is public at the address comes first, so one that is in use again does no harm; and it
    leads to a thing, not to an address, so there are no chains and no loops.
    """

    KINDS = ("tool", "role", "entry", "principle")

    natural_key_fields = ("path",)

    path = models.CharField(
        max_length=300,
        unique=True,
        validators=[
            RegexValidator(
                r"\A(?:/[a-z0-9-]+)+/\Z",
                "Give the path of a page, such as /journal/2026/01/title/.",
            )
        ],
    )
    tool = models.ForeignKey(
        Tool, models.CASCADE, null=True, blank=True, related_name="former_addresses"
    )
    role = models.ForeignKey(
        "roles.Role", models.CASCADE, null=True, blank=True, related_name="former_addresses"
    )
    entry = models.ForeignKey(
        "journal.Entry", models.CASCADE, null=True, blank=True, related_name="former_addresses"
    )
    principle = models.ForeignKey(
        Principle, models.CASCADE, null=True, blank=True, related_name="former_addresses"
    )

    objects = FormerAddressManager()

    class Meta:
        verbose_name_plural = "former addresses"
        ordering = ["path"]
        constraints = [
            models.CheckConstraint(
                condition=Q(tool__isnull=False, role=None, entry=None, principle=None)
                | Q(tool=None, role__isnull=False, entry=None, principle=None)
                | Q(tool=None, role=None, entry__isnull=False, principle=None)
                | Q(tool=None, role=None, entry=None, principle__isnull=False),
                name="former_address_leads_to_one_thing",
                violation_error_message="Choose one thing that the address leads to.",
            )
        ]

    def __str__(self):
        return self.path

    @property
    def target(self):
        """What it leads to."""
        return next(filter(None, (getattr(self, kind) for kind in self.KINDS)))


class Edition(models.Model):
    """Which content this is: one row, whose number is another after each change. See `edition`."""

    number = models.BigIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self):
        return str(self.number)
