"""Has the months counted in which something changed, in the transaction of the change."""

from .models import CountedMonth, Entry

COUNTED = {"month", "publish_at", "updated_at"}


def follow(sender, pks, fields, **kwargs):
    """Receives `content_changed`: counts the months of the entries that were written."""
    if sender is Entry and (fields is None or COUNTED.intersection(fields)):
        entries = Entry.objects.all() if pks is None else Entry.objects.filter(pk__in=pks)
        CountedMonth.objects.recount(months_of(entries))


def months_of(entries):
    return {*entries.order_by().values_list("month", flat=True)}


def before(sender, instance, **kwargs):
    """Before an entry is saved or deleted: notes the month that it is counted in, if it is."""
    instance._counted_in = months_of(Entry.objects.filter(pk=instance.pk))


def after_save(sender, instance, **kwargs):
    CountedMonth.objects.recount(instance._counted_in - {instance.month})


def after_delete(sender, instance, **kwargs):
    CountedMonth.objects.recount(instance._counted_in)
