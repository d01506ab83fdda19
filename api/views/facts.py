"""Published facts: a request in; lists, single rows, releases, boundary vectors, coverage and examples out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.request import Request

from api import releases
from api.parsers import Parameter
from api.releases import FrozenRelease, Row
from api.rules.measures import MEASURES
from api.rules.plan import FORMS, JURISDICTIONS, RULE_SETS
from api.schema import Operation, component_name, list_of, one
from api.serializers import (
    RESOURCES,
    CoverageSerializer,
    ExampleSerializer,
    ReleaseDetailSerializer,
    ReleaseSerializer,
    VectorSerializer,
)
from api.views.contract import CONTENT_STATUS, MOST_ON_A_PAGE, PAGING, RELEASE, ContractView


def slugs(resource: str) -> Any:
    """A function that takes the content of a release, and gives the slugs of a resource."""
    return lambda content: [row["slug"] for row in content[resource]]


def column(resource: str, name: str) -> Any:
    """A function that takes the content of a release, and gives what the rows of a resource have in a column."""
    return lambda content: [row[name] for row in content[resource]]


@dataclass(frozen=True)
class Filter(Parameter):
    """A parameter that keeps some rows: those that `keeps` says, else those with the wanted value in its column."""

    keeps: Callable[[Row, str, FrozenRelease], bool] | None = None

    def matches(self, row: Row, wanted: str, release: FrozenRelease) -> bool:
        """True where the row is kept."""
        return self.keeps(row, wanted, release) if self.keeps else bool(row[self.name] == wanted)


def is_about_product(row: Row, wanted: str, release: FrozenRelease) -> bool:
    """True where a row names the product, or the sclerosant of the product."""
    product = release.item("products", wanted)
    return row["product"] == wanted or (product is not None and row["sclerosant"] == product["sclerosant"])


def has_every_word(row: Row, wanted: str, release: FrozenRelease) -> bool:
    """True where every word is in the question or the answer, in any order and in capitals or not."""
    text = f"{row['question']} {row['answer']}".casefold()
    return all(word in text for word in wanted.casefold().split())


FILTERS: Mapping[str, Sequence[Filter]] = {
    "session-limits": (
        Filter(
            "product", "Limits that name this product or its sclerosant.", slugs("products"), keeps=is_about_product
        ),
        Filter("jurisdiction", "Limits that name this jurisdiction.", closed=JURISDICTIONS),
        Filter("rule_set", "Whose limits.", closed=RULE_SETS),
        Filter("quantity", "The measure that is limited.", closed=tuple(sorted(MEASURES))),
        Filter("form", "Limits that name this form.", closed=FORMS),
        Filter("vein_type", "Limits that name this vein type.", slugs("vein-types")),
        Filter("area", "Limits that name this area.", slugs("areas")),
    ),
    "faqs": (
        Filter("topic", "Questions on this topic.", column("faqs", "topic")),
        Filter("q", "Questions that have, with their answers, every one of these words.", keeps=has_every_word),
    ),
    "coverage": (
        Filter("product", "Rows of this product.", slugs("products")),
        Filter("jurisdiction", "Rows of this jurisdiction.", closed=JURISDICTIONS),
        Filter("form", "Rows of this form.", closed=FORMS),
        Filter("vein_type", "Rows of this vein type.", slugs("vein-types")),
    ),
}


class ListView(ContractView):
    """A view of rows, filtered and paged."""

    filters: Sequence[Filter] = ()

    def page(self, rows: Sequence[Row]) -> HttpResponse:
        """One page of the rows that every filter of the query keeps.

        `next` is null on the last page; it pins the release, so that pages belong together.
        """
        asked = [(each, self.query[each.name]) for each in self.filters if each.name in self.query]
        kept = [row for row in rows if all(each.matches(row, wanted, self.release) for each, wanted in asked)]
        rest = [row for row in kept if row["slug"] > self.query.get("after", "")]
        limit = int(self.query.get("limit", MOST_ON_A_PAGE))
        following = None
        if len(rest) > limit:
            pin = {} if "number" in self.kwargs else {"release": self.release.number}
            following = f"{self.request.path}?" + urlencode({**self.query, "after": rest[limit - 1]["slug"], **pin})
        return self.published(
            {
                "items": rest[:limit],
                "total": len(kept),
                "next": following,
                "release": self.release.number,
                "content_status": CONTENT_STATUS,
            }
        )


class FactList(ListView):
    """A resource's rows."""

    resource = ""

    @property
    def filters(self) -> Sequence[Filter]:  # type: ignore[override]  # a list of facts has those of its resource
        return FILTERS.get(self.resource, ())

    @property
    def operation(self) -> Operation:  # type: ignore[override]
        resource, name = RESOURCES[self.resource], component_name(self.resource)
        return Operation(
            id=f"list_{self.resource.replace('-', '_')}",
            tag="Facts",
            summary=f"List {resource.plural}",
            text=resource.text,
            returns=list_of(f"{name}List", resource.serializer),
            parameters=(*self.filters, *PAGING, RELEASE),
            problems=(404, 503),
            frozen=True,
        )

    def get(self, request: Request) -> HttpResponse:
        return self.page(self.release.content.get(self.resource, ()))


class FactDetail(ContractView):
    """One row of a resource."""

    resource = ""

    @property
    def operation(self) -> Operation:  # type: ignore[override]
        resource, name = RESOURCES[self.resource], component_name(self.resource)
        return Operation(
            id=f"get_{self.resource.replace('-', '_')}",
            tag="Facts",
            summary=f"Get one {resource.one}",
            text=resource.text,
            returns=one(f"{name}Detail", resource.serializer),
            parameters=(RELEASE,),
            problems=(404, 503),
            frozen=True,
        )

    def get(self, request: Request, slug: str) -> HttpResponse:
        row = self.release.item(self.resource, slug)
        if row is None:
            raise Http404
        return self.published({**row, "release": self.release.number, "content_status": CONTENT_STATUS})


class Releases(ContractView):
    """The releases, the newest last."""

    operation = Operation(
        id="list_releases",
        tag="Releases",
        summary="List releases",
        text="Every release, the newest last.",
        returns=inline_serializer(
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
        self.release = releases.current()
        rows = [row for row in releases.history() if row["number"] > int(self.query.get("after", 0))]
        limit = int(self.query.get("limit", MOST_ON_A_PAGE))
        following = f"/v1/releases?limit={limit}&after={rows[limit - 1]['number']}" if len(rows) > limit else None
        return self.published({"items": rows[:limit], "next": following})


class ReleaseDetail(ContractView):
    """One release: when, why, its digest, and how many rows each resource has."""

    operation = Operation(
        id="get_release",
        tag="Releases",
        summary="Get one release",
        text="When and why it was published, its digest, and how many rows each resource has.",
        returns=ReleaseDetailSerializer,
        problems=(404, 503),
        frozen=True,
    )

    def get(self, request: Request, number: int) -> HttpResponse:
        self.release = releases.pinned(number)
        return self.published(releases.with_row_counts(self.release))


class Vectors(ListView):
    """Boundary vectors of a release."""

    operation = Operation(
        id="list_vectors",
        tag="Releases",
        summary="List boundary vectors",
        text=(
            "For each limit of the release: plans on it, just inside it and just outside it, and what each comes to, "
            "so that a partner can prove its own copy of the rules. They are made from the limits, so none is "
            "forgotten."
        ),
        returns=list_of("VectorList", VectorSerializer),
        parameters=PAGING,
        problems=(404, 503),
        frozen=True,
    )

    def get(self, request: Request, number: int) -> HttpResponse:
        self.release = releases.pinned(number)
        return self.page(self.release.vectors)


class Coverage(ListView):
    """What is known of the limits of each product where it is sold, and what is not."""

    filters = FILTERS["coverage"]
    operation = Operation(
        id="list_coverage",
        tag="Facts",
        summary="List what is known and what is not",
        text=(
            "For each product, in each jurisdiction where its label was read, each form and each vein type: whether "
            "the limits on the volume of a session, the volume of an injection, the strength and the interval are "
            "`confirmed` by a label or guideline, are this service's `policy`, or are `unconfirmed`."
        ),
        returns=list_of("CoverageList", CoverageSerializer),
        parameters=(*filters, *PAGING, RELEASE),
        problems=(404, 503),
        frozen=True,
    )

    def get(self, request: Request) -> HttpResponse:
        return self.page(self.release.coverage)


class PlanExamples(ListView):
    """Named plans, each with the verdict and the findings that it comes to under the release."""

    operation = Operation(
        id="list_plan_examples",
        tag="Plans",
        summary="List named plans",
        text="Plans to try, each with the verdict and the findings that it comes to under the release.",
        returns=list_of("PlanExampleList", ExampleSerializer),
        parameters=(*PAGING, RELEASE),
        problems=(404, 503),
        frozen=True,
    )

    def get(self, request: Request) -> HttpResponse:
        return self.page(self.release.content["plan-examples"])
