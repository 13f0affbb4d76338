"""Where someone is sent who asks for an address that is nearly right, or was right once."""

import re

from django.http import HttpResponsePermanentRedirect
from django.urls import is_valid_path

from .models import FormerAddress

HOUR = 3600
# Below these nothing is a page.
ELSEWHERE = ("/admin/", "/media/")


def canonical(path):
    """The one spelling of an address: lower case, single slashes, one at the end of a page's."""
    path = re.sub("/+", "/", path.lower()).removesuffix("index.html")
    page, _, last = path.rstrip("/").rpartition("/")
    return f"{page}/{last}" if "." in last else f"{page}/{last}/".replace("//", "/")


def current_address(path):
    """Where that which was public at a canonical address is now; None if it is nowhere.

    What lies below an address, such as a feed, moves along with it.
    """
    page, _, below = path.rpartition("/")
    # What no page was ever called is not worth a query; PostgreSQL would not take a NUL.
    if not re.fullmatch("(?:/[a-z0-9-]+)+", page):
        return None
    kinds = FormerAddress.objects.live().select_related(*FormerAddress.KINDS)
    former = kinds.filter(path=f"{page}/").first()
    return former and former.target.get_absolute_url() + below


def redirect_to_canonical(get_response):
    """Middleware: a page that is not there is looked for under its canonical and later address.

    Always in one hop. Whether something is at the end of it is not looked at before, so that a
    draft and nothing cannot be told apart.
    """

    def middleware(request):
        response = get_response(request)
        asked = request.path_info
        if response.status_code != 404 or request.method not in ("GET", "HEAD"):
            return response
        path = canonical(asked)
        if "%" in path:
            # Bytes that are no text come escaped, and would be escaped again at each hop.
            return response
        address = current_address(path) or path
        if address == asked or path.startswith(ELSEWHERE) or not is_valid_path(address):
            return response
        if query := request.META["QUERY_STRING"]:
            address += f"?{query}"
        redirect = HttpResponsePermanentRedirect(address)
        # For ever is too long: the address may be given to something new.
        redirect["Cache-Control"] = f"max-age={HOUR}"
        return redirect

    return middleware
