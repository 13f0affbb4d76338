"""The same site without wagtail-cache: a page is made each time that it is asked for."""

from .settings import *  # noqa: F403
from .settings import INSTALLED_APPS as APPS
from .settings import MIDDLEWARE as CACHING

INSTALLED_APPS = [app for app in APPS if app != "wagtailcache"]
MIDDLEWARE = [name for name in CACHING if not name.startswith("wagtailcache")]
# Django's default, in memory: Wagtail itself keeps where its sites begin there.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
