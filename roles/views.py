from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_safe
from django.views.generic import ListView

from portfolio import images
from portfolio.archive import older_entries, part
from portfolio.detail import PublishableDetail
from portfolio.models import Evidence, tools_of
from portfolio.page import Page

from .models import Outcome, Role


class Roles(ListView):
    template_name = "roles/index.html"
    context_object_name = "roles"
    extra_context = {"page": Page("roles")}

    def get_queryset(self):
        roles = [*Role.objects.live()]
        images.look_up(text for role in roles for text in role.texts)
        return roles


class RolePage(PublishableDetail):
    template_name = "roles/role.html"

    def get_queryset(self):
        parts = {"outcomes": Outcome.part(), "tools": tools_of("roles")}
        return Role.objects.with_parts(**parts, evidence=Evidence.objects.of("role"))

    def trail(self):
        return (("roles", reverse("roles:index")),)

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            part=part(self.request, self.object.entries.live(), "roles:role"),
            evidence=self.object.evidence.all(),
            **kwargs,
        )


@require_safe
def entries(request, slug, before):
    """The entries that do not fit on the role's own page."""
    role = get_object_or_404(Role.objects.live(), slug=slug)
    trail = (("roles", reverse("roles:index")),)
    return older_entries(request, role, role.entries.live(), "roles:role", trail)
