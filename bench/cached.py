"""Settings: the site with Django's cache middleware in place of the layer in front of it."""

from portfolio.settings import *  # noqa: F403
from portfolio.settings import MIDDLEWARE as OURS

EDGE_MEMORY = 0
MIDDLEWARE = [
    "django.middleware.cache.UpdateCacheMiddleware",
    *OURS,
    "django.middleware.cache.FetchFromCacheMiddleware",
]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
