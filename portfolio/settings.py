"""The settings of every installation: read from the environment, checked, and nothing else.

`.env.example` lists each variable. A site whose `SITE_URL` is https is in production; there the
weak values that are handy at home stop it from starting.
"""

import ipaddress
import os
import re
import secrets
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy
from environs import Env, EnvError

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()
env.read_env(os.environ.get("ENV_FILE", BASE_DIR / ".env"), recurse=False)


def read(parse, name, default):
    """One variable of the environment; a value that does not parse stops the start."""
    try:
        return parse(name, default)
    except EnvError as error:
        raise ImproperlyConfigured(f"{name}: {error}") from None


# Everything the site writes: the database, pictures, collected static files and the local key.
VAR_DIR = BASE_DIR / read(env.str, "VAR_DIR", "var")

# Where the site stands.


def is_local(host):
    """Whether a host name or address never leaves this machine or the home network."""
    if host == "localhost" or host.endswith((".localhost", ".local")):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_private


# Where `make run` listens.
HOST = read(env.str, "HOST", "127.0.0.1")
PORT = read(env.int, "PORT", 8000)
# Instead of those: the path of a socket that a web server on this machine has its requests go to.
SOCKET = read(env.str, "SOCKET", "")
LOCAL_HOST = "127.0.0.1" if HOST in ("0.0.0.0", "::") else HOST  # noqa: S104

SITE_URL = read(env.str, "SITE_URL", f"http://{LOCAL_HOST}:{PORT}").rstrip("/")
site = urlsplit(SITE_URL)
if site.scheme not in ("http", "https") or not site.hostname or site.path or site.query:
    raise ImproperlyConfigured(
        f"SITE_URL is {SITE_URL!r}: give a scheme and a host, such as https://example.org"
    )
if site.scheme == "http" and not is_local(site.hostname):
    raise ImproperlyConfigured(
        f"SITE_URL is {SITE_URL!r}: plain http is for this machine only; use https://"
    )
PRODUCTION = site.scheme == "https"

DEBUG = read(env.bool, "DEBUG", False)
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG is on for a public site: unset DEBUG")

ALLOWED_HOSTS = read(
    env.list,
    "ALLOWED_HOSTS",
    [site.hostname] if PRODUCTION else [LOCAL_HOST, "localhost", "127.0.0.1", "[::1]"],
)
if PRODUCTION and any(host.startswith(("*", ".")) for host in ALLOWED_HOSTS):
    raise ImproperlyConfigured(
        f"ALLOWED_HOSTS is {','.join(ALLOWED_HOSTS)!r}: name each host; a wildcard lets anyone "
        "choose the addresses that the site writes into its pages"
    )
CSRF_TRUSTED_ORIGINS = [SITE_URL]


def local_key():
    """The key kept in `VAR_DIR/secret_key`, made on first use: for a site on this machine only."""
    path = VAR_DIR / "secret_key"
    try:
        if not path.exists():
            VAR_DIR.mkdir(parents=True, exist_ok=True)
            descriptor, draft = tempfile.mkstemp(dir=VAR_DIR)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(64))
            os.replace(draft, path)
        return path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path} cannot be written ({error.strerror}): "
            "set VAR_DIR to a folder that this user may write"
        ) from None


SECRET_KEY = read(env.str, "SECRET_KEY", "")
if not SECRET_KEY and not PRODUCTION:
    SECRET_KEY = local_key()
if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5:
    raise ImproperlyConfigured(
        "SECRET_KEY is missing or weak: set it to 50 or more random characters, such as those of "
        "python3 -c 'import secrets; print(secrets.token_urlsafe(64))'"
    )
SECRET_KEY_FALLBACKS = read(env.list, "SECRET_KEY_FALLBACKS", [])

# What it is made of.

INSTALLED_APPS = [
    "portfolio",
    "portfolio.search",
    "portfolio.editing",
    "roles",
    "journal",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "axes",
    "csp",
    "markdownx",
    "reversion",
    "adminsortable2",
]
MIDDLEWARE = [
    "portfolio.logs.write_access",
    "portfolio.health.answer_probes",
    "portfolio.robots.close_other_hosts",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portfolio.compression.compress",
    "csp.middleware.CSPMiddleware",
    "portfolio.middleware.refuse_nul",
    "portfolio.middleware.speculate",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "portfolio.editing.clock.author_time",
    "portfolio.redirects.redirect_to_canonical",
]
ROOT_URLCONF = "portfolio.urls"
WSGI_APPLICATION = "portfolio.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portfolio.views.site",
            ],
            "builtins": ["portfolio.templatetags.portfolio"],
        },
    }
]
# The admin's and django-markdownx's widgets can then be changed in templates/ like any page.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Bytes of finished pages that each worker keeps in memory; none: each is made anew each time.
EDGE_MEMORY = read(env.int, "EDGE_MEMORY", 64) * 1024**2

# Content.


def database(url):
    """Django's settings for one database address; only the two engines that the tests run on."""
    scheme = url.split(":", 1)[0]
    if scheme not in ("sqlite", "postgres", "postgresql"):
        raise ImproperlyConfigured(
            f"DATABASE_URL starts with {scheme!r}: unknown scheme; use sqlite:// or postgres://"
        )
    # Each of the server's threads keeps one connection and looks at it before each request: its
    # threads are the pool. psycopg's own, in its place, answered the first request after a restart
    # of PostgreSQL with an error, after 5 seconds in which it tried its 6 dead connections one by
    # one (this: 15 ms), and held a thread as long for each request while there was none.
    try:
        config = dj_database_url.parse(
            url,
            conn_max_age=600,
            conn_health_checks=True,
            disable_server_side_cursors=read(env.bool, "PGBOUNCER", False),
        )
    except ValueError as error:
        raise ImproperlyConfigured(f"DATABASE_URL cannot be read: {error}") from None
    if scheme == "sqlite":
        # Under 8 writers these lost 0 of 800 writes, Django's own defaults 65.
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;",
        }
        # A file, since a database in memory has neither WAL nor more than one writer.
        config["TEST"] = {"NAME": config["NAME"] + ".test"}
    else:
        # What the address says goes first. There is no limit on how long a statement may take:
        # an import and a migration know no bound, and one that the network lost ends with these.
        config["OPTIONS"] = {
            "application_name": "portfolio",
            "connect_timeout": 3,  # seconds, as the next three
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 15_000,  # milliseconds
        } | config.get("OPTIONS", {})
    return config


DATABASES = {
    "default": database(read(env.str, "DATABASE_URL", f"sqlite:///{VAR_DIR}/site.sqlite3"))
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TIME_ZONE = read(env.str, "TIME_ZONE", "UTC")
LANGUAGE_CODE = "en"
# One language: without the search for another one, which each address and number would begin.
USE_I18N = False
USE_TZ = True


def pictures():
    """Django's settings for where pictures are kept: in a bucket if one is set, or MEDIA_ROOT."""
    options = {
        "bucket_name": read(env.str, "S3_BUCKET", ""),
        "access_key": read(env.str, "S3_ACCESS_KEY", ""),
        "secret_key": read(env.str, "S3_SECRET_KEY", ""),
        "endpoint_url": read(env.str, "S3_ENDPOINT", "").rstrip("/"),
        "region_name": read(env.str, "S3_REGION", ""),
    }
    if not any(options.values()):
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    for name in ("bucket_name", "access_key", "secret_key"):
        if not options[name]:
            variable = f"S3_{name.removesuffix('_name').upper()}"
            raise ImproperlyConfigured(
                f"{variable} is missing: pictures in a bucket need S3_BUCKET, S3_ACCESS_KEY and "
                "S3_SECRET_KEY; unset every S3_… to keep them in VAR_DIR"
            )
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", options["bucket_name"]):
        raise ImproperlyConfigured(
            f"S3_BUCKET is {options['bucket_name']!r}: give the bucket's name alone, which has 3 "
            "to 63 small letters, digits, dots and hyphens"
        )
    try:
        endpoint = urlsplit(options["endpoint_url"])
        is_origin = endpoint.scheme in ("http", "https") and endpoint.hostname and not endpoint.path
        is_origin = is_origin and not endpoint.query and (endpoint.port is None or endpoint.port)
    except ValueError:
        is_origin = False
    if options["endpoint_url"] and not is_origin:
        raise ImproperlyConfigured(
            f"S3_ENDPOINT is {options['endpoint_url']!r}: give a scheme and a host, such as "
            "https://s3.example.org"
        )
    options["endpoint_url"] = options["endpoint_url"] or None
    options["region_name"] = options["region_name"] or "us-east-1"
    # What another program's AWS_… says is not for this one.
    options |= {"security_token": None, "session_profile": None}
    return {"BACKEND": "portfolio.bucket.Bucket", "OPTIONS": options}


STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
# Wherever they are kept: texts name it.
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    "default": pictures(),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Above the length that a Markdown field accepts, so that a text too long comes back in its form
# with the reason instead of being lost to an error page.
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

MARKDOWNX_MARKDOWNIFY_FUNCTION = "portfolio.markdown.render"
MARKDOWNX_URLS_PATH = reverse_lazy("editing:preview")
MARKDOWNX_UPLOAD_URLS_PATH = reverse_lazy("editing:upload")

# Who may come in.

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
# Seconds that a one-time sign-in link is good for.
PASSWORD_RESET_TIMEOUT = 15 * 60
LOGIN_URL = "admin:login"
# Counted in the database, which all workers share; by name and address together, so that nobody
# can lock the editor out from elsewhere.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "admin/locked_out.html"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False

if PRODUCTION:
    # All come from the web server, which says for whom.
    AXES_CLIENT_IP_CALLABLE = "portfolio.sign_in.client_address"

# What a browser may do with a page.

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_ENGINE = "portfolio.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
if PRODUCTION:
    # The web server in front ends TLS and says so; it must drop this header from outside.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    # Speaks for every host below SITE_URL's; switch it off while one of them is plain http.
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = read(env.bool, "HSTS_SUBDOMAINS", True)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"record": {"()": f"portfolio.logs.{'Lines' if PRODUCTION else 'Plain'}"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "record"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    # At home a line for each request would be in the way.
    "loggers": {"portfolio.access": {"level": "INFO" if PRODUCTION else "WARNING"}},
}
