from django.apps import AppConfig
from django.db.models import signals


class JournalConfig(AppConfig):
    name = "journal"

    def ready(self):
        from portfolio.changes import content_changed

        from . import counts
        from .models import Entry

        content_changed.connect(counts.follow, dispatch_uid="counts")
        for signal, receiver in (
            (signals.pre_save, counts.before),
            (signals.pre_delete, counts.before),
            (signals.post_save, counts.after_save),
            (signals.post_delete, counts.after_delete),
        ):
            signal.connect(receiver, Entry, dispatch_uid="counts")
