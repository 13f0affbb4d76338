"""The lists of the desk: each comes back as its reader left it, and says what it leaves out."""

from itertools import islice

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IS_POPUP_VAR, IncorrectLookupParameters
from django.contrib.admin.utils import label_for_field
from django.contrib.admin.views.main import (
    ERROR_FLAG,
    IGNORED_PARAMS,
    ORDER_VAR,
    PAGE_VAR,
    SEARCH_VAR,
    ChangeList,
)
from django.core.paginator import Paginator
from django.http import HttpResponseRedirect
from django.utils.text import smart_split

from portfolio.search.query import MOST_TYPED, MOST_WORDS

from .state import is_key, settle_keys

# The bare address of a list shows it as it was left; with this it is the whole list.
WHOLE = "whole"
SESSION_KEY = "lists"
# Characters of a query; a longer one is not worth keeping.
LIMIT = 1000
# Of what an address says of a list, what leaves nothing out.
ALL_IS_SHOWN = {*IGNORED_PARAMS, PAGE_VAR, ERROR_FLAG} - {SEARCH_VAR}


def narrowed_by(request):
    """The names of what an address narrows its list by, such as `{"state", "q"}`."""
    return {*request.GET} - ALL_IS_SHOWN


class NearerEnd(Paginator):
    """Goes to a page along the index of the order, from the end that is nearer, and reads no more.

    The rows in between would be read with all their text, as would those that are sorted.
    """

    def page(self, number):
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        end = min(start + self.per_page, self.count)
        keys = self.object_list.values_list("pk", flat=True)
        if start > self.count // 2:
            keys = keys.reverse()[self.count - end : self.count - start]
        else:
            keys = keys[start:end]
        return self._get_page(self.object_list.filter(pk__in=[*keys]), number, self)


class ContentList(ChangeList):
    def __init__(self, *arguments):
        try:
            super().__init__(*arguments)
        except (OverflowError, ValueError) as error:
            # A year that no date can have, where the stock list fails.
            raise IncorrectLookupParameters(error) from error

    def get_results(self, request):
        """Counts all only where not all is shown, and offers actions only on what is there."""
        super().get_results(request)
        self.full_result_count = (
            self.model_admin.count_all(request) if narrowed_by(request) else self.result_count
        )
        self.show_full_result_count, self.show_admin_actions = True, self.result_count > 0

    def get_query_string(self, new_params=None, remove=None):
        query = super().get_query_string(new_params, remove)
        return f"?{WHOLE}" if query == "?" else query

    @property
    def narrowed(self):
        """What the list is narrowed to, in words, such as `["state draft", "search less"]`."""
        rest = {**self.params}
        for name in IGNORED_PARAMS:
            rest.pop(name, None)
        words = []
        for spec in self.filter_specs:
            typed = [rest.pop(name) for name in spec.expected_parameters() if name in rest]
            chosen = [str(choice["display"]) for choice in spec.choices(self) if choice["selected"]]
            words += [f"{spec.title} {', '.join(chosen or typed)}"] if typed else []
        words += [f"{name.replace('__', ' ')} {value}" for name, value in rest.items()]
        return [*words, f"search {self.query}"] if self.query else words

    @property
    def sorted_by(self):
        """The labels of the columns that the reader sorted it by."""
        if ORDER_VAR not in self.params:
            return []
        columns = [self.list_display[i : i + 1] for i in self.get_ordering_field_columns()]
        return [
            str(label_for_field(name, self.model, self.model_admin)).lower()
            for names in columns
            for name in names
        ]


class TolerantAdmin:
    """For every admin class: what a browser would not send is no failure of its forms and lists."""

    def get_object(self, request, object_id, from_field=None):
        return super().get_object(request, object_id, from_field or None)

    def changeform_view(self, request, *arguments, **options):
        if request.method == "POST":
            request.POST = request.POST.copy()
            relations = [*self.opts.fields, *self.opts.many_to_many]
            settle_keys(request.POST, [field.name for field in relations if field.remote_field])
        return super().changeform_view(request, *arguments, **options)

    def response_action(self, request, queryset):
        if not all(map(is_key, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            self.message_user(
                request, "What was selected is not in this list: select it again.", messages.WARNING
            )
            return None
        return super().response_action(request, queryset)

    # Each word is a condition of its own, and SQLite takes no expression of any depth or length.

    def get_search_results(self, request, queryset, search_term):
        searched = islice(smart_split(search_term[:MOST_TYPED]), MOST_WORDS)
        return super().get_search_results(request, queryset, " ".join(searched))


class ListedAdmin(TolerantAdmin):
    """For an admin class: its list remembers filters, search and order, for as long as a session.

    An address with a query says itself what it shows, and that is what is remembered.
    """

    # `ContentList` counts all itself.
    show_full_result_count = False

    def get_changelist(self, request, **kwargs):
        return ContentList

    def count_all(self, request):
        return self.get_queryset(request).count()

    def changelist_view(self, request, extra_context=None):
        left, kind = request.session.get(SESSION_KEY, {}), self.opts.label_lower
        remembers = request.method == "GET" and IS_POPUP_VAR not in request.GET
        if remembers and not request.GET and kind in left:
            # Forgotten until it has been shown, so that nothing kept can shut one out of the list.
            query = left.pop(kind)
            request.session[SESSION_KEY] = left
            return HttpResponseRedirect(f"{request.path}?{query}")
        shown = request.GET = request.GET.copy()
        shown.pop(WHOLE, None)
        response = super().changelist_view(request, extra_context)
        if remembers and response.status_code == 200:
            self._leave(request, left, kind, shown.copy())
        return response

    def _leave(self, request, left, kind, query):
        for name in (PAGE_VAR, ERROR_FLAG):
            query.pop(name, None)
        kept = query.urlencode()
        kept = kept if len(kept) <= LIMIT else ""
        if kept != left.get(kind, ""):
            left = {**left, kind: kept} if kept else {k: v for k, v in left.items() if k != kind}
            request.session[SESSION_KEY] = left
