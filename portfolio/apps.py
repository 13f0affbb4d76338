from django.apps import AppConfig, apps
from django.core.signals import request_started


class PortfolioConfig(AppConfig):
    name = "portfolio"

    def ready(self):
        from . import edition, images
        from .changes import content_changed, watch
        from .models import NaturalKeyModel

        content_changed.connect(edition.begin_another, dispatch_uid="edition")
        request_started.connect(images.forget, dispatch_uid="pictures")
        for model in apps.get_models():
            if issubclass(model, NaturalKeyModel):
                watch(model)
