"""Published content: lists, details, releases."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from api import content
from api.content import FrozenRelease
from api.parsers import Parameter, Rows, read_query
from api.rules.measures import MEASURES
from api.rules.plan import FORMS, JURISDICTIONS, RULE_SETS
from api.schema import Operation, component_name, listed, one
from api.serializers import (
    RESOURCES,
    CoverageSerializer,
    ExampleSerializer,
    ReleaseDetailSerializer,
    ReleaseSerializer,
    VectorSerializer,
)
from api.views.contract import ContractView

CONTENT_STATUS = "draft for clinical review"
MOST_ON_A_PAGE = 1000

empty: Rows = {}
RELEASE = Parameter("release", "Number of the release to read; default the newest.", most=999_999_999)
PAGING = (
    Parameter("limit", f"Rows on a page; default {MOST_ON_A_PAGE}.", most=MOST_ON_A_PAGE),
    Parameter("after", "Slug of the last row of the page before; see `next`."),
)


def slugs(resource: str) -> Any:
    return lambda rows: [row["slug"] for row in rows[resource]]


def column(resource: str, name: str) -> Any:
    return lambda rows: [row[name] for row in rows[resource]]


FILTERS: Mapping[str, Sequence[Parameter]] = {
    "session-limits": (
        Parameter("product", "Limits that name this product or its sclerosant.", slugs("products")),
        Parameter("jurisdiction", "Limits that name this jurisdiction.", closed=JURISDICTIONS),
        Parameter("rule_set", "Whose limits.", closed=RULE_SETS),
        Parameter("quantity", "The measure that is limited.", closed=tuple(sorted(MEASURES))),
        Parameter("form", "Limits that name this form.", closed=FORMS),
        Parameter("vein_type", "Limits that name this vein type.", slugs("vein-types")),
        Parameter("area", "Limits that name this area.", slugs("areas")),
    ),
    "faqs": (
        Parameter("topic", "Entries of this topic.", column("faqs", "topic")),
        Parameter("q", "Entries whose question or answer holds every one of these words."),
    ),
}


def published(request: Request, release: FrozenRelease, body: Mapping[str, Any]) -> HttpResponse:
    """A representation of a release, or 304 where the client has it."""
    rendered = JSONRenderer().render(body)
    etag = f'"{release.digest[:16]}-{hashlib.sha256(rendered).hexdigest()[:16]}"'
    response = HttpResponse(rendered, content_type="application/json")
    response["ETag"] = etag
    response["Content-Release"] = str(release.number)
    pinned = "release" in request.query_params or "number" in (request.parser_context or {}).get("kwargs", {})
    response["Cache-Control"] = "public, max-age=86400, immutable" if pinned else "public, max-age=60"
    known = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    if "*" in known or etag in (sent.removeprefix("W/") for sent in known):
        unchanged = HttpResponseNotModified()
        for name in ("ETag", "Content-Release", "Cache-Control"):
            unchanged[name] = response[name]
        return unchanged
    return response


def release_asked_for(request: Request) -> FrozenRelease:
    """The pinned release where the query names one that can be read as a number, else the newest."""
    number = request.query_params.get("release", "")
    return content.pinned(int(number)) if re.fullmatch("[1-9][0-9]{0,8}", number) else content.current()


class ContentList(ContractView):
    """A resource's rows, filtered and paged."""

    resource = ""

    @property
    def operation(self) -> Operation:
        kind, name = RESOURCES[self.resource], component_name(self.resource)
        return Operation(
            id=f"list_{self.resource.replace('-', '_')}",
            tag="Facts",
            summary=f"List {kind.one}s" if kind.one[-1] != "y" else "List FAQ entries",
            text=kind.text,
            answer=listed(f"{name}List", kind.serializer),
            parameters=self.parameters,
            problems=(404, 503),
            frozen=True,
        )

    @property
    def parameters(self) -> Sequence[Parameter]:
        return (*FILTERS.get(self.resource, ()), *PAGING, RELEASE)

    def get(self, request: Request) -> HttpResponse:
        release = release_asked_for(request)
        query = read_query(request.query_params, self.parameters, release.content)
        rows = [row for row in release.content.get(self.resource, ()) if matches(row, query, release)]
        return published(request, release, page(rows, query, release, f"/v1/{self.resource}"))


def page(
    rows: Sequence[Mapping[str, Any]], query: Mapping[str, str], release: FrozenRelease, path: str
) -> dict[str, Any]:
    """One page of the rows. `next` is null on the last; it pins the release, so that pages belong together."""
    rest = [row for row in rows if row["slug"] > query.get("after", "")]
    limit = int(query.get("limit", MOST_ON_A_PAGE))
    following = None
    if len(rest) > limit:
        pin = {} if path.startswith("/v1/releases/") else {"release": release.number}
        following = f"{path}?" + urlencode({**query, "after": rest[limit - 1]["slug"], **pin})
    return {
        "items": rest[:limit],
        "total": len(rows),
        "next": following,
        "release": release.number,
        "content_status": CONTENT_STATUS,
    }


def matches(row: Mapping[str, Any], query: Mapping[str, str], release: FrozenRelease) -> bool:
    """Whether a row meets every filter of the query."""
    for name, wanted in query.items():
        if name in ("limit", "after", "release"):
            continue
        if name == "q":
            text = f"{row['question']} {row['answer']}".casefold()
            if not all(word in text for word in wanted.casefold().split()):
                return False
        elif name == "product":
            product = release.item("products", wanted)
            if row["product"] != wanted and (product is None or row["sclerosant"] != product["sclerosant"]):
                return False
        elif row[name] != wanted:
            return False
    return True


class ContentDetail(ContractView):
    """One row of a resource."""

    resource = ""

    @property
    def operation(self) -> Operation:
        kind, name = RESOURCES[self.resource], component_name(self.resource)
        return Operation(
            id=f"get_{self.resource.replace('-', '_')}",
            tag="Facts",
            summary=f"Get one {kind.one}",
            text=kind.text,
            answer=one(f"{name}Detail", kind.serializer),
            parameters=(RELEASE,),
            problems=(404, 503),
            frozen=True,
        )

    def get(self, request: Request, slug: str) -> HttpResponse:
        release = release_asked_for(request)
        read_query(request.query_params, (RELEASE,), release.content)
        row = release.item(self.resource, slug)
        if row is None:
            raise Http404
        return published(request, release, {**row, "release": release.number, "content_status": CONTENT_STATUS})


class Releases(ContractView):
    """The releases, the newest last."""

    operation = Operation(
        id="list_releases",
        tag="Releases",
        summary="List releases",
        text="Every release, the newest last.",
        answer=inline_serializer(
            "ReleaseList",
            {
                "items": ReleaseSerializer(many=True, help_text="The releases, by number."),
                "next": serializers.CharField(allow_null=True, help_text="The next page; null on the last."),
            },
        ),
        parameters=(PAGING[0], Parameter("after", "Number of the last release of the page before.", most=999_999_999)),
        problems=(503,),
        frozen=True,
    )

    def get(self, request: Request) -> HttpResponse:
        release = content.current()
        query = read_query(request.query_params, self.operation.parameters, release.content)
        rows = [row for row in content.history() if row["number"] > int(query.get("after", 0))]
        limit = int(query.get("limit", MOST_ON_A_PAGE))
        following = f"/v1/releases?limit={limit}&after={rows[limit - 1]['number']}" if len(rows) > limit else None
        return published(request, release, {"items": rows[:limit], "next": following})


class ReleaseDetail(ContractView):
    """One release: when, why, its digest, and how many rows each resource has."""

    operation = Operation(
        id="get_release",
        tag="Releases",
        summary="Get one release",
        text="When and why it was published, its digest, and how many rows each resource has.",
        answer=ReleaseDetailSerializer,
        problems=(404, 503),
        frozen=True,
    )

    def get(self, request: Request, number: int) -> HttpResponse:
        read_query(request.query_params, (), empty)
        release = content.pinned(number)
        return published(request, release, content.history_entry(release))


class Vectors(ContractView):
    """Boundary vectors of a release."""

    operation = Operation(
        id="list_vectors",
        tag="Releases",
        summary="List boundary vectors",
        text=(
            "For each limit of the release, plans on, just inside and just outside it, with what they come to, so that "
            "a partner can prove its own copy of the rules. They are made from the limits, so none is forgotten."
        ),
        answer=listed("VectorList", VectorSerializer),
        parameters=PAGING,
        problems=(404, 503),
        frozen=True,
    )

    def get(self, request: Request, number: int) -> HttpResponse:
        query = read_query(request.query_params, PAGING, empty)
        release = content.pinned(number)
        return published(request, release, page(release.vectors, query, release, request.path))


class Coverage(ContractView):
    """What is known of each product where it is sold, and what is not."""

    parameters = (
        Parameter("product", "Rows of this product.", slugs("products")),
        Parameter("jurisdiction", "Rows of this jurisdiction.", closed=JURISDICTIONS),
        Parameter("form", "Rows of this form.", closed=FORMS),
        Parameter("vein_type", "Rows of this vein type.", slugs("vein-types")),
    )
    operation = Operation(
        id="list_coverage",
        tag="Facts",
        summary="List what is known and what is not",
        text=(
            "For each product where it is sold, in each form and for each vein type: whether the volume of a session, "
            "the volume of one injection, the strength and the interval are confirmed by a label or guideline, this "
            "service's policy, or unconfirmed, so that the gaps are seen before a patient does."
        ),
        answer=listed("CoverageList", CoverageSerializer),
        parameters=(*parameters, *PAGING, RELEASE),
        problems=(404, 503),
        frozen=True,
    )

    def get(self, request: Request) -> HttpResponse:
        release = release_asked_for(request)
        query = read_query(request.query_params, self.operation.parameters, release.content)
        wanted = {known.name: query[known.name] for known in self.parameters if known.name in query}
        rows = [row for row in release.coverage if all(row[name] == value for name, value in wanted.items())]
        return published(request, release, page(rows, query, release, "/v1/coverage"))


class PlanExamples(ContractView):
    """Named plans, each with the verdict and findings that it comes to under the release."""

    operation = Operation(
        id="list_plan_examples",
        tag="Plans",
        summary="List named plans",
        text="Plans to try, each with the verdict and the findings that it comes to under the release.",
        answer=listed("PlanExampleList", ExampleSerializer),
        parameters=(*PAGING, RELEASE),
        problems=(404, 503),
        frozen=True,
    )

    def get(self, request: Request) -> HttpResponse:
        release = release_asked_for(request)
        query = read_query(request.query_params, self.operation.parameters, release.content)
        rows = release.content["plan-examples"]
        return published(request, release, page(rows, query, release, "/v1/session-plans/examples"))
