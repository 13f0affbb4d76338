"""WSGI: Django with one view, which answers a constant, and no middleware."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

from bench.constant import BODY, HEADERS


def view(request):
    return HttpResponse(BODY, headers=dict(HEADERS))


urlpatterns = [path("", view)]
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])
application = get_wsgi_application()
