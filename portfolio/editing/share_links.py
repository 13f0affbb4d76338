"""Links that show one draft to someone who cannot sign in."""

from datetime import timedelta

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from .models import ShareLink
from .rehearsal import public_page, rehearsal
from .writing import for_person, work_of

DAYS = 7
MOST_DAYS = 90


class ShareForm(forms.Form):
    days = forms.IntegerField(
        label="days until it expires", initial=DAYS, min_value=1, max_value=MOST_DAYS
    )
    note = forms.CharField(
        label="for whom",
        required=False,
        max_length=100,
        help_text="A note for this list; nobody else sees it.",
        widget=forms.TextInput({"autocomplete": "off", "dir": "auto"}),
    )


@for_person
def links(request, work):
    """The links that open an item, and the form that makes another or ends one."""
    if work.item is None:
        messages.warning(request, "Save it first: a link is to something that is saved.")
        return redirect(work.address)
    form = ShareForm(request.POST if "share" in request.POST else None)
    if "revoke" in request.POST:
        pk = request.POST["revoke"]
        link = get_object_or_404(ShareLink, key=work.key, pk=pk if pk.isdigit() else 0)
        link.revoked_at = timezone.now()
        link.save()
        messages.success(request, "Revoked: the link opens nothing any more.")
        return redirect("editing:share_links", work.key)
    if form.is_valid():
        expires_at = timezone.now() + timedelta(days=form.cleaned_data["days"])
        ShareLink.objects.create(
            key=work.key,
            author=request.user,
            expires_at=expires_at,
            note=form.cleaned_data["note"],
        )
        return redirect("editing:share_links", work.key)
    context = {
        **admin.site.each_context(request),
        "title": "Share this draft",
        "work": work,
        "form": form,
        "links": ShareLink.objects.filter(key=work.key).select_related("author"),
        "now": timezone.now(),
    }
    return TemplateResponse(request, "admin/editing/links.html", context)


@never_cache
@require_safe
def shared(request, pk, signature):
    """The page of a draft for whoever has a good link to it, as its author may show it.

    Once the draft is published, the link leads to the public page.
    """
    link = ShareLink.find(pk, signature)
    if link is None or link.author is None or not link.author.is_active:
        raise Http404
    # It shows what the one who made it may see, and no more.
    visitor, request.user = request.user, link.author
    try:
        work = work_of(request, link.key)
        if is_published(link, work):
            response = redirect(work.item)
            response["X-Robots-Tag"] = "noindex"
            return response
        with rehearsal():
            page = public_page(work.performed(), shared=link)
    except (PermissionDenied, LookupError):
        raise Http404 from None
    finally:
        request.user = visitor
    response = HttpResponse(page)
    response["X-Robots-Tag"] = "noindex"
    return response


def is_published(link, work):
    """Whether what a link was made for is public, so that what is written now is something else."""
    if work.item is None or work.item.state != "live":
        return False
    # One that was made over a public page shows the changes that were there to be seen.
    is_of_changes = work.copy and work.copy.created_at <= link.created_at
    return not is_of_changes or link.created_at < work.item.publish_at
