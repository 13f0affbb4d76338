"""One-time sign-in links: for the first editor, for whoever is invited, and for a lost password."""

from django import forms
from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import UsernameField
from django.contrib.auth.tokens import PasswordResetTokenGenerator, default_token_generator
from django.contrib.auth.views import INTERNAL_RESET_SESSION_TOKEN, PasswordResetConfirmView
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse, reverse_lazy
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from .editing.models import Invitation


def link(user):
    """An address where this user sets a password and is signed in.

    Good for `settings.PASSWORD_RESET_TIMEOUT` seconds, and until a password is set.
    """
    return link_of(user, default_token_generator.make_token(user))


def invite(user, by):
    """The same, good for `Invitation.VALID_DAYS`; the user's earlier invitation opens no more."""
    return link_of(user, Invitation.objects.renew(user, by))


def link_of(user, token):
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

    def confirm_login_allowed(self, user):
        """Says to whom gave the right password why it is not enough."""
        super(AdminAuthenticationForm, self).confirm_login_allowed(user)
        if not user.is_staff:
            raise ValidationError(
                "The password is right, but this account is in no group and may not come in. "
                "Ask the owner of the site."
            )


class OneTimeTokens(PasswordResetTokenGenerator):
    """Accepts the token of `link` and that of `invite`."""

    def check_token(self, user, token):
        if not user or not token:
            return False
        return super().check_token(user, token) or Invitation.objects.accepts(user, token)


class SignIn(PasswordResetConfirmView):
    template_name = "admin/sign_in.html"
    title = "Choose a password"
    success_url = reverse_lazy("admin:index")
    post_reset_login = True
    post_reset_login_backend = "django.contrib.auth.backends.ModelBackend"
    token_generator = OneTimeTokens()
    extra_context = {"valid_days": Invitation.VALID_DAYS}

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        return context if self.validlink else context | {"title": "This link opens nothing"}

    def get_user(self, uidb64):
        """Only somebody who may come in: what was ended stays ended, whatever link there was."""
        user = super().get_user(uidb64)
        return user if user and user.is_active and user.is_staff else None

    @transaction.atomic
    def form_valid(self, form):
        """Signs in by a link that is still good: of two who send the form at once, only one."""
        users = get_user_model().objects.select_for_update()
        stored = users.filter(pk=self.user.pk, is_active=True, is_staff=True).first()
        token = self.request.session.get(INTERNAL_RESET_SESSION_TOKEN)
        if not self.token_generator.check_token(stored, token):
            self.validlink = False
            return self.render_to_response(self.get_context_data())
        form.user = stored
        return super().form_valid(form)
