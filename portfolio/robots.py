"""What search engines may read: the public site at its own address, and no other host."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import conditional_page, require_safe

from .page import absolute


def is_open(request):
    """Whether this is the site in production, asked for by its own name."""
    try:
        host = request.get_host()
    except DisallowedHost:
        return False
    return settings.PRODUCTION and host.lower() == urlsplit(settings.SITE_URL).netloc.lower()


def close_other_hosts(get_response):
    """Middleware: search engines keep no answer of a host that is not `is_open`."""

    def middleware(request):
        response = get_response(request)
        if not is_open(request):
            response["X-Robots-Tag"] = "noindex"
        return response

    return middleware


@require_safe
@conditional_page
def robots(request):
    """`robots.txt`, https://www.rfc-editor.org/rfc/rfc9309"""
    lines = ["User-agent: *"]
    if is_open(request):
        # Results of a search are without end, and the editor's desk is nobody else's.
        lines += ["Disallow: /admin/", "Disallow: /search/", ""]
        lines += [f"Sitemap: {absolute(reverse('sitemap'))}"]
    else:
        lines += ["Disallow: /"]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")
