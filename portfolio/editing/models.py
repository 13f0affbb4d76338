"""What the desk keeps beside the content: nothing of it is content, and no reader sees it."""

import hashlib
import secrets
import uuid
from datetime import timedelta

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from portfolio.page import absolute

from .state import is_key


def key_of(item):
    """What the desk calls an item: its kind and its number, such as `journal.entry:42`."""
    return f"{item._meta.label_lower}:{item.pk}"


def new_key(model):
    """A key for something of this kind that has not been saved yet."""
    return f"{model._meta.label_lower}:{uuid.uuid4()}"


def model_of(key):
    """The model of a key; LookupError if there is none."""
    try:
        return apps.get_model(key.partition(":")[0])
    except ValueError as error:
        raise LookupError(key) from error


def item_of(key):
    """The item that a key stands for, or that has come of the key of something new; None if none.

    What is new takes the UUID of its key, so that no key can be used twice.
    """
    model, number = model_of(key), key.partition(":")[2]
    name = "pk" if is_key(number) else "uuid"
    return model._base_manager.filter(**{name: number}).first()


class WorkingCopyQuerySet(models.QuerySet):
    def exists_for(self, model):
        """For a queryset of the model: whether there is a working copy of each."""
        number = Cast(models.OuterRef("pk"), models.CharField())
        return models.Exists(
            self.filter(key=Concat(models.Value(f"{model._meta.label_lower}:"), number))
        )


class WorkingCopy(models.Model):
    """What someone has written of an item and not yet saved to it: its form, as it stands.

    There is one for each item, whoever writes it. `data` has the form as a browser sends it, as
    {name: [values]}, finished or not; `base` is the edition of the item that it was begun from,
    `tab` the window that wrote it last, and `sequence` how often that had sent it then.
    """

    key = models.CharField(max_length=100, unique=True)
    title = models.CharField(max_length=300, blank=True)
    data = models.JSONField()
    base = models.JSONField(default=dict)
    tab = models.CharField(max_length=40, blank=True)
    sequence = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = WorkingCopyQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        verbose_name = "draft"
        ordering = ["-updated_at"]

    def __str__(self):
        return self.title or "untitled"

    @property
    def is_new(self):
        """Whether its item has not been saved yet."""
        return not self.key.partition(":")[2].isdigit()


class ShareLinkQuerySet(models.QuerySet):
    def good(self):
        """Those that still open something."""
        return self.filter(revoked_at=None, expires_at__gt=timezone.now())


class ShareLink(models.Model):
    """A way to show one draft to someone who cannot sign in, until it expires or is revoked."""

    key = models.CharField(max_length=100, db_index=True)
    note = models.CharField(max_length=100, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    objects = ShareLinkQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["-created_at"]

    def __str__(self):
        return f"{self.key} until {self.expires_at:%Y-%m-%d}"

    def get_absolute_url(self):
        return reverse("shared", args=[self.pk, self.signature()])

    @property
    def address(self):
        """Its address as the world outside knows it."""
        return absolute(self.get_absolute_url())

    def signature(self, secret=settings.SECRET_KEY):
        """What makes it good for this one item alone."""
        return salted_hmac("share", f"{self.pk} {self.key}", secret, algorithm="sha256").hexdigest()

    @classmethod
    def find(cls, pk, signature):
        """The link that is good now; None for any other."""
        link = cls.objects.good().filter(pk=pk).first()
        secrets = settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS
        if link and any(constant_time_compare(link.signature(key), signature) for key in secrets):
            return link
        return None


def digest_of(secret):
    return hashlib.sha256(secret.encode()).hexdigest()


class InvitationManager(models.Manager):
    def renew(self, user, by=None):
        """Make the one good invitation of a user; gives the token, which is kept nowhere."""
        token = secrets.token_urlsafe(32)
        now = timezone.now()
        values = {
            "token_digest": digest_of(token),
            "password_digest": digest_of(user.password),
            "created_at": now,
            "created_by": by,
            "expires_at": now + timedelta(days=Invitation.VALID_DAYS),
        }
        user.invitation, _ = self.update_or_create(user=user, defaults=values)
        return token

    def accepts(self, user, token):
        """Whether the token is of the user's invitation, and that is still good."""
        invitation = self.filter(user=user).select_related("user").first()
        return (
            invitation is not None
            and invitation.is_open
            and constant_time_compare(invitation.token_digest, digest_of(token))
        )


class Invitation(models.Model):
    """The one-time link by which somebody first comes in, without the token that makes it one.

    It is good until it expires, is replaced or ended, or a password is set by whatever way:
    `password_digest` is of the password's hash as it was when the link was made.
    """

    VALID_DAYS = 7

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="invitation")
    token_digest = models.CharField(max_length=64)
    password_digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    expires_at = models.DateTimeField()

    objects = InvitationManager()

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"{self.user} until {self.expires_at:%Y-%m-%d}"

    @property
    def is_used(self):
        """Whether a password has been set since."""
        return self.password_digest != digest_of(self.user.password)

    @property
    def is_open(self):
        return not self.is_used and self.expires_at > timezone.now()


class Presence(models.Model):
    """That someone has an item open in a window, and when the window last said so."""

    key = models.CharField(max_length=100)
    tab = models.CharField(max_length=40)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["key", "tab"], name="presence_once_a_tab")]

    def __str__(self):
        return f"{self.user} at {self.key}"


class Finding(models.Model):
    """What the checks found of an item when they last looked at its page."""

    key = models.CharField(max_length=100, db_index=True)
    check_name = models.CharField(max_length=40)
    blocking = models.BooleanField()
    message = models.TextField()
    found_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        ordering = ["-blocking", "key", "pk"]

    def __str__(self):
        return self.message


class Deletion(models.Model):
    """What was deleted, beside its last version, which is in the revision.

    It has what no version holds: whose it was, and as `links` what pointed at it, by the name of
    the relation, such as {"journal.entry.role": [primary keys]}, and as `moments` its times to the
    microsecond, which a version cuts.
    """

    revision = models.ForeignKey("reversion.Revision", models.CASCADE, related_name="deletions")
    key = models.CharField(max_length=100)
    title = models.CharField(max_length=300)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    links = models.JSONField(default=dict)
    moments = models.JSONField(default=dict)
    # The key of what it was brought back as.
    recovered_as = models.CharField(max_length=100, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ["-pk"]

    def __str__(self):
        return self.title

    @property
    def kind(self):
        return model_of(self.key)._meta.verbose_name
