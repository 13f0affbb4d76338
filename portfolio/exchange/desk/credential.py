"""Whoever is signed in shows once more that it is they, before content leaves or comes in."""

import time
from functools import wraps

from django import forms
from django.contrib import admin
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import ValidationError
from django.dispatch import receiver
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.debug import sensitive_post_parameters

FRESH = 15 * 60  # seconds that a credential counts as just given
GIVEN = "credential_given_at"
PREFIX = "credential"
# In a form that asks on the way to a page, and not to something to be done.
TO_PAGE = f"{PREFIX}-to-page"


@receiver(user_logged_in)
def note(sender, request, user, **kwargs):
    request.session[GIVEN] = time.time()


def is_fresh(request):
    return 0 <= time.time() - request.session.get(GIVEN, 0) < FRESH


class CredentialForm(forms.Form):
    password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password", "autofocus": True}),
    )

    def __init__(self, request):
        data = request.POST if f"{PREFIX}-password" in request.POST else None
        super().__init__(data, prefix=PREFIX)
        self.request = request

    def clean_password(self):
        user = self.request.user
        # The request lets django-axes count the tries, as those of a sign-in.
        known = authenticate(
            self.request,
            username=user.get_username(),
            password=self.cleaned_data["password"],
        )
        if known != user:
            raise ValidationError("This is not your password.")


def credential_required(view):
    """Asks for the password unless it was given lately; then goes on with what was asked for.

    What was sent is kept on the way, except for files.
    """

    @sensitive_post_parameters(f"{PREFIX}-password")
    @wraps(view)
    def guarded(request, *args, **kwargs):
        if not is_fresh(request):
            form = CredentialForm(request)
            if not form.is_valid():
                return ask(request, form)
            # So that failed tries are forgotten, as after a sign-in, and the time is noted.
            user_logged_in.send(type(request.user), request=request, user=request.user)
        if TO_PAGE in request.POST:
            return redirect(request.get_full_path())
        return view(request, *args, **kwargs)

    return guarded


def ask(request, form):
    own = ("csrfmiddlewaretoken", f"{PREFIX}-password")
    kept = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name not in own
    ]
    if request.method != "POST":
        kept.append((TO_PAGE, "1"))
    context = {
        **admin.site.each_context(request),
        "title": "Is it you?",
        "form": form,
        "kept": kept,
        "lost": [*request.FILES],
        "can_give": request.user.has_usable_password(),
    }
    return TemplateResponse(request, "admin/exchange/credential.html", context)
