"""What somebody is told who may not do what they asked for: what it is, why, and whom to ask."""

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.http import JsonResponse
from django.shortcuts import render

from .editing.form import verb_of
from .page import Page
from .rights import DUTIES, owners

# What a route of the admin does, by the end of its name.
OF_ONE = {
    "add": "add another",
    "change": "change this",
    "delete": "delete this",
    "history": "see the history of this",
}
# What is refused elsewhere below /admin/, by the namespace of the route.
IN_NAMESPACE = {
    "exchange": "you may not take content out, or bring it in.",
    "editing": "this is not yours to see or to change.",
}
PUBLISHING = ("publish", "schedule", "unpublish")
# Owners that are named.
OWNERS_NAMED = 3


def permission_denied(request, exception):
    """The page of a 403; JSON for a script that asked for it. It says nothing of the content."""
    said = sentence_of(request, exception)
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return JsonResponse({"error": f"{said[0].upper()}{said[1:]}"}, status=403)
    user = getattr(request, "user", None)
    is_staff = user is not None and user.is_active and user.is_staff
    context = {"page": Page("not allowed", indexed=False), "said": said, "is_staff": is_staff}
    if is_staff:
        groups = user.groups.order_by("pk").values_list("name", flat=True)
        context["groups"] = [(name, DUTIES.get(name, "")) for name in groups]
        context["owners"] = owners().exclude(pk=user.pk).order_by("pk")[:OWNERS_NAMED]
    return render(request, "403.html", context, status=403)


def sentence_of(request, exception):
    """What was not done, as a sentence."""
    if isinstance(exception, PermissionDenied) and str(exception):
        return str(exception)
    match = request.resolver_match
    label, _, action = ((match and match.url_name) or "").rpartition("_")
    for model in apps.get_models():
        meta = model._meta
        if label != f"{meta.app_label}_{meta.model_name}":
            continue
        if verb_of(request.POST) in PUBLISHING:
            return f"you may not {verb_of(request.POST)} {meta.verbose_name_plural}."
        if action == "changelist":
            return f"you may not see the list of {meta.verbose_name_plural}."
        if action in OF_ONE:
            return f"you may not {OF_ONE[action]} {meta.verbose_name}."
    return IN_NAMESPACE.get(match and match.namespace, "you may not do this.")
