"""The order that an editor gives to a kind, or to the rows of a form.

django-admin-sortable2 does the dragging, and `ordering.js` what it lacks: the keyboard, and saying
what came of it. What the library would write itself makes no version and trips over numbers that
are there twice, so lists send their order to `OrderedAdmin.order` instead.
"""

import reversion
from adminsortable2.admin import MovePageActionForm, SortableAdminBase
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.views.main import ORDER_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import Max
from django.forms import Script
from django.http import HttpResponseRedirect, JsonResponse, QueryDict
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from portfolio import rights

from .form import PartFormSet
from .views import refusal

MEDIA = forms.Media(
    css={"all": ["portfolio/ordering.css"]}, js=[Script("portfolio/ordering.js", type="module")]
)
# The largest position that both databases keep.
LAST = 2**31 - 1

NOT_AN_ORDER = "Give the order as the numbers of different items, such as order=3,1,2."
GONE = "The list has changed meanwhile: load it again, then move it."
STALE = "Nothing was moved: another window has ordered the list meanwhile. This is its order now."
NOT_ALLOWED = "Your account may not change this order: ask its owner."


class StaleOrder(Exception):
    """The stored order is another than the one that was seen; `keys` are those items as it is."""

    def __init__(self, keys):
        super().__init__(STALE)
        self.keys = keys


def end_of(items):
    """The position after all of these."""
    last = items.aggregate(last=Max("position"))["last"]
    return 1 if last is None else min(last + 1, LAST)


def reorder(model, keys, user, seen=()):
    """Put the items of these primary keys in this order, in the places that they have now.

    The rest keeps its places. It is one version, of every item that moved. Raises LookupError if
    one of them is not there, and StaleOrder if those that were `seen` are not in that order.
    """
    items = model._base_manager
    with reversion.create_revision():
        reversion.set_user(user)
        reversion.set_comment("reordered")
        # Taken one after the other by all, and read after the lock: whoever waits sees what is.
        list(items.select_for_update().order_by("pk").values_list("pk"))
        places = dict(items.values_list("pk", "position"))
        if not places.keys() >= set(keys):
            raise LookupError(keys)
        stored = [pk for pk in places if pk in set(seen)]
        if stored != [*seen]:
            raise StaleOrder(stored)
        moving, wanted = set(keys), iter(keys)
        order = [next(wanted) if pk in moving else pk for pk in places]
        positions = sorted(places.values())
        if len(set(positions)) < len(positions):
            positions = range(1, len(positions) + 1)
        now = dict(zip(order, positions, strict=True))
        moved = items.in_bulk([pk for pk in now if now[pk] != places[pk]])
        for pk, item in moved.items():
            item.position = now[pk]
        items.bulk_update(moved.values(), ["position"])
        for item in moved.values():
            reversion.add_to_revision(item)


class OrderedAdmin(SortableAdminBase):
    """For an admin class, before its other bases: `position` is given by the list alone."""

    # The library's script fails without the fields of this form.
    action_form = MovePageActionForm

    @property
    def media(self):
        return super().media + MEDIA

    def may_order(self, request):
        user = request.user
        return rights.may_publish(user, self.model) and rights.may(user, "change", self.model)

    def get_list_display(self, request):
        columns = super().get_list_display(request)
        return [*columns, "moves"] if self.may_move(request) else columns

    def may_move(self, request):
        """Whether the list that is asked for is in the order to be changed, by one who may."""
        elsewhere = {IS_POPUP_VAR, ORDER_VAR} & request.GET.keys()
        return self.may_order(request) and not elsewhere

    def get_changelist_instance(self, request):
        """Tells each item of the list what stands beside it, if this is the order to be changed."""
        changelist = super().get_changelist_instance(request)
        changelist.can_move = self.may_move(request)
        if ORDER_VAR in changelist.params and self.may_order(request):
            changelist.own_order = changelist.get_query_string(remove=[ORDER_VAR])
        if changelist.can_move:
            items = list(changelist.result_list)
            keys = keys_around(changelist, items)
            for before, item, after in zip(keys, items, keys[2:], strict=False):
                item.beside = {"before": before, "after": after}
        return changelist

    @admin.display(description="order")
    def moves(self, item):
        return render_to_string("admin/editing/_moves.html", {"item": item, **item.beside})

    def save_model(self, request, obj, form, change):
        if not change:
            obj.position = end_of(self.model._base_manager)
        super().save_model(request, obj, form, change)

    def get_urls(self):
        name = f"{self.opts.app_label}_{self.opts.model_name}_order"
        view = never_cache(require_POST(self.order))
        return [path("order/", view, name=name), *super().get_urls()]

    def order(self, request):
        """Puts the items of `order`, such as `3,1,2`, in that order.

        `seen`, once for each row, is the order that the list showed: if it is another by now,
        nothing is moved, and the answer has the `order` that is stored. A form without script also
        sends its list's query as `list`, and goes back there; anything else is answered in JSON.
        """
        reason, status, stored = self._order(request)
        if "list" not in request.POST:
            if stored:
                return JsonResponse({"error": reason, "order": stored}, status=status)
            return refusal(reason, status) if reason else JsonResponse({})
        if status == 403:
            raise PermissionDenied
        if reason:
            self.message_user(request, reason, messages.ERROR)
        listed = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        return HttpResponseRedirect(f"{listed}?{QueryDict(request.POST['list']).urlencode()}")

    def _order(self, request):
        """Why it is refused, the status that says so, and the stored order if it is for that.

        ("", 200, []) if it is done.
        """
        if not self.may_order(request):
            return NOT_ALLOWED, 403, []
        try:
            keys = [int(key) for key in request.POST.get("order", "").split(",")]
            seen = [int(key) for key in request.POST.getlist("seen")]
        except ValueError:
            return NOT_AN_ORDER, 400, []
        if len(set(keys)) < len(keys) or len(set(seen)) < len(seen):
            return NOT_AN_ORDER, 400, []
        try:
            reorder(self.model, keys, request.user, seen)
        except LookupError:
            return GONE, 400, []
        except StaleOrder as stale:
            return STALE, 409, stale.keys
        return "", 200, []


def keys_around(changelist, items):
    """The primary keys of the items shown, with that before them and that after; None at an end."""
    keys = [None, *(item.pk for item in items), None]
    everything = not changelist.multi_page or (changelist.show_all and changelist.can_show_all)
    start = 0 if everything else (changelist.page_num - 1) * changelist.list_per_page
    others = changelist.queryset.values_list("pk", flat=True)
    if start:
        keys[0] = others[start - 1 : start].first()
    if start + len(items) < changelist.result_count:
        keys[-1] = others[start + len(items) :].first()
    return keys


# Rows of a form.


class OrderedRows:
    """For a formset: the position is a number that one may type, or the script sets it."""

    # By this the library knows that its rows can be dragged.
    default_order_direction = ""

    def add_fields(self, form, index):
        super().add_fields(form, index)
        if "position" in form.fields:
            # The library's script looks for this class.
            form.fields["position"].widget.attrs["class"] = "_reorder_"

    def save_new(self, form, commit=True):
        if not form.instance.position:
            rows = self.model._base_manager.filter(**{self.fk.name: self.instance})
            form.instance.position = end_of(rows)
        return super().save_new(form, commit)


class OrderedFormSet(OrderedRows, PartFormSet):
    pass


class OrderedInline:
    """For an inline of an admin class that is a SortableAdminBase, before its other bases."""

    formset = OrderedFormSet

    @property
    def media(self):
        return super().media + MEDIA
