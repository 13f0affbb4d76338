"""Says that content has changed, however Django wrote it.

Django sends signals for what is saved or deleted one by one, and none for what a queryset writes in
bulk. All of it ends in `content_changed`, sent inside the transaction that writes: a receiver that
fails takes the change back. Only SQL by hand goes unnoticed.
"""

from django.db import transaction
from django.db.models import signals
from django.dispatch import Signal

from .parts import PartsQuerySet

# Its sender is the model. `pks` are the rows that were written or deleted, None where only the
# database knows; `fields` the names of the fields that were written, None where it may be any.
content_changed = Signal()


def announce(model, pks, fields=None, owners=()):
    """Send `content_changed` for these rows, and for what they are a part of or were: `owners`."""
    if pks is not None and not pks:
        return
    content_changed.send(model, pks=pks, fields=fields)
    if model.part_of:
        owner = model._meta.get_field(model.part_of).related_model
        pks = None if pks is None else {*owners, *owners_of(model, pks)}
        content_changed.send(owner, pks=pks, fields=None)


def owners_of(model, pks):
    if not model.part_of:
        return set()
    return set(model._base_manager.filter(pk__in=pks).values_list(model.part_of, flat=True))


class ContentQuerySet(PartsQuerySet):
    """Announces what it writes in bulk; `bulk_update` is made of `update`."""

    def update(self, **values):
        with transaction.atomic(using=self.db, savepoint=False):
            # Afterwards the rows may no longer be those that the queryset selects.
            pks = set(self.values_list("pk", flat=True))
            owners = owners_of(self.model, pks)
            number = super().update(**values)
            announce(self.model, pks, set(values), owners)
        return number

    update.alters_data = True

    def bulk_create(self, objs, *args, **kwargs):
        with transaction.atomic(using=self.db, savepoint=False):
            created = super().bulk_create(objs, *args, **kwargs)
            pks = {item.pk for item in created}
            announce(self.model, None if None in pks else pks)
        return created


def watch(model):
    """Announce what is saved and deleted of a model, and what its many-to-many relations get."""
    for signal, receiver in (
        (signals.pre_save, before_save),
        (signals.post_save, after_save),
        (signals.post_delete, after_delete),
    ):
        signal.connect(receiver, model, dispatch_uid=f"content_changed {model._meta.label}")
    for field in model._meta.many_to_many:
        through = field.remote_field.through
        signals.m2m_changed.connect(after_relating, through, dispatch_uid=f"{through} changed")


def before_save(sender, instance, **kwargs):
    instance._owners_before = owners_of(sender, [instance.pk])


def after_save(sender, instance, update_fields, **kwargs):
    announce(sender, {instance.pk}, update_fields, instance._owners_before)


def after_delete(sender, instance, **kwargs):
    owner = sender.part_of and sender._meta.get_field(sender.part_of).attname
    announce(sender, {instance.pk}, owners={getattr(instance, owner)} if owner else ())


def after_relating(sender, instance, action, **kwargs):
    if action.startswith("post_"):
        # The table between the two holds the relation, not a field of either.
        announce(type(instance), {instance.pk}, fields=set())
