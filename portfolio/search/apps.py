from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SearchConfig(AppConfig):
    name = "portfolio.search"

    def ready(self):
        from portfolio.changes import content_changed

        from . import index

        content_changed.connect(index.follow, dispatch_uid="search")
        post_migrate.connect(index.fill, self, dispatch_uid="search")
