from django.db import models, transaction
from django.db.models import Count, F, Max, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from portfolio.models import (
    CHANGED_AT,
    MarkdownField,
    NaturalKeyManager,
    Publishable,
    PublishableQuerySet,
    is_live,
)
from portfolio.months import Month, MonthField
from portfolio.page import address
from portfolio.search.index import take_turns


class EntryQuerySet(PublishableQuerySet):
    # Entries of a tool that are sorted in less time than it takes to find the newest among others.
    FEW = 1_000

    def newest(self, count):
        """The first so many of all, in the order of the journal."""
        # No month is later. Without this SQLite takes the index of `publish_at` for the first few,
        # and sorts every entry.
        return self.filter(month__lte=Month(9999, 12))[:count]

    def naming(self, tool):
        """Those that name the tool, so that the newest of few and of many are found at once.

        SQLite does not know how many a tool has: of many it would sort all, and for few walk
        through every entry there is.
        """
        links = self.model.tools.through.objects.filter(tool=tool)
        few = links.values_list("entry", flat=True)[: self.FEW + 1]
        if len(few) <= self.FEW:
            return self.filter(pk__in=[*few])
        return self.filter(models.Exists(links.filter(entry=models.OuterRef("pk"))))

    def update(self, **values):
        """Counts the months that entries are taken out of, of which nothing else knows."""
        if "month" not in values:
            return super().update(**values)
        with transaction.atomic(using=self.db, savepoint=False):
            months = {*self.order_by().values_list("month", flat=True)}
            number = super().update(**values)
            CountedMonth.objects.recount(months)
        return number

    update.alters_data = True


class Entry(Publishable):
    """A reflection on one month."""

    natural_key_fields = ("month", "slug")

    month = MonthField()
    body = MarkdownField(blank=True)
    tools = models.ManyToManyField("portfolio.Tool", blank=True, related_name="entries")
    role = models.ForeignKey(
        "roles.Role",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="entries",
        help_text="Where it happened.",
    )

    objects = NaturalKeyManager.from_queryset(EntryQuerySet)()

    class Meta(Publishable.Meta):
        verbose_name_plural = "entries"
        ordering = ["-month", "-publish_at", "-slug"]
        indexes = [
            models.Index(fields=["month", "publish_at", "slug"], name="entry_order"),
            # With a condition, so that PostgreSQL takes it for the lists of roles alone.
            models.Index(
                fields=["role", "month", "publish_at", "slug"],
                name="entry_order_of_role",
                condition=Q(role__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["month", "slug"],
                name="entry_slug_once_a_month",
                violation_error_message="Another entry of this month has this slug: "
                "choose a different one.",
            )
        ]

    def get_absolute_url(self):
        return address("journal:entry", self.month, self.slug)

    @property
    def text(self):
        return self.body


class CountedMonthQuerySet(models.QuerySet):
    def live(self):
        """The months in which entries are live now, newest first, with the `count` of these.

        What went live by itself since a month was counted is found in the index of the journal's
        order, of which nothing else is read.
        """
        since = Entry.objects.live().filter(
            month=OuterRef("month"), publish_at__gt=OuterRef("counted_at")
        )
        since = since.order_by().values("month")
        number = Subquery(since.annotate(number=Count("pk")).values("number"))
        latest = Subquery(since.annotate(latest=Max(CHANGED_AT)).values("latest"))
        months = self.annotate(count=F("live") + Coalesce(number, 0))
        return months.annotate(since=latest).filter(count__gt=0).order_by("-month")

    def recount(self, months):
        """Count these months of the journal as it is now."""
        if not months:
            return
        with transaction.atomic():
            # Two that count at once would not see what the other wrote. The lock is the search's
            # own: of two, each of them could hold one and wait for the other.
            take_turns()
            now = timezone.now()
            rows = Entry.objects.filter(month__in=months).order_by().values("month")
            rows = rows.annotate(
                entries=Count("pk"),
                live=Count("pk", filter=is_live(at=now)),
                changed_at=Max(CHANGED_AT, filter=is_live(at=now)),
            )
            counted = [CountedMonth(**row, counted_at=now) for row in rows]
            self.filter(month__in=months - {each.month for each in counted}).delete()
            self.bulk_create(
                counted,
                update_conflicts=True,
                unique_fields=["month"],
                update_fields=["entries", "live", "changed_at", "counted_at"],
            )


class CountedMonth(models.Model):
    """A month of the journal and how many entries it has, kept so that no page has to count them.

    Of its `entries` some were `live` at `counted_at`, and `changed_at` was the newest change of
    these. It is counted anew with each change, so what it lacks is what went live by itself since.
    """

    month = MonthField(primary_key=True)
    entries = models.PositiveIntegerField()
    live = models.PositiveIntegerField()
    changed_at = models.DateTimeField(null=True)
    counted_at = models.DateTimeField()

    objects = CountedMonthQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["-month"]

    def __str__(self):
        return str(self.month)

    @property
    def latest(self):
        """The newest `changed_at` of the entries of one of the months that are `live()`."""
        return max(filter(None, [self.changed_at, self.since]))
