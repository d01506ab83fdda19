"""Every setting of the service. Each knob is an environment variable, read and checked here and nowhere else.

SECRET_KEY              50 characters or more; needed as soon as another host than this machine is served
DEBUG                   off; cannot be on beside another host than this machine
ALLOWED_HOSTS           comma-separated host names; default localhost,127.0.0.1,[::1]
DATABASE_URL            default sqlite:///db.sqlite3 in the project folder; postgres://user:password@host/name
CACHE_URL               default locmemcache://; rediscache://host:6379/0 where several processes share a cache
BEHIND_HTTPS_PROXY      off; on when a proxy ends TLS and sets X-Forwarded-Proto
HSTS_SECONDS            0; how long browsers are told to use HTTPS only, once that is certain for good
LOG_LEVEL               INFO; the level of the root logger
"""

import tomllib
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
DEVELOPMENT_KEY = "development-only-" + "not-a-secret-" * 4

env = environ.Env()

DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=LOCAL_HOSTS)
SECRET_KEY = env.str("SECRET_KEY", default=DEVELOPMENT_KEY)
BEHIND_HTTPS_PROXY = env.bool("BEHIND_HTTPS_PROXY", default=False)
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")

if set(ALLOWED_HOSTS) - set(LOCAL_HOSTS):
    if DEBUG:
        raise ImproperlyConfigured("DEBUG must be off where ALLOWED_HOSTS names another host than this machine.")
    if SECRET_KEY == DEVELOPMENT_KEY or len(SECRET_KEY) < 50:
        raise ImproperlyConfigured("Set SECRET_KEY, 50 characters or more: ALLOWED_HOSTS names another host.")
if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name its hosts; '*' would let any Host header in.")
if LOG_LEVEL not in ("DEBUG", "INFO", "WARNING", "ERROR"):
    raise ImproperlyConfigured("LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR.")


def database() -> dict[str, Any]:
    """The one database, tuned for its vendor."""
    config: dict[str, Any] = env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}")
    options = config.setdefault("OPTIONS", {})
    if config["ENGINE"] == "django.db.backends.sqlite3":
        # WAL lets readers go on while a release is written; IMMEDIATE avoids "database is locked" on upgrade.
        options["transaction_mode"] = "IMMEDIATE"
        options["timeout"] = 5
        options["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
    elif config["ENGINE"] == "django.db.backends.postgresql":
        # A migration that waits for a lock must not make readers queue behind it.
        options.setdefault("connect_timeout", 3)
        options.setdefault("options", "-c lock_timeout=3000")
        config["CONN_MAX_AGE"] = 60
        config["CONN_HEALTH_CHECKS"] = True
    else:
        raise ImproperlyConfigured("DATABASE_URL must be sqlite:///… or postgres://…")
    return config


DATABASES = {"default": database()}
CACHES = {"default": env.cache_url("CACHE_URL", default="locmemcache://")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "api.apps.ApiConfig",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "api.errors.RequestBoundary",
    "django.middleware.security.SecurityMiddleware",
    "api.representations.SelectRepresentation",
    "api.errors.ProblemsOnly",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
ROOT_URLCONF = "sclero_service.urls"
WSGI_APPLICATION = "sclero_service.wsgi.application"

APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600
FIXTURES = BASE_DIR / "fixtures"
OPENAPI_FILE = BASE_DIR / "openapi.yaml"
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024  # the body of a plan
MOST_BYTES_OF_PLANS = 1024 * 1024  # the body of up to 100 plans

SILENCED_SYSTEM_CHECKS = [
    "security.W003",  # no cookie, no session, no form: there is nothing for a forged request to ride on
    "security.W005",  # what other hosts of the domain serve is not for this service to say
    "security.W021",
]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if BEHIND_HTTPS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=0)

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["api.parsers.StrictJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "api.negotiation.Negotiation",
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "api.schema.ContractSchema",
    "EXCEPTION_HANDLER": "api.errors.handle",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Sclerotherapy content and rules",
    "DESCRIPTION": (
        "Sclerotherapy facts with their sources, and a second look at session plans. The number that a limit shows is "
        "the row that the plan check enforces. Not medical advice: the treating provider decides."
    ),
    "VERSION": tomllib.loads((BASE_DIR / "pyproject.toml").read_text("utf-8"))["project"]["version"],
    "LICENSE": {"name": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/"},
    "SERVERS": [{"url": "/"}],
    "TAGS": [
        {"name": "Facts", "description": "Published facts, each with its sources."},
        {"name": "Plans", "description": "The check of session plans."},
        {"name": "Releases", "description": "Content as it was published."},
        {"name": "Service", "description": "The way in, errors, health."},
    ],
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SORT_OPERATIONS": False,
    "PREPROCESSING_HOOKS": ["api.schema.only_the_contract"],
    "POSTPROCESSING_HOOKS": ["api.schema.tell_the_truth"],
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message:.1000}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    # Anyone can send a wrong Host header, or the like; it is answered, and not worth a traceback each time.
    "loggers": {"django.security": {"level": "CRITICAL"}},
}
