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
        "the row that the plan check enforces. Not medical advice: the treating provider decides.\n\n"
        "Start with `GET /v1`. What applies to a product in a country is `GET /v1/session-limits` with "
        "`applies_to_product` and `applies_to_jurisdiction`; which limit binds, `GET /v1/session-limits/resolve`. "
        "Failures are explained at `/v1/problems`, terms and contact at `/`. The `1` of `/v1` stands for paths and "
        "members, which stay; the version of this document, for all that a generated client has."
    ),
    "VERSION": tomllib.loads((BASE_DIR / "pyproject.toml").read_text("utf-8"))["project"]["version"],
    "CONTACT": {"name": "Whoever runs this service; the page at / says how to ask"},
    "TOS": "https://creativecommons.org/licenses/by/4.0/legalcode",
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
    "SORT_OPERATION_PARAMETERS": False,
    "PREPROCESSING_HOOKS": ["api.schema.only_the_contract"],
    "POSTPROCESSING_HOOKS": [
        "api.schema.with_plans",
        "drf_spectacular.hooks.postprocess_schema_enums",
        "api.schema.tell_the_truth",
    ],
    "ENUM_SUFFIX": "",
    "ENUM_NAME_OVERRIDES": {  # each enumeration of the contract is one component of this name
        "AmountUnit": "api.rules.plan.AMOUNT_UNITS",
        "Applicability": "api.serializers.answers.APPLICABILITY",
        "Aspect": "api.models.facts.ASPECTS",
        "ClaimKind": "api.models.facts.CLAIM_KINDS",
        "ClaimVerdict": "api.models.facts.VERDICTS",
        "Comparator": "api.rules.rows.COMPARATORS",
        "Confidence": "api.models.facts.CONFIDENCES",
        "Confirmation": "api.models.fields.STATUSES",
        "EntryStatus": "api.serializers.answers.ENTRY_STATUSES",
        "Extent": "api.models.facts.EXTENTS",
        "FoamGas": "api.rules.plan.GASES",
        "Form": "api.rules.plan.FORMS",
        "Jurisdiction": "api.rules.plan.JURISDICTIONS",
        "Knowledge": "api.rules.coverage.KNOWLEDGE",
        "Measure": "api.rules.measures.NAMES",
        "Origin": "api.models.facts.ORIGINS",
        "OtherAllergy": "api.rules.plan.OTHER_ALLERGIES",
        "OtherCondition": "api.rules.plan.OTHER_CONDITIONS",
        "PatchOperation": "api.serializers.answers.PATCH_OPERATIONS",
        "Procedure": "api.rules.plan.PROCEDURES",
        "ValuesFrom": "api.rules.rows.LISTS",
        "Reason": "api.serializers.answers.REASONS",
        "RuleKind": "api.rules.rows.KINDS",
        "RuleSet": "api.rules.plan.RULE_SETS",
        "Sclerosant": "api.models.facts.SCLEROSANTS",
        "Severity": "api.rules.rows.SEVERITIES",
        "Sex": "api.rules.plan.SEXES",
        "Side": "api.rules.plan.SIDES",
        "SourceKind": "api.models.facts.SOURCE_KINDS",
        "Stance": "api.models.fields.STANCES",
        "Unbound": "api.serializers.answers.UNBOUND",
        "Unit": "api.rules.numbers.UNITS",
        "Vein": "api.rules.plan.VEINS",
        "Verdict": "api.serializers.answers.VERDICTS",
    },
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    # Anyone can send a wrong Host header; it is answered, and not worth a traceback each time.
    "loggers": {"django.security.DisallowedHost": {"level": "CRITICAL"}},
}
