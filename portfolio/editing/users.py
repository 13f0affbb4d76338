"""The stock forms of users and groups: the Owner's, and nobody else's, whatever they were given."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.shortcuts import redirect

from portfolio.rights import OWNER, is_owner

from .access import LAST_OWNER, follow_groups, leaves_no_owner
from .lists import TolerantAdmin


class OwnersOnly:
    """For a ModelAdmin: to whoever may change users, every permission is but a step away."""

    def has_module_permission(self, request):
        return is_owner(request.user)

    def has_view_permission(self, request, obj=None):
        return is_owner(request.user)

    has_add_permission = has_module_permission
    has_change_permission = has_delete_permission = has_view_permission


admin.site.unregister([User, Group])


class UserForm(UserChangeForm):
    def clean(self):
        data = super().clean()
        groups = [group.name for group in data.get("groups") or ()]
        decides = data.get("is_superuser") or OWNER in groups
        if not (decides and data.get("is_active")) and leaves_no_owner([self.instance]):
            raise ValidationError(LAST_OWNER)
        return data


@admin.register(User)
class OwnersUserAdmin(OwnersOnly, TolerantAdmin, UserAdmin):
    """The details of a user, who comes in by an invitation: nobody makes up a password for them."""

    form = UserForm
    fieldsets = [
        (None, {"fields": ["username", "password", "first_name", "last_name", "email"]}),
        (
            "May do",
            {
                "fields": ["is_active", "groups", "is_superuser", "user_permissions"],
                "description": "Whoever is in a group, or a superuser, may come in; nobody else.",
            },
        ),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]

    def add_view(self, request, form_url="", extra_context=None):
        if not self.has_add_permission(request):
            raise PermissionDenied
        return redirect("editing:people")

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        follow_groups(form.instance)

    def get_deleted_objects(self, objs, request):
        refuse_to_delete(objs)
        return super().get_deleted_objects(objs, request)

    @transaction.atomic
    def delete_queryset(self, request, queryset):
        refuse_to_delete(queryset)
        super().delete_queryset(request, queryset)


def refuse_to_delete(users):
    if leaves_no_owner(users):
        raise PermissionDenied(LAST_OWNER)


@admin.register(Group)
class OwnersGroupAdmin(OwnersOnly, TolerantAdmin, GroupAdmin):
    """The group of the owners keeps its name, by which it is known, and stays."""

    def get_readonly_fields(self, request, obj=None):
        return ["name"] if obj and obj.name == OWNER else []

    def has_delete_permission(self, request, obj=None):
        may = super().has_delete_permission(request, obj)
        return may and (obj is None or obj.name != OWNER)
