from django.core.exceptions import BadRequest


def refuse_nul(get_response):
    """Answer 400 to a query string with a NUL, which PostgreSQL takes in no text.

    Forms refuse it by themselves; what views and the admin read from an address does not.
    """

    def middleware(request):
        if "%00" in request.META["QUERY_STRING"]:
            raise BadRequest("The address has a NUL character in it.")
        return get_response(request)

    return middleware
