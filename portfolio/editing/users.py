"""Who may come in: the Owner decides, and nobody else, whatever permissions they were given."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User

from portfolio.rights import is_owner

from .lists import SearchedAdmin


class OwnersOnly:
    """For a ModelAdmin: to whoever may change users, every permission is but a step away."""

    def has_module_permission(self, request):
        return is_owner(request.user)

    def has_view_permission(self, request, obj=None):
        return is_owner(request.user)

    has_add_permission = has_module_permission
    has_change_permission = has_delete_permission = has_view_permission


admin.site.unregister([User, Group])


@admin.register(User)
class OwnersUserAdmin(OwnersOnly, SearchedAdmin, UserAdmin):
    pass


@admin.register(Group)
class OwnersGroupAdmin(OwnersOnly, SearchedAdmin, GroupAdmin):
    pass
