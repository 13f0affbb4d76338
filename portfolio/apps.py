from django.apps import AppConfig, apps


class PortfolioConfig(AppConfig):
    name = "portfolio"

    def ready(self):
        from .changes import watch
        from .models import NaturalKeyModel

        for model in apps.get_models():
            if issubclass(model, NaturalKeyModel):
                watch(model)
