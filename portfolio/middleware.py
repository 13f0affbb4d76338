from django.core.exceptions import BadRequest

from .page import address


def refuse_nul(get_response):
    """Answer 400 to a query string with a NUL, which PostgreSQL takes in no text.

    Forms refuse it by themselves; what views and the admin read from an address does not.
    """

    def middleware(request):
        if "%00" in request.META["QUERY_STRING"]:
            raise BadRequest("The address has a NUL character in it.")
        return get_response(request)

    return middleware


def speculate(get_response):
    """Tell the browser, on public pages, which links it may follow before they are clicked."""

    def middleware(request):
        response = get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if is_page and not request.path.startswith(address("admin:index")):
            response.headers["Speculation-Rules"] = f'"{address("speculation_rules")}"'
        return response

    return middleware
