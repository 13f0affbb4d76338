"""Who may come in at all: staff status follows from the groups, and an owner always stays."""

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, pre_delete

from portfolio.rights import owners

from .models import Invitation

LAST_OWNER = (
    "This is the only owner, and nobody else could let anyone in: "
    "make somebody else an owner first."
)


def follow_groups(user):
    """Whoever is in a group or a superuser is staff; the invitation of anyone else is no more."""
    user.is_staff = user.is_superuser or user.groups.exists()
    User.objects.filter(pk=user.pk).update(is_staff=user.is_staff)
    if not (user.is_staff and user.is_active):
        Invitation.objects.filter(user=user).delete()


@transaction.atomic
def end(user):
    """Let a user in no more: their sessions, password and links are good for nothing.

    What they wrote stays theirs, and so does their group, for whoever invites them again.
    """
    user.is_active = False
    user.set_unusable_password()
    user.save(update_fields=["is_active", "password"])
    Invitation.objects.filter(user=user).delete()


def leaves_no_owner(users):
    """Whether nobody would be left to let people in if these could not.

    In a transaction the owners stay as they are until it ends.
    """
    if transaction.get_connection().in_atomic_block:
        # By itself: what it waits for is seen by the next query only.
        list(owners().select_for_update(of=("self",)).order_by("pk"))
    left = {*owners().values_list("pk", flat=True)}
    return bool(left) and left <= {user.pk for user in users}


# The groups of a user change in a form, a shell, or with the group itself.


def follow_changes():
    m2m_changed.connect(_membership_changed, User.groups.through)
    pre_delete.connect(_group_is_going, Group)
    post_delete.connect(_group_is_gone, Group)


def _membership_changed(instance, action, reverse, pk_set, **kwargs):
    if not reverse:
        if action.startswith("post_"):
            follow_groups(instance)
    elif action == "pre_clear":
        _group_is_going(instance)
    elif action == "post_clear":
        _group_is_gone(instance)
    elif action.startswith("post_"):
        for user in User.objects.filter(pk__in=pk_set):
            follow_groups(user)


def _group_is_going(instance, **kwargs):
    instance.users_left = [*instance.user_set.all()]


def _group_is_gone(instance, **kwargs):
    for user in instance.users_left:
        follow_groups(user)
