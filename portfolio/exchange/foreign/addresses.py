"""Addresses as other systems write them, of which any may be broken."""

import re
from urllib.parse import unquote, urljoin, urlsplit

from django.core.exceptions import ValidationError

from portfolio.models import FormerAddress
from portfolio.redirects import canonical


def path_of(address):
    """The canonical path of an address; empty for what is none."""
    try:
        return canonical("/" + unquote(urlsplit(address).path))
    except ValueError:
        return ""


def former_path(address):
    """The path of an address as a `FormerAddress` has it; None if it cannot have that."""
    try:
        parts = urlsplit(address)
        path = path_of(address)
        FormerAddress._meta.get_field("path").clean(path, None)
    except (ValueError, ValidationError):
        return None
    return None if parts.query else path


def unkept(address, one_of_many):
    which = f"Its former address {address!r}"
    if one_of_many:
        which = "The address that its own system gives it"
    return f"{which} does not lead here: only paths of letters a to z, digits and hyphens can."


def joined(base, address):
    """An address as it is meant on the page of another; empty for what is none."""
    try:
        return urljoin(base, address)
    except ValueError:
        return ""


def host_of(address):
    """The host that a URL names, or what it begins with if it names none."""
    try:
        return urlsplit(address).hostname or address[:100]
    except ValueError:
        return address[:100]


def is_url(address):
    return re.match("(?:https?:)?//[^/]", address, re.IGNORECASE) is not None
