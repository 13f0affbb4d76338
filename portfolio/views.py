"""The pages that bring the whole site together, and those of the shared models."""

from django.db.models import Subquery
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe
from django.views.generic import DetailView, ListView

from journal.models import Entry
from roles.models import Role

from .detail import PublishableDetail
from .models import Focus, Principle, Profile, Tool

NEWEST = 7


def load_profile():
    first_role = Role.objects.live().values("title")[:1]
    profiles = Profile.objects.annotate(first_role=Subquery(first_role)).prefetch_related("links")
    profile = profiles.first() or Profile()
    # The content may give no name; then the site is called after the work.
    names = (profile.name, profile.headline, getattr(profile, "first_role", None), "portfolio")
    profile.brand = next(filter(None, names))
    return profile


def site(request):
    """Context processor: `profile`, whose site this is, read only where a template asks."""
    return {"profile": SimpleLazyObject(load_profile)}


@require_safe
def home(request):
    return render(
        request,
        "home.html",
        {
            "statements": Focus.objects.current(),
            "roles": Role.objects.live(),
            "principles": Principle.objects.live(),
            "entries": Entry.objects.live()[:NEWEST],
            "tools": Tool.objects.all(),
        },
    )


@require_safe
def now(request):
    context = {"statements": Focus.objects.current(), "earlier": Focus.objects.earlier()}
    return render(request, "now.html", context)


class Principles(ListView):
    template_name = "thinking/index.html"
    context_object_name = "principles"

    def get_queryset(self):
        return Principle.objects.live()


class PrinciplePage(PublishableDetail):
    template_name = "thinking/principle.html"
    model = Principle

    def get_context_data(self, **kwargs):
        evidence = self.object.evidence.live().select_related("role", "entry")
        return super().get_context_data(evidence=evidence, **kwargs)


class Tools(ListView):
    template_name = "tools/index.html"
    model = Tool
    context_object_name = "tools"


class ToolPage(DetailView):
    template_name = "tools/tool.html"
    model = Tool

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            roles=self.object.roles.live(), entries=self.object.entries.live(), **kwargs
        )


@require_safe
def lessons(request):
    """What was learned and what broke, across all roles."""
    told = Role.objects.live().exclude(learned="", broke="")
    return render(request, "lessons.html", {"roles": told})


def not_found(request, exception):
    return render(request, "404.html", {"entries": Entry.objects.live()[:3]}, status=404)
