"""Who may do what with content: asked by every route, form, action and endpoint of the desk.

Three groups are made from the permissions below. *Writers* write drafts of their own, *Publishers*
decide what the public sees, and the *Owner* also decides who may come in. Whoever may `change` a
kind but not `publish` it writes drafts of it; whoever may `view` it sees those of others.
"""

from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q

OWNER = "Owner"


def may(user, action, model):
    """Whether a staff member has the permission for an action, such as `publish`, on a model."""
    meta = model._meta
    return user.is_staff and user.has_perm(f"{meta.app_label}.{action}_{meta.model_name}")


def may_change(user, item):
    return may(user, "change", type(item)) and is_theirs(user, item)


def may_delete(user, item):
    return may(user, "delete", type(item)) and is_theirs(user, item)


def is_theirs(user, item):
    """Whether the item is this user's to write: a draft of theirs, or all that they may publish."""
    return may_publish(user, type(item)) or is_own_draft(user, item)


def may_publish(user, model):
    """Whether the user decides what the public sees of a kind.

    What has no drafts is public at once, so that changing it is publishing it.
    """
    action = "publish" if "publish" in model._meta.default_permissions else "change"
    return may(user, action, model)


def is_own_draft(user, item):
    author = getattr(item, "author_id", None)
    return author is not None and author == user.pk and item.state == "draft"


def is_owner(user):
    """Whether the user decides who may come in, and brings in content from outside."""
    return user.is_staff and (user.is_superuser or user.groups.filter(name=OWNER).exists())


def owners():
    """Those for whom `is_owner` is true and who can sign in."""
    in_group = Group.objects.filter(name=OWNER).values("user")
    staff = User.objects.filter(is_active=True, is_staff=True)
    return staff.filter(Q(is_superuser=True) | Q(pk__in=in_group))


# The groups.

PUBLISHABLES = ("entry", "role", "principle")
WRITERS = Q(
    codename__in=[
        f"{action}_{kind}" for action in ("add", "change", "delete") for kind in PUBLISHABLES
    ]
) | Q(codename="add_image")
CONTENT = Q(content_type__app_label__in=["portfolio", "roles", "journal"])
GROUPS = {
    "Writers": CONTENT & WRITERS,
    "Publishers": CONTENT,
    OWNER: CONTENT | Q(content_type__app_label="auth"),
}
# What a group may do, as it is said to people.
DUTIES = {
    "Writers": "write drafts of their own; they see what is public, and publish nothing",
    "Publishers": "write and publish everything, and take content out",
    OWNER: "do all that, bring content in, and decide who may come in",
}


def make_groups(**kwargs):
    """Make the groups that are missing; one that is there stays as its owner left it."""
    for name, permissions in GROUPS.items():
        group, made = Group.objects.get_or_create(name=name)
        if made:
            group.permissions.set(Permission.objects.filter(permissions))
