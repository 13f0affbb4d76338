from django.db import connections, models
from django.db.models.expressions import RawSQL
from django.urls import reverse

from portfolio.models import MarkdownField, NaturalKeyManager, Publishable, PublishableQuerySet
from portfolio.months import Month, MonthField


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

    def months(self):
        """The months in which one of these is live, newest first, as (month, how many).

        A loose index scan: the database goes from a month to the one before it, and counts a
        month's entries in the index alone. Grouping all entries takes up to twice the time.
        """
        this = RawSQL("months.month", ())
        newest = self.order_by("-month").values("month")
        (first, first_params), (next_, next_params), (live, live_params) = (
            queryset.query.sql_with_params()
            for queryset in (
                newest[:1],
                newest.filter(month__lt=this)[:1],
                self.live().filter(month=this).order_by().values("pk"),
            )
        )
        sql = f"""
            WITH RECURSIVE months (month) AS (
                SELECT * FROM ({first}) AS newest
                UNION ALL
                SELECT ({next_}) FROM months WHERE months.month IS NOT NULL
            )
            SELECT month, (SELECT count(*) FROM ({live}) AS live)
            FROM months WHERE month IS NOT NULL
        """  # noqa: S608  (made of querysets, whose values are parameters)
        with connections[self.db].cursor() as cursor:
            cursor.execute(sql, [*first_params, *next_params, *live_params])
            return [(Month.parse(str(day)[:7]), count) for day, count in cursor if count]


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
                condition=models.Q(role__isnull=False),
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
        return reverse("journal:entry", args=[self.month, self.slug])

    @property
    def text(self):
        return self.body
