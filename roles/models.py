from django.db import models
from django.db.models import F, Q

from portfolio.models import MarkdownField, NaturalKeyModel, Publishable
from portfolio.months import MonthField
from portfolio.page import address
from portfolio.parts import Part


class Role(Publishable):
    """A role held, told as a case study: what was wrong, what was done, what came of it."""

    organisation = models.CharField(max_length=200, blank=True)
    started = MonthField(null=True, blank=True)
    ended = MonthField(null=True, blank=True, help_text="Empty while it goes on.")
    problem = MarkdownField(blank=True)
    approach = MarkdownField(blank=True)
    impact = MarkdownField(blank=True)
    learned = MarkdownField("what i learned", blank=True)
    broke = MarkdownField("what broke", blank=True)
    tools = models.ManyToManyField("portfolio.Tool", blank=True, related_name="roles")
    position = models.PositiveIntegerField(default=0, help_text="Smaller comes first.")

    class Meta(Publishable.Meta):
        ordering = ["position", "slug"]
        indexes = [models.Index(fields=["position", "slug"], name="role_order")]
        constraints = [
            models.UniqueConstraint(
                fields=["slug"],
                name="role_slug_once",
                violation_error_message="Another role has this slug: choose a different one.",
            ),
            models.CheckConstraint(
                condition=Q(started__isnull=True)
                | Q(ended__isnull=True)
                | Q(ended__gte=F("started")),
                name="role_ends_after_it_starts",
                violation_error_message="The role ends before it starts: check both months.",
            ),
        ]

    def get_absolute_url(self):
        return address("roles:role", self.slug)

    @property
    def text(self):
        return "\n\n".join(filter(None, [self.problem, self.approach, self.impact]))

    @property
    def texts(self):
        return [*super().texts, self.learned, self.broke]

    @property
    def searched(self):
        outcomes = [f"{outcome} {outcome.baseline}" for outcome in self.outcomes.all()]
        return [self.organisation, *super().searched, self.learned, self.broke, *outcomes]


class Outcome(NaturalKeyModel):
    """A claim of a role with its figure, and where one can check it."""

    natural_key_fields = ("role__slug", "figure", "what")
    part_of = "role"

    role = models.ForeignKey(Role, models.CASCADE, related_name="outcomes")
    figure = models.CharField(max_length=50, help_text="Such as 10x or 40%.")
    what = models.CharField(max_length=300, help_text="What the figure measures.")
    baseline = models.CharField(max_length=300, blank=True, help_text="Compared with what.")
    as_of = MonthField(null=True, blank=True, help_text="The month it was measured in.")
    source = models.URLField(blank=True, help_text="Where the figure can be checked.")
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "figure", "what"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(figure=""),
                name="outcome_has_a_figure",
                violation_error_message="An outcome needs its figure, such as 10x or 40%.",
            ),
            models.UniqueConstraint(
                fields=["role", "figure", "what"],
                name="outcome_once_a_role",
                violation_error_message="The role claims this already.",
            ),
        ]

    def __str__(self):
        return f"{self.figure} {self.what}"

    @classmethod
    def part(cls):
        """Those of a role as a part of it."""
        fields = "figure", "what", "baseline", "as_of", "source"
        return Part(cls.objects.filter(role=models.OuterRef("pk")), fields)
