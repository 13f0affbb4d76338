from django.core.exceptions import ObjectDoesNotExist
from django.shortcuts import get_object_or_404
from django.utils.cache import add_never_cache_headers
from django.views.generic import DetailView

from . import images
from .page import Page


class PublishableDetail(DetailView):
    """The page of one publishable, found by the keyword arguments of its address."""

    def trail(self):
        """The pages above this one, outermost first, as (label, path)."""
        raise NotImplementedError

    def get_object(self, queryset=None):
        queryset = self.get_queryset()
        try:
            return queryset.live().get(**self.kwargs)
        except ObjectDoesNotExist:
            # Only now is the visitor looked up, so that a live page costs no session.
            return get_object_or_404(queryset.visible_to(self.request.user), **self.kwargs)

    def get_context_data(self, **kwargs):
        images.look_up(self.object.texts)
        page = Page(self.object.title, self.object.description, self.trail(), self.object)
        if "neighbours" not in kwargs:
            kwargs["neighbours"] = self.object.neighbours()
        return super().get_context_data(page=page, **kwargs)

    def render_to_response(self, context, **kwargs):
        response = super().render_to_response(context, **kwargs)
        if self.object.state != "live":
            add_never_cache_headers(response)
            response["X-Robots-Tag"] = "noindex"
        return response
