"""Published facts: a request in; lists, single rows, releases, boundary vectors, coverage and examples out."""

import re
from collections.abc import Sequence
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.request import Request

from api import releases
from api.parsers import Parameter
from api.releases import Row
from api.schema import Operation, list_of, one
from api.serializers import (
    RESOURCES,
    CoverageSerializer,
    ExampleSerializer,
    ReleaseDetailSerializer,
    ReleaseSerializer,
    VectorSerializer,
)
from api.views.contract import CONTENT_STATUS, LIMIT, MOST_ON_A_PAGE, PAGING, PIN, ContractView
from api.views.filters import FILTERS, kept
from api.views.linked import LinkedView


class ListView(ContractView):
    """A view of rows, filtered and paged."""

    resource = ""

    def page(self, rows: Sequence[Row]) -> HttpResponse:
        """One page of the rows that every filter of the query keeps.

        `next` is null on the last page; it pins the release, so that pages belong together.
        """
        found = kept(rows, self.resource, self.query, self.release)
        rest = [row for row in found if row["slug"] > self.query.get("after", "")]
        limit = int(self.query.get("limit", MOST_ON_A_PAGE))
        following = None
        if len(rest) > limit:
            pin = {} if "number" in self.kwargs else {"release": self.release.number}
            query = {name: text for name, text in self.query.items() if name != "as_of"}
            following = f"{self.request.path}?" + urlencode({**query, "after": rest[limit - 1]["slug"], **pin})
        items, seconds = self.reviewed(rest[:limit])
        body = {
            "items": items,
            "total": len(found),
            "next": following,
            "release": self.release.number,
            "content_status": CONTENT_STATUS,
        }
        return self.published(body, seconds)


class FactList(LinkedView, ListView):
    """A resource's rows."""

    @property
    def operation(self) -> Operation:  # type: ignore[override]
        resource = RESOURCES[self.resource]
        name = resource.model.__name__
        return Operation(
            id=f"list_{self.resource.replace('-', '_')}",
            tag="Facts",
            summary=f"List {resource.plural}",
            text=resource.text,
            returns=list_of(f"{name}List", resource.serializer),
            parameters=(*FILTERS.get(self.resource, ()), *PAGING, *PIN),
            problems=(404, 503),
            frozen=True,
            linked=self.is_linked,
        )

    def get(self, request: Request) -> HttpResponse:
        return self.page(self.release.content.get(self.resource, ()))


class FactDetail(LinkedView):
    """One row of a resource."""

    @property
    def operation(self) -> Operation:  # type: ignore[override]
        resource = RESOURCES[self.resource]
        name = resource.model.__name__
        return Operation(
            id=f"get_{re.sub('(?<!^)(?=[A-Z])', '_', name).lower()}",
            tag="Facts",
            summary=f"Get one {resource.one}",
            text=resource.text,
            returns=one(f"{name}Detail", resource.serializer),
            parameters=PIN,
            problems=(404, 410, 503),
            frozen=True,
            linked=self.is_linked,
        )

    def get(self, request: Request, slug: str) -> HttpResponse:
        row = releases.row_of(self.release, self.resource, slug)
        if row is None:
            raise Http404
        [shown], seconds = self.reviewed([row])
        body = {**shown, "release": self.release.number, "content_status": CONTENT_STATUS}
        return self.published(body, seconds)


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
        parameters=(
            LIMIT,
            Parameter("after", "Number of the last release of the page before.", example=1, most=999_999_999),
        ),
        problems=(503,),
        frozen=True,
    )

    def get(self, request: Request) -> HttpResponse:
        self.release, history = releases.newest()
        rows = [row for row in history if row["number"] > int(self.query.get("after", 0))]
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

    resource = "coverage"
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
        parameters=(*FILTERS["coverage"], *PAGING, *PIN),
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
        parameters=(*PAGING, *PIN),
        problems=(404, 503),
        frozen=True,
    )

    def get(self, request: Request) -> HttpResponse:
        return self.page(self.release.content["plan-examples"])
