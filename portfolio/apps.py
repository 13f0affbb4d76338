from django.apps import AppConfig, apps


class PortfolioConfig(AppConfig):
    name = "portfolio"

    def ready(self):
        from . import edition
        from .changes import content_changed, watch
        from .models import NaturalKeyModel

        content_changed.connect(edition.begin_another, dispatch_uid="edition")

        for model in apps.get_models():
            if issubclass(model, NaturalKeyModel):
                watch(model)
