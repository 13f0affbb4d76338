import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portfolio.settings")
application = get_wsgi_application()

from django.conf import settings  # noqa: E402 (only now may they be read)

if settings.EDGE_MEMORY and not settings.DEBUG:
    from .edge import Edge

    application = Edge(application)
