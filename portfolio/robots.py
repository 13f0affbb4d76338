"""What search engines may read: the site at its own address, and at no other host's."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import conditional_page, require_safe

from .page import absolute


def is_open(request):
    """Whether the site is asked for by its own name, and not by that of a copy or a proxy."""
    try:
        host = request.get_host()
    except DisallowedHost:
        return False
    return host.lower() == urlsplit(settings.SITE_URL).netloc.lower()


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
        lines += ["Disallow: /admin/", ""]
        lines += [f"Sitemap: {absolute(reverse('sitemap'))}"]
    else:
        lines += ["Disallow: /"]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")
