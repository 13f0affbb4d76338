"""What was deleted: kept with all that goes with it, told with a way back, and listed."""

from contextvars import copy_context
from datetime import datetime

import reversion
from django.apps import apps
from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import SET_NULL, Q
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from reversion import revisions

from portfolio import rights
from portfolio.models import NaturalKeyModel

from . import copies
from .models import Deletion, Presence, ShareLink, WorkingCopy, key_of
from .recovery import recover_all
from .site_check import form_of
from .state import is_key

SHOWN = 50
# Titles, or things that are not as they were, that a message names.
NAMED = 3


class RecoverableAdmin:
    """For an admin class of content: what it deletes can be brought back."""

    def delete_model(self, request, obj):
        request.deletions = before_delete(
            request.user, copies.reason(request.POST), self.model, [obj.pk]
        )
        super().delete_model(request, obj)

    def delete_queryset(self, request, queryset):
        """Deletes what it has kept, and nothing that the list finds a moment later."""
        pks = [*queryset.values_list("pk", flat=True)]
        request.deletions = before_delete(
            request.user, copies.reason(request.POST), self.model, pks
        )
        super().delete_queryset(request, self.model._base_manager.filter(pk__in=pks))

    def message_user(self, request, message, *args, **kwargs):
        """Says what was deleted, with a way back; templates/admin/base_site.html makes a button."""
        if deletions := getattr(request, "deletions", None):
            message = f"Deleted{counted(self.opts, deletions)}: {named(deletions)}."
            kwargs["extra_tags"] = f"undo {deletions[0].revision_id}"
        super().message_user(request, message, *args, **kwargs)


def counted(opts, things):
    """` 3 entries`; nothing for one, which is named."""
    return f" {len(things):,} {opts.verbose_name_plural}" if len(things) > 1 else ""


def named(things):
    more = f" and {len(things) - NAMED:,} more" if len(things) > NAMED else ""
    return ", ".join(f"“{thing}”" for thing in things[:NAMED]) + more


def before_delete(user, why, model, pks):
    """Keep the last version of what a user, or None, is about to delete; gives the Deletions.

    To be called in the transaction that deletes it. What the desk has beside it goes at once.
    """
    items = [*model._base_manager.select_for_update().filter(pk__in=pks).order_by("pk")]
    # In a revision of its own: one that is open would end when they are gone, and drop them.
    copy_context().run(keep_last_versions, user, why, items)
    keys = [key_of(item) for item in items]
    for kept_beside in (WorkingCopy, ShareLink, Presence):
        kept_beside.objects.filter(key__in=keys).delete()
    newest = Deletion.objects.filter(key__in=keys).order_by("-pk")[: len(keys)]
    return [*reversed(newest)]


def keep_last_versions(user, why, items):
    revisions._stack.set([])
    with reversion.create_revision():
        if user:
            reversion.set_user(user)
        reversion.set_comment("\n".join(filter(None, ["deleted", why])))
        for item in items:
            reversion.add_to_revision(item)
            reversion.add_meta(
                Deletion,
                key=key_of(item),
                title=str(item)[:300],
                author_id=getattr(item, "author_id", None),
                links=links_to(item),
                moments=moments_of(item),
            )
        for copy in WorkingCopy.objects.filter(key__in=map(key_of, items)):
            reversion.add_to_revision(copy)
        for link in ShareLink.objects.filter(key__in=map(key_of, items)):
            reversion.add_to_revision(link)


def moments_of(item):
    """Its times, as {field: ISO 8601}."""
    values = {field.name: getattr(item, field.attname) for field in item._meta.concrete_fields}
    moments = {name: value for name, value in values.items() if isinstance(value, datetime)}
    return {name: value.isoformat() for name, value in moments.items()}


def links_to(item):
    """What stays when an item is deleted, and no longer points at it, as `Deletion.links`."""
    links = {}
    for relation in item._meta.related_objects:
        model, field = relation.related_model, relation.field
        stays = relation.many_to_many or relation.on_delete is SET_NULL
        if stays and issubclass(model, NaturalKeyModel):
            pks = model._base_manager.filter(**{field.name: item}).order_by("pk")
            links[f"{model._meta.label_lower}.{field.name}"] = [*pks.values_list("pk", flat=True)]
    return {name: pks for name, pks in links.items() if pks}


def recoverable(user):
    """The Deletions of what the user may bring back: what they may publish, and what was theirs."""
    whose = Q(pk=None)
    for model in apps.get_models():
        if not (admin.site.is_registered(model) and rights.may(user, "add", model)):
            continue
        if not isinstance(admin.site.get_model_admin(model), RecoverableAdmin):
            continue
        kind = Q(key__startswith=f"{model._meta.label_lower}:")
        if rights.may_publish(user, model):
            whose |= kind
        elif rights.may(user, "change", model):
            whose |= kind & Q(author=user)
    return Deletion.objects.filter(whose)


@never_cache
@require_safe
@admin.site.admin_view
def deleted(request):
    """The newest deletions first, each with a button to bring it back."""
    deletions = recoverable(request.user).filter(recovered_as="")
    deletions = deletions.select_related("author", "revision__user").defer("links")
    context = {
        **admin.site.each_context(request),
        "title": "Deleted things",
        "page": Paginator(deletions, SHOWN).get_page(request.GET.get("page")),
    }
    return TemplateResponse(request, "admin/editing/deleted.html", context)


@never_cache
@admin.site.admin_view
def recover(request, **which):
    """Bring back one deletion by its `pk`, or all of a `revision_id`, whichever is given."""
    if request.method != "POST":
        # Whoever had to sign in first comes back without what they sent.
        return redirect("editing:deleted")
    if not all(is_key(str(number)) for number in which.values()):
        raise Http404
    deletions = recoverable(request.user).filter(**which).order_by("pk")
    pks = [*deletions.values_list("pk", flat=True)]
    if not pks:
        raise Http404
    recovered = recover_all(request, pks)
    for level, text in said(recovered):
        messages.add_message(request, level, text)
    items = [each.item for each in recovered if each.item]
    if len(pks) == len(items) == 1:
        return redirect(form_of(items[0]))
    return redirect("editing:deleted")


def said(recovered):
    """What came of it, as pairs of a level and a sentence with links to what is there."""
    back = [each.item for each in recovered if each.item and not each.was_there]
    there = [each.item for each in recovered if each.was_there]
    notes = [note for each in recovered for note in each.notes]
    for state, one, several in (
        ("draft", "Recovered as a draft", "Recovered as drafts"),
        (
            "scheduled",
            "Recovered, and scheduled as it was",
            "Recovered, and scheduled as they were",
        ),
        ("live", "Recovered, and public", "Recovered, and public"),
    ):
        # What has no state is always public.
        if items := [item for item in back if getattr(item, "state", "live") == state]:
            yield messages.SUCCESS, linked(one, several, items)
    if there:
        yield messages.INFO, linked("It is there already", "They are there already", there)
    if notes:
        more = f"; and {len(notes) - 5:,} more" if len(notes) > 5 else ""
        yield messages.WARNING, f"Not as it was: {'; '.join(notes[:5])}{more}."


def linked(one, several, items):
    links = format_html_join(
        ", ", '<a href="{}">{}</a>', [(form_of(item), item) for item in items[:NAMED]]
    )
    more = f" and {len(items) - NAMED:,} more" if len(items) > NAMED else ""
    return format_html("{}: {}{}.", one if len(items) == 1 else several, links, more)
