"""The content of ours, in Wagtail's terms: pages in a tree, and snippets for what is no page."""

from django.conf import settings
from django.db import models
from wagtail.admin.panels import FieldPanel
from wagtail.blocks import RichTextBlock, TextBlock
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Page, Site
from wagtail.snippets.models import register_snippet

NEWEST = 7

if "wagtailcache" in settings.INSTALLED_APPS:
    from wagtailcache.cache import WagtailCacheMixin
else:
    # It asks the database once more for each page, which a site without the cache does not.
    class WagtailCacheMixin:
        pass


class SitePage(WagtailCacheMixin, Page):
    """A page that shows the site's menu."""

    class Meta:
        abstract = True

    def get_context(self, request, *args, **kwargs):
        sections = Site.find_for_request(request).root_page.get_children().live().in_menu()
        menu = {section.slug: section for section in sections}
        return super().get_context(request, *args, **kwargs) | {"menu": menu}


class HomePage(SitePage):
    def get_context(self, request, *args, **kwargs):
        return super().get_context(request, *args, **kwargs) | {
            "statements": Statement.objects.all(),
            "roles": RolePage.objects.live(),
            "principles": PrinciplePage.objects.live(),
            "entries": EntryPage.objects.live().order_by("-month")[:NEWEST],
            "tools": Tool.objects.all(),
        }


class SectionPage(SitePage):
    """Lists the pages below it, such as the roles."""


class RolePage(SitePage):
    problem = RichTextField()
    approach = RichTextField()
    impact = RichTextField()
    learned = RichTextField(blank=True)
    broke = RichTextField(blank=True)

    content_panels = [
        *Page.content_panels,
        *map(FieldPanel, ("problem", "approach", "impact", "learned", "broke")),
    ]


class PrinciplePage(SitePage):
    body = StreamField([("text", RichTextBlock()), ("code", TextBlock())])

    content_panels = [*Page.content_panels, FieldPanel("body")]


class EntryPage(SitePage):
    month = models.DateField()
    intro = models.CharField(max_length=250)
    body = RichTextField()

    content_panels = [*Page.content_panels, *map(FieldPanel, ("month", "intro", "body"))]


@register_snippet
class Statement(models.Model):
    text = models.CharField(max_length=200)
    detail = models.CharField(max_length=200, blank=True)
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["position"]

    def __str__(self):
        return self.text


@register_snippet
class Tool(models.Model):
    name = models.CharField(max_length=100)
    slug = models.SlugField(unique=True)
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["position"]

    def __str__(self):
        return self.name
