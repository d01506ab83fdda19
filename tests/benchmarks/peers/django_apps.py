"""Django as `startproject` makes it, on SQLite: DRF, DRF with `cache_page`, and django-ninja, as PEER says.

Run by itself, it makes the table and fills it.
"""

import os

import django
from django.conf import settings

from tests.benchmarks.peers import given

settings.configure(
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="benchmark",  # noqa: S106 - it signs nothing
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": given.FOLDER / "peers.sqlite3"}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "rest_framework",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.http.ConditionalGetMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402 - Django is set up by now
from django.db import connection, models  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.decorators.cache import cache_page  # noqa: E402
from ninja import ModelSchema, NinjaAPI, Schema  # noqa: E402
from ninja.renderers import BaseRenderer  # noqa: E402
from pydantic import create_model  # noqa: E402
from pydantic_core import to_json  # noqa: E402
from rest_framework import serializers  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

COLUMNS = {str: models.TextField, str | None: models.TextField, bool: models.BooleanField}
COLUMNS[bool | None] = models.BooleanField
ENVELOPE = given.envelope()


def column(name, kind):
    """The column of a member."""
    if name == "slug":
        return models.SlugField(max_length=200, primary_key=True)
    if isinstance(kind, list) or kind == list[str]:
        return models.JSONField()
    return COLUMNS[kind](null=kind in (str | None, bool | None))


Limit = type(
    "Limit",
    (models.Model,),
    {
        "__module__": __name__,
        "Meta": type("Meta", (), {"app_label": "peers", "ordering": ["slug"]}),
        **{name: column(name, kind) for name, kind in given.LIMIT.items()},
    },
)


class LimitSerializer(serializers.ModelSerializer):
    class Meta:
        model = Limit
        fields = tuple(given.LIMIT)


FIELDS = {
    str: serializers.CharField,
    int: serializers.IntegerField,
    bool: serializers.BooleanField,
    list[str]: lambda: serializers.ListField(child=serializers.CharField()),
}


def serializer(name, members):
    """A nested serializer of these members."""
    fields = {}
    for member, kind in members.items():
        nested = kind[0] if isinstance(kind, list) else kind
        is_nested = isinstance(nested, dict)
        fields[member] = serializer(member, nested)(many=isinstance(kind, list)) if is_nested else FIELDS[kind]()
    return type(name, (serializers.Serializer,), fields)


PlanSerializer = serializer("Plan", given.PLAN)


class Limits(APIView):
    def get(self, request):
        rows = LimitSerializer(Limit.objects.all(), many=True).data
        return Response({"items": rows, "total": len(rows), "next": None, **ENVELOPE})


class OneLimit(APIView):
    def get(self, request, slug):
        return Response({**LimitSerializer(Limit.objects.get(slug=slug)).data, **ENVELOPE})


class Validate(APIView):
    def post(self, request):
        plan = PlanSerializer(data=request.data)
        plan.is_valid(raise_exception=True)
        return Response(given.answer(plain(plan.validated_data)))


def plain(value):
    """Validated data as plain lists and dictionaries."""
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    return [plain(element) for element in value] if isinstance(value, list) else value


class LimitOut(ModelSchema):
    class Meta:
        model = Limit
        fields = list(given.LIMIT)


def schema(name, members):
    return create_model(name, __base__=Schema, **{member: (kind, ...) for member, kind in members.items()})


LimitsOut = schema("LimitsOut", {"items": list[LimitOut], "total": int, "next": str | None, **given.ENVELOPE})
OneOut = create_model("OneOut", __base__=LimitOut, **{name: (kind, ...) for name, kind in given.ENVELOPE.items()})
Plan = given.classes("Plan", given.PLAN, schema)


class Compact(BaseRenderer):
    """JSON without blanks between members, by a fast library, as its documentation suggests."""

    media_type = "application/json"

    def render(self, request, data, *, response_status):
        return to_json(data)


ninja = NinjaAPI(renderer=Compact())


@ninja.get("/session-limits", response=LimitsOut)
def every_limit(request):
    rows = [*Limit.objects.all()]
    return {"items": rows, "total": len(rows), "next": None, **ENVELOPE}


@ninja.get("/session-limits/{slug}", response=OneOut)
def one_limit(request, slug: str):
    limit = Limit.objects.get(slug=slug)
    for name, value in ENVELOPE.items():
        setattr(limit, name, value)
    return limit


@ninja.post("/session-plans/validate")
def validate(request, plan: Plan):
    return HttpResponse(to_json(given.answer(plan.dict())), content_type="application/json")


DRF = [
    path("v1/session-limits", Limits.as_view()),
    path("v1/session-limits/<slug:slug>", OneLimit.as_view()),
    path("v1/session-plans/validate", Validate.as_view()),
]
CACHED = [
    path("v1/session-limits", cache_page(600)(Limits.as_view())),
    path("v1/session-limits/<slug:slug>", cache_page(600)(OneLimit.as_view())),
]
urlpatterns = {"drf": DRF, "cached": CACHED, "ninja": [path("v1/", ninja.urls)]}[os.environ.get("PEER", "drf")]
application = get_wsgi_application()


def main():
    """Make the table and fill it."""
    with connection.schema_editor() as editor:
        editor.create_model(Limit)
    Limit.objects.bulk_create(Limit(**row) for row in given.rows())


if __name__ == "__main__":
    main()
