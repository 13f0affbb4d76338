"""The author's clock: the desk shows and reads times in the zone that the browser says it is in."""

import zoneinfo
from urllib.parse import unquote

from django.urls import reverse
from django.utils import timezone

COOKIE = "time_zone"


def author_time(get_response):
    """Use the time zone of the cookie that `clock.js` sets, on the desk alone."""

    def middleware(request):
        zone = request.COOKIES.get(COOKIE)
        zone = zone and named(zone)
        if not zone or not request.path.startswith(reverse("admin:index")):
            return get_response(request)
        with timezone.override(zone):
            return get_response(request)

    return middleware


def zone_name():
    """What the current time zone is called, such as `Europe/Berlin`.

    Django's own function has for some zones an abbreviation that names none.
    """
    return str(timezone.get_current_timezone())


def named(name):
    """The time zone of a name that anyone may have written; None if there is none."""
    try:
        return zoneinfo.ZoneInfo(unquote(name))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None
