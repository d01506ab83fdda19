"""Every setting: what an operator chose, by the table in `knobs.py`, in; what Django and its apps ask for out."""

import os
import tomllib
from typing import Any

from sclero_service import knobs
from sclero_service.database import BASE_DIR

chosen = knobs.read(os.environ)

DEBUG = chosen["DEBUG"]
ALLOWED_HOSTS = chosen["ALLOWED_HOSTS"]
SECRET_KEY = chosen["SECRET_KEY"]
DATABASES = {"default": chosen["DATABASE_URL"]}
ANONYMOUS = chosen["ANONYMOUS"]
ADMIN = chosen["ADMIN"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "api.apps.ApiConfig",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "corsheaders",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "api.access_log.AccessLog",
    "api.errors.RequestBoundary",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "api.access.CrossOrigin",
    "api.authentication.Authenticate",
    "api.admission.Admission",
    "api.representations.SelectRepresentation",
    "api.access.HostAndTls",
    "api.authentication.Authorize",
    "api.errors.ProblemsOnly",
    "django.middleware.common.CommonMiddleware",  # refuses another host
    "api.access.AllowedMethods",
    "whitenoise.middleware.WhiteNoiseMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
ROOT_URLCONF = "sclero_service.urls"
WSGI_APPLICATION = "sclero_service.wsgi.application"

APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600
WHITENOISE_ALLOW_ALL_ORIGINS = False  # api.access.CrossOrigin says it of all answers
CORS_PLAN_ORIGINS = chosen["CORS_PLAN_ORIGINS"]
CORS_ALLOW_HEADERS = ("Accept", "Cache-Control", "Content-Type", "If-None-Match", "X-Request-ID")
CORS_PREFLIGHT_MAX_AGE = 7200  # the most that Chromium keeps
CACHE_URL = chosen["CACHE_URL"]
TRUSTED_PROXIES = chosen["TRUSTED_PROXIES"]
RATE_ANONYMOUS = chosen["RATE_ANONYMOUS"]
RATE_KEYED = chosen["RATE_KEYED"]
FIXTURES = BASE_DIR / "fixtures"
OPENAPI_FILE = BASE_DIR / "openapi.yaml"
METRICS_PORT = chosen["METRICS_PORT"]
METRICS_HOST = chosen["METRICS_HOST"]
SECURITY_CONTACT = chosen["SECURITY_CONTACT"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024  # the body of a plan
MOST_BYTES_OF_PLANS = 1024 * 1024  # the body of up to 100 plans

SILENCED_SYSTEM_CHECKS = [
    # No cookie, no session, no form that changes anything: a forged request has nothing to ride on. The admin has.
    *([] if ADMIN else ["security.W003"]),
    "security.W008",  # plain http is refused, not redirected: a redirect makes a POST a GET
    "security.W005",  # what other hosts of the domain serve is not for this service to say
    "security.W021",
]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if chosen["BEHIND_HTTPS_PROXY"]:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = chosen["HSTS_SECONDS"]

if ADMIN:
    CONTRIB = "django.contrib."
    INSTALLED_APPS += [f"{CONTRIB}{name}" for name in ("admin", "auth", "contenttypes", "sessions", "messages")]
    MIDDLEWARE += [
        "api.access.AdminPages",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ]
    TEMPLATES[0]["OPTIONS"] = {
        "context_processors": [
            "django.template.context_processors.request",
            f"{CONTRIB}auth.context_processors.auth",
            f"{CONTRIB}messages.context_processors.messages",
        ]
    }
    VALIDATORS = ("UserAttributeSimilarity", "MinimumLength", "CommonPassword", "NumericPassword")
    AUTH_PASSWORD_VALIDATORS = [{"NAME": f"{CONTRIB}auth.password_validation.{name}Validator"} for name in VALIDATORS]
    CSRF_FAILURE_VIEW = "api.errors.forged"
    LOGIN_REDIRECT_URL = "/admin/"
    MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # no cookie of its own
    CSRF_COOKIE_HTTPONLY = True
    DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000  # the form of a condition has those of all its rulings
    SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = "/admin"
    SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Strict"
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = chosen["BEHIND_HTTPS_PROXY"]
    SESSION_COOKIE_AGE = 8 * 60 * 60
    SESSION_EXPIRE_AT_BROWSER_CLOSE = True

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["api.rendering.Json"],
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
        "the row that the plan check enforces. Not medical advice: the treating provider decides.\n\n"
        "Start with `GET /v1`. What applies to a product in a country is `GET /v1/session-limits` with "
        "`applies_to_product` and `applies_to_jurisdiction`; which limit binds, `GET /v1/session-limits/resolve`. "
        "How many requests are taken is in `rates` of `GET /v1`, and what is left in the header `RateLimit`. "
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
        "ChangeAction": "api.serializers.history.ACTIONS",
        "ChangeKind": "api.models.releases.KINDS",
        "ClaimKind": "api.models.facts.CLAIM_KINDS",
        "ClaimVerdict": "api.models.facts.VERDICTS",
        "Comparator": "api.rules.rows.COMPARATORS",
        "Confidence": "api.models.facts.CONFIDENCES",
        "Confirmation": "api.models.fields.STATUSES",
        "EntryStatus": "api.serializers.answers.ENTRY_STATUSES",
        "Extent": "api.models.facts.EXTENTS",
        "FoamGas": "api.rules.plan.GASES",
        "Form": "api.rules.plan.FORMS",
        "Listed": "api.rules.answer.PASSED",
        "HouseLimitComparator": "api.rules.plan.BOUNDS",
        "HouseLimitUnit": "api.rules.plan.UNITS_OF_BOUNDS",
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
        "ResourceName": "api.serializers.facts.FACT_NAMES",
        "RuleKind": "api.rules.rows.KINDS",
        "Scope": "api.keys.SCOPES",
        "RowChange": "api.serializers.history.OF_ROWS",
        "RuleSet": "api.rules.plan.RULE_SETS",
        "WhoseLimit": "api.serializers.answers.WHOSE",
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
LEVELS = {  # of libraries, which all speak through the one handler
    "_granian": "ERROR",
    "django": chosen["LOG_LEVEL"],
    # Of each request `api.access_log` tells once, and of each failure that was not foreseen.
    **dict.fromkeys(("django.request", "django.security", "django.server"), "CRITICAL"),
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": "api.logs.JsonLines"}},
    "filters": {"repeats": {"()": "api.logs.Repeats"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines", "filters": ["repeats"]}},
    "root": {"handlers": ["stderr"], "level": chosen["LOG_LEVEL"]},
    "loggers": {name: {"handlers": [], "propagate": True, "level": level} for name, level in LEVELS.items()},
}
