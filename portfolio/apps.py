from django.apps import AppConfig, apps
from django.core.signals import request_started


class PortfolioConfig(AppConfig):
    name = "portfolio"

    def ready(self):
        from . import images
        from .changes import watch
        from .models import NaturalKeyModel

        request_started.connect(images.forget, dispatch_uid="pictures")
        for model in apps.get_models():
            if issubclass(model, NaturalKeyModel):
                watch(model)
