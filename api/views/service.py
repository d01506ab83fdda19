"""The service itself: a request in; index, documentation and health out."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from api import keys, releases
from api.authentication import caller_of
from api.pages.contract import openapi_json, openapi_yaml
from api.rates import published_rates, rates_of
from api.releases import Row
from api.rendering import Json
from api.schema import Operation
from api.serializers import FACTS, CallerSerializer, HealthSerializer, IndexSerializer, ReadySerializer
from api.views.contract import CONTENT_STATUS, ContractView, base_of
from api.views.pages import FOR_THIS_CLIENT, Anything, HtmlRenderer

NOTICE = (
    "Published facts and limits with their sources. Not medical advice: the treating provider determines eligibility "
    "and treatment."
)
LICENCE = {"name": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/"}
SECURITY_TXT_STANDS = timedelta(days=180)
LINKS = {
    **{name.replace("-", "_"): f"/v1/{name}" for name in FACTS},
    "search": "/v1/search",
    "coverage": "/v1/coverage",
    "releases": "/v1/releases",
    "feed": "/v1/releases.atom",
    "changes": "/v1/changes",
    "validate": "/v1/session-plans/validate",
    "validate_batch": "/v1/session-plans/validate-batch",
    "compare": "/v1/session-plans/compare",
    "resolve": "/v1/session-limits/resolve",
    "plan_examples": "/v1/session-plans/examples",
    "whoami": "/v1/whoami",
    "problems": "/v1/problems",
    "openapi": "/v1/openapi.yaml",
    "openapi_json": "/v1/openapi.json",
    "docs": "/docs",
}


def index(release: releases.FrozenRelease) -> dict[str, Any]:
    """What `/v1` says."""
    return {
        "service": "Sclerotherapy content and rules",
        "notice": NOTICE,
        "content_status": CONTENT_STATUS,
        "licence": LICENCE,
        "release": releases.with_row_counts(release),
        "rates": published_rates(),
        "links": LINKS,
    }


class Home(ContractView):
    """A page for people; the same as `/v1` for a client that prefers `application/json`."""

    is_for_anybody = True
    renderer_classes = (HtmlRenderer, Json)

    def get(self, request: Request) -> HttpResponse:
        release = self.release = releases.current()
        if request.accepted_renderer.format == "html":
            limits = [row for row in release.content["session-limits"] if is_of_the_article(row)]
            page = {"index": index(release), "limits": limits, "resources": resources(), "base": base_of(request)}
            response = HttpResponse(self.rendered("api/home.html", page))
            response["Cache-Control"] = FOR_THIS_CLIENT
        else:
            response = self.published(index(release))
        return response


def is_of_the_article(limit: Row) -> bool:
    """True for the clinic's own limits on the volume and the vials of a session, which the page shows."""
    return limit["rule_set"] == "clinic" and limit["quantity"] in ("session-volume", "vial-count")


def resources() -> list[dict[str, str]]:
    """The path of each resource, with what it has, for the page."""
    rows = [{"path": f"/v1/{name}", "text": resource.text} for name, resource in FACTS.items()]
    return sorted(rows, key=lambda row: row["path"])


class Index(ContractView):
    """The newest release, links, the licence, and what this service is not."""

    operation = Operation(
        id="get_entry",
        tag="Service",
        summary="Start here",
        text="The current release, links to everything, the licence, and what this service is not.",
        returns=IndexSerializer,
        problems=(503,),
        frozen=True,
    )

    def get(self, request: Request) -> HttpResponse:
        self.release = releases.current()
        return self.published(index(self.release))


class WhoAmI(ContractView):
    """Whose key a request has."""

    scope = None
    operation = Operation(
        id="get_caller",
        tag="Service",
        summary="Whose key is this?",
        text=(
            "Who sends the request, by its partner key: the partner, the public part of the key, what the key is for, "
            "when it ends, how many requests are taken, and the limits of its own that are kept for the partner. "
            "Without a key `partner` and `key` are null, and `scopes` are those of everybody."
        ),
        returns=CallerSerializer,
    )

    def get(self, request: Request) -> Response:
        caller = caller_of(request._request)
        house = caller.house
        ends = caller.expires_at and caller.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        body = {
            "partner": caller.partner,
            "key": caller.key,
            "is_test": caller.is_test,
            "scopes": [scope for scope in keys.SCOPES if scope in caller.scopes],
            "expires_at": ends,
            "rates": rates_of(caller),
            "house_limits": house and {"version": house.version, "sha256": house.digest, "items": house.items()},
        }
        return Response(body, headers={"Cache-Control": "no-store"})


class OpenApi(ContractView):
    """The OpenAPI document, as committed."""

    is_for_anybody = True
    operation = Operation(
        id="get_openapi_yaml",
        tag="Service",
        summary="Get this document as YAML",
        text="The OpenAPI document, as YAML.",
        returns={"type": "string"},
        media_type="application/yaml",
        static=True,
    )

    content_negotiation_class = Anything

    def get(self, request: Request) -> HttpResponse:
        return self.static(HttpResponse(openapi_yaml(), content_type="application/yaml"))


class OpenApiAsJson(ContractView):
    """The same document as JSON."""

    is_for_anybody = True
    operation = Operation(
        id="get_openapi_json",
        tag="Service",
        summary="Get this document as JSON",
        text="The OpenAPI document, as JSON.",
        returns={"type": "object", "additionalProperties": True},
        static=True,
    )

    content_negotiation_class = Anything

    def get(self, request: Request) -> HttpResponse:
        return self.static(HttpResponse(openapi_json(), content_type="application/json"))


class SecurityTxt(ContractView):
    """How to report a weakness (RFC 9116), where `SECURITY_CONTACT` says it."""

    is_for_anybody = True
    content_negotiation_class = Anything

    def get(self, request: Request) -> HttpResponse:
        if settings.SECURITY_CONTACT is None:
            raise Http404
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        expires = f"{today + SECURITY_TXT_STANDS:%Y-%m-%dT%H:%M:%SZ}"
        text = f"Contact: {settings.SECURITY_CONTACT}\nExpires: {expires}\nPreferred-Languages: en\n"
        return self.static(HttpResponse(text, content_type="text/plain; charset=utf-8"), is_of_today=True)


class Live(ContractView):
    """The process is up."""

    is_for_anybody = True
    operation = Operation(
        id="get_live",
        tag="Service",
        summary="Is it up?",
        text="200 as long as the process is up, whether or not content can be read.",
        returns=HealthSerializer,
        counted=False,
    )

    def get(self, request: Request) -> Response:
        return Response({"status": "ok"}, headers={"Cache-Control": "no-store"})


class Ready(ContractView):
    """Content can be served and plans can be checked."""

    is_for_anybody = True
    operation = Operation(
        id="get_ready",
        tag="Service",
        summary="Can it serve?",
        text="200 where content can be served and plans can be checked, else 503.",
        returns=ReadySerializer,
        problems=(503,),
        counted=False,
    )

    def get(self, request: Request) -> Response:
        release = releases.current()
        return Response(
            {"status": "ok", "release": release.number, "rules": len(release.book.rules)},
            headers={"Cache-Control": "no-store"},
        )
