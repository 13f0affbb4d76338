"""The pages that bring the whole site together, and those of the shared models."""

from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.generic import DetailView, ListView

from journal.models import Entry
from roles.models import Role

from . import cv, images
from .archive import older_entries, part
from .compiled import ASKED_AT, ASKED_IN, Compiled
from .detail import PublishableDetail
from .models import Focus, Principle, Profile, ProfileLink, Tool
from .page import Page
from .parts import Part
from .search.query import closest
from .sheet import lay_out

NEWEST = 7
LINKS = Part(ProfileLink.objects.filter(profile=OuterRef("pk")), ("label", "url", "rel_me"))
FIRST_ROLE = Role.objects.live(ASKED_AT).values("title")[:1]
PROFILES = Compiled(
    Profile.objects.select_related("portrait")
    .with_parts(links=LINKS)
    .annotate(first_role=Subquery(FIRST_ROLE))
    .order_by("pk")[:1]
)
STATEMENTS = Compiled(Focus.objects.current(ASKED_IN))
ROLES = Compiled(Role.objects.live(ASKED_AT))
PRINCIPLES = Compiled(Principle.objects.live(ASKED_AT))
ENTRIES = Compiled(Entry.objects.live(ASKED_AT).newest(NEWEST))
TOOLS = Compiled(Tool.objects.all())


def load_profile():
    profile = next(iter(PROFILES()), None)
    if profile is None:
        profile = Profile()
        profile._prefetched_objects_cache = {"links": []}
    # The content may give no name; then the site is called after the work, or else its host.
    host = urlsplit(settings.SITE_URL).hostname
    names = (profile.name, profile.headline, getattr(profile, "first_role", None), host)
    profile.brand = next(filter(None, names))
    return profile


def site(request):
    """Context processor: `profile`, whose site this is, read only where a template asks."""
    return {"profile": SimpleLazyObject(load_profile)}


@require_safe
def home(request):
    roles, principles = ROLES(), PRINCIPLES()
    images.look_up(text for item in (*roles, *principles) for text in item.texts)
    return TemplateResponse(
        request,
        "home.html",
        {
            "page": Page(),
            "statements": STATEMENTS(),
            "roles": roles,
            "principles": principles,
            "entries": ENTRIES(),
            "tools": TOOLS(),
        },
    )


@require_safe
def now(request):
    context = {
        "page": Page("now"),
        "statements": STATEMENTS(),
        "earlier": Focus.objects.earlier(),
    }
    return TemplateResponse(request, "now.html", context)


class Principles(ListView):
    template_name = "thinking/index.html"
    context_object_name = "principles"
    extra_context = {"page": Page("thinking")}

    def get_queryset(self):
        principles = PRINCIPLES()
        images.look_up(text for item in principles for text in item.texts)
        return principles


class PrinciplePage(PublishableDetail):
    template_name = "thinking/principle.html"
    model = Principle

    def trail(self):
        return (("thinking", reverse("thinking")),)

    def get_context_data(self, **kwargs):
        evidence = self.object.evidence.live().select_related("role", "entry")
        return super().get_context_data(evidence=evidence, **kwargs)


class Tools(ListView):
    template_name = "tools/index.html"
    context_object_name = "tools"
    extra_context = {"page": Page("tools")}

    def get_queryset(self):
        return TOOLS()


class ToolPage(DetailView):
    template_name = "tools/tool.html"
    model = Tool

    def get_context_data(self, **kwargs):
        tool = self.object
        return super().get_context_data(
            page=Page(tool.name, tool.description, (("tools", reverse("tools")),), tool),
            roles=tool.roles.live(),
            part=part(self.request, Entry.objects.live().naming(tool), "tool"),
            **kwargs,
        )


@require_safe
def tool_entries(request, slug, before):
    """The entries that do not fit on the tool's own page."""
    tool = get_object_or_404(Tool, slug=slug)
    entries = Entry.objects.live().naming(tool)
    return older_entries(request, tool, entries, "tool", (("tools", reverse("tools")),))


@require_safe
def lessons(request):
    """What was learned and what broke, across all roles, each with the role where it was."""
    told = [*Role.objects.live().exclude(learned="", broke="")]
    images.look_up(text for role in told for text in (role.learned, role.broke))
    context = {
        "page": Page("what broke, and what i learned"),
        "broke": [(role.broke, role) for role in told if role.broke],
        "learned": [(role.learned, role) for role in told if role.learned],
    }
    return TemplateResponse(request, "lessons.html", context)


@require_safe
def cv_page(request):
    profile = load_profile()
    context = {"page": Page("cv"), "profile": profile, "sheet": lay_out(cv.gather(profile))}
    return TemplateResponse(request, "cv/cv.html", context)


@require_safe
def resume(request):
    """The CV as a JSON Resume."""
    return HttpResponse(cv.resume_json(load_profile()), content_type="application/json")


# Pages that change with a query, that only editors see, and what is no page.
NO_PAGES = ("/*\\?(.+)", "/search/*", "/admin/*", "/media/*", "/static/*", "/*.*")


@require_safe
@cache_control(max_age=24 * 3600, public=True)
def speculation_rules(request):
    """For the header of that name: any page of ours, once the reader rests on a link to it."""
    no_pages = [{"not": {"href_matches": path}} for path in NO_PAGES]
    where = {"and": [{"href_matches": "/*"}, *no_pages]}
    return JsonResponse(
        {"prefetch": [{"where": where, "eagerness": "moderate"}]},
        content_type="application/speculationrules+json",
    )


def not_found(request, exception):
    """What is at no address, with the titles that are closest to the last part of this one."""
    asked = request.path.rstrip("/").rpartition("/")[2]
    context = {
        "page": Page("not found", indexed=False),
        "closest": closest(asked),
        "entries": Entry.objects.live().newest(3),
    }
    return render(request, "404.html", context, status=404)
