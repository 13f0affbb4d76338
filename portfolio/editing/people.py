"""Who may come in: the owners see it, invite somebody, make a new link, and end it."""

from functools import wraps

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.forms import UsernameField
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.html import format_html

from portfolio import sign_in
from portfolio.rights import DUTIES, is_owner

from . import access
from .clock import zone_name

NAME_IN_USE = "Somebody has this name already: choose another, or make a new link for them above."


def for_owners(view):
    """A page of the desk for those who decide who may come in."""

    @admin.site.admin_view
    @wraps(view)
    def guarded(request, *args, **kwargs):
        if not is_owner(request.user):
            raise PermissionDenied("Who may come in is for an owner to see and to decide.")
        return view(request, *args, **kwargs)

    return guarded


class GroupField(forms.ModelChoiceField):
    def label_from_instance(self, group):
        return format_html("<strong>{}</strong> {}", group.name, DUTIES[group.name])


class InvitationForm(forms.ModelForm):
    group = GroupField(
        Group.objects.filter(name__in=DUTIES).order_by("pk"),
        label="Group",
        to_field_name="name",
        initial="Writers",
        empty_label=None,
        widget=forms.RadioSelect,
    )

    class Meta:
        model = User
        fields = ["username", "first_name"]
        field_classes = {"username": UsernameField}
        labels = {"username": "Name to sign in with", "first_name": "Full name (may be empty)"}
        help_texts = {"username": "Letters of any script, digits, and @ . + - _; no spaces."}
        widgets = {
            "username": forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
            "first_name": forms.TextInput({"autocomplete": "off", "dir": "auto"}),
        }

    def clean_username(self):
        """Two names that differ in their case alone would be taken for one."""
        username = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError(NAME_IN_USE)
        return username

    @transaction.atomic
    def save(self):
        """Make the user, who has no password."""
        self.instance.set_unusable_password()
        user = super().save()
        user.groups.add(self.cleaned_data["group"])
        return user


@for_owners
def people(request):
    """All users with the state of each, and the form that invites another."""
    form = InvitationForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            with transaction.atomic():
                user = form.save()
                link = sign_in.invite(user, request.user)
        except IntegrityError:
            form.add_error("username", NAME_IN_USE)
        else:
            return link_page(request, user, link)
    users = User.objects.select_related("invitation").prefetch_related("groups")
    context = {
        **admin.site.each_context(request),
        "title": "people",
        "form": form,
        "people": [(user, state_of(user)) for user in users.order_by("-is_active", "username")],
    }
    return TemplateResponse(request, "admin/people/people.html", context)


def link_page(request, user, link):
    """Shows a link, this once: it is kept nowhere."""
    context = {
        **admin.site.each_context(request),
        "title": "the link",
        "invited": user,
        "link": link,
        "expires_at": user.invitation.expires_at,
        "time_zone": zone_name(),
    }
    return TemplateResponse(request, "admin/people/link.html", context)


def state_of(user):
    """Whether a user may come in, and why: (one of the words below, the moment that goes with it).

    The words are ended, no group, invited until, link expired, link used, may come in.
    """
    invitation = getattr(user, "invitation", None)
    if not user.is_active:
        return "ended", None
    if not user.is_staff:
        return "no group", None
    if invitation is None:
        return "may come in", None
    if invitation.is_used:
        return "link used", None
    return "invited until" if invitation.is_open else "link expired", invitation.expires_at


@for_owners
def renew(request, pk):
    """A new link for somebody, also for who was ended; the one before opens no more."""
    if request.method != "POST":
        return redirect("editing:people")
    with transaction.atomic():
        user = get_object_or_404(User.objects.select_for_update(), pk=pk)
        if not user.is_staff:
            access.follow_groups(user)
        if not user.is_staff:
            messages.warning(
                request, f"No link yet: {user} is in no group. Choose one, save, then make it."
            )
            return redirect("admin:auth_user_change", user.pk)
        if not user.is_active:
            user.is_active = True
            user.save(update_fields=["is_active"])
        return link_page(request, user, sign_in.invite(user, request.user))


@for_owners
def end(request, pk):
    if request.method != "POST":
        return redirect("editing:people")
    with transaction.atomic():
        user = get_object_or_404(User, pk=pk)
        if user == request.user:
            messages.error(request, "This is you: another owner can end your access.")
        elif access.leaves_no_owner([user]):
            messages.error(request, access.LAST_OWNER)
        else:
            access.end(user)
            messages.success(
                request, f"Ended: {user} may not come in any more. What they wrote is kept."
            )
    return redirect("editing:people")
