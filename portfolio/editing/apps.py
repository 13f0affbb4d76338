import reversion
from django.apps import AppConfig, apps
from django.db.models import CASCADE
from django.db.models.signals import post_migrate


class EditingConfig(AppConfig):
    name = "portfolio.editing"

    def ready(self):
        from portfolio.models import NaturalKeyModel
        from portfolio.rights import make_groups

        from . import access, site_check

        site_check.follow_changes()
        access.follow_changes()
        # When the last application has its permissions, all have.
        last = [config for config in apps.get_app_configs() if config.models_module][-1]
        post_migrate.connect(make_groups, last, dispatch_uid="groups")
        kinds = [model for model in apps.get_models() if issubclass(model, NaturalKeyModel)]
        for model in kinds:
            keep_versions(model, kinds)
        # Found by its key, so that what it held can be found when it is gone.
        reversion.register(self.get_model("WorkingCopy"), object_id_field="key")
        reversion.register(self.get_model("ShareLink"))


def keep_versions(model, kinds):
    """Have django-reversion keep a version of each thing with what would be deleted with it."""
    parts = [
        relation.get_accessor_name()
        for relation in model._meta.related_objects
        if relation.on_delete is CASCADE and relation.related_model in kinds
    ]
    reversion.register(model, follow=parts)
