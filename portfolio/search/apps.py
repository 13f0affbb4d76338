from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class SearchConfig(AppConfig):
    name = "portfolio.search"

    def ready(self):
        from portfolio.changes import content_changed

        from . import index, models

        connection_created.connect(models.teach_sqlite, dispatch_uid="search")
        content_changed.connect(index.follow, dispatch_uid="search")
        post_migrate.connect(index.fill, self, dispatch_uid="search")
