"""One-time sign-in links: how the first editor comes in, and anyone whose password is lost."""

from django import forms
from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import UsernameField
from django.contrib.auth.tokens import default_token_generator
from django.contrib.auth.views import PasswordResetConfirmView
from django.urls import reverse, reverse_lazy
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode


def link(user):
    """An address where this user sets a password and is signed in.

    Good for `settings.PASSWORD_RESET_TIMEOUT` seconds, and until a password is set.
    """
    token = default_token_generator.make_token(user)
    key = urlsafe_base64_encode(force_bytes(user.pk))
    return settings.SITE_URL + reverse("sign_in", args=[key, token])


def client_address(request):
    """Whose request the web server passes on; it has to set `X-Real-IP` itself."""
    return request.headers.get("X-Real-IP") or request.META["REMOTE_ADDR"]


class SignInForm(AdminAuthenticationForm):
    """The stock form does not check how long a name is, and PostgreSQL counts no longer ones."""

    username = UsernameField(
        max_length=150, widget=forms.TextInput({"autofocus": True, "autocomplete": "username"})
    )


class SignIn(PasswordResetConfirmView):
    template_name = "admin/sign_in.html"
    title = "Choose a password"
    success_url = reverse_lazy("admin:index")
    post_reset_login = True
    post_reset_login_backend = "django.contrib.auth.backends.ModelBackend"
