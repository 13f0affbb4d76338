"""What the form asks for while one writes: keep this, show me the page, who else is here.

Every refusal is JSON, `{"error": reason}`.
"""

from datetime import timedelta
from functools import wraps

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from . import copies
from .models import Presence, model_of
from .state import is_key, settled
from .views import refusal
from .work import Work

# Seconds after which a window that has not been heard of counts as closed.
PRESENT = 45


SIGNED_OUT = "You are signed out: sign in again in another tab. Your text is still here."
NOT_ALLOWED = "Your account lacks the permission for this: ask its owner."
GONE = (
    "This was deleted meanwhile. Your text is still here: press save, and it becomes a new draft."
)


def work_of(request, key):
    """The Work on what has this key. Raises Http404 or PermissionDenied."""
    try:
        model_admin = admin.site.get_model_admin(model_of(key))
    except (LookupError, admin.exceptions.NotRegistered):
        raise Http404 from None
    if not hasattr(model_admin, "publishing"):
        raise Http404
    pk = key.partition(":")[2]
    if not is_key(pk):
        return Work(model_admin, request, None, key)
    item = model_admin.get_object(request, pk)
    if item is None:
        raise Http404
    return Work(model_admin, request, item)


def for_script(view):
    """Gives the view the Work of its key, and answers whoever may not write it in JSON."""

    @never_cache
    @require_POST
    @wraps(view)
    def guarded(request, key):
        if not request.user.is_authenticated:
            return refusal(SIGNED_OUT, 403)
        try:
            if not admin.site.has_permission(request):
                raise PermissionDenied
            work = work_of(request, key)
            return view(request, work)
        except PermissionDenied:
            return refusal(NOT_ALLOWED, 403)
        except Http404:
            return refusal(GONE, 404)

    return guarded


def for_person(view):
    """Gives the view the Work of its key, for a page or a form of the desk."""

    @never_cache
    @wraps(view)
    def guarded(request, key, **kwargs):
        return view(request, work_of(request, key), **kwargs)

    return admin.site.admin_view(guarded)


@for_script
def keep(request, work):
    """Keep the form as the working copy: `{saved, edition, base, address}`, or 409.

    With `asked`, because the writer wanted it saved, and so it is a version.
    """
    data = settled(request.POST, work.forms())
    copy, conflict = copies.keep(work.admin, request, work.key, work.item, data)
    if conflict:
        return refusal(str(conflict), 409)
    if "asked" in request.POST:
        copies.keep_version(copy, request.user, copies.reason(request.POST))
    work.copy = copy
    edition, base = work.editions()
    saved = timezone.localtime(copy.updated_at).strftime("%H:%M")
    return JsonResponse(
        {
            "saved": saved,
            "edition": edition,
            "base": base,
            "address": work.address,
            "badge": work.badge,
        }
    )


@for_script
def preview(request, work):
    """The public page as it would be with this form: `{page}`, and `{findings}` as HTML.

    `{error}` if there is none yet.
    """
    try:
        page, findings = work.looked_at(settled(request.POST, work.forms()))
    except DatabaseError:
        # Such as a slug that another window has just taken.
        return JsonResponse({"error": "The page cannot be shown before the form is put right."})
    found = render_to_string("admin/editing/_findings.html", {"findings": findings})
    return JsonResponse({"page": page, "findings": found})


@for_script
def present(request, work):
    """Says that a window has the item open, or has left it; gives `{others}`, their names."""
    now, tab = timezone.now(), copies.tab_of(request.POST)
    here = Presence.objects.filter(key=work.key)
    here.filter(seen_at__lt=now - timedelta(seconds=PRESENT)).delete()
    if "left" in request.POST:
        here.filter(tab=tab, user=request.user).delete()
    else:
        values = {"user": request.user, "seen_at": now}
        Presence.objects.update_or_create(key=work.key, tab=tab, defaults=values)
    others = here.exclude(tab=tab).select_related("user")
    names = sorted(
        {
            "you, in another window" if p.user == request.user else p.user.get_username()
            for p in others
        }
    )
    return JsonResponse({"others": names})


@require_safe
@for_person
def page(request, work):
    """The public page of the working copy in a window of its own."""
    try:
        response = HttpResponse(work.page())
    except LookupError:
        raise Http404 from None
    except DatabaseError:
        messages.error(request, "The page cannot be shown before the form is put right.")
        return redirect(work.address)
    response["X-Robots-Tag"] = "noindex"
    return response


@for_person
def discard(request, work):
    """Asks once, and then forgets what the working copy holds."""
    if request.method != "POST":
        context = admin.site.each_context(request) | {"work": work, "title": "Discard changes"}
        return HttpResponse(render_to_string("admin/editing/discard.html", context, request))
    if copies.discard(work.key, request.user):
        messages.success(request, "Discarded. This is the item as it is stored.")
    if work.item:
        return redirect(work.address)
    return redirect("admin:index")
