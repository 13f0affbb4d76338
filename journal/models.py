from django.db import models
from django.urls import reverse

from portfolio.models import MarkdownField, Publishable
from portfolio.months import MonthField


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

    class Meta(Publishable.Meta):
        verbose_name_plural = "entries"
        ordering = ["-month", "-publish_at", "-slug"]
        indexes = [models.Index(fields=["month", "publish_at", "slug"], name="entry_order")]
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
