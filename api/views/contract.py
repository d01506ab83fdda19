"""What all views of the contract share: a request in; its query and release, and then the response, out."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.http import HttpResponse
from django.template.loader import render_to_string
from rest_framework.request import Request
from rest_framework.views import APIView

from api import releases
from api.authentication import caller_of
from api.parsers import Moment, Parameter, Texts, moment_of, read_query, split_query
from api.releases import FrozenRelease, Row
from api.rendering import as_json
from api.schema import Operation

CONTENT_STATUS = "draft for clinical review"
MOST_ON_A_PAGE = 1000

A_DAY = 86400
CLOCKS_DIFFER_BY_LESS = timedelta(hours=1)  # those of machines that publish
# What is published shows soon; a cache may go on with it while it asks again, and for a day where it gets no answer.
NEWEST = "public, max-age={}, stale-while-revalidate=60, stale-if-error=86400"
PINNED = "public, max-age={}, immutable"
RELEASE = Parameter("release", "Number of the release to read; default the newest.", example=2, most=999_999_999)
AS_OF = Parameter(
    "as_of",
    "Read the release that was the newest at this time: a date and time with its offset, or a date, which stands for "
    "the end of that day in UTC. Instead of `release`.",
    example="2026-11-02",
    value_type=Moment(),
    instead_of="release",
)
PIN = (RELEASE, AS_OF)
LIMIT = Parameter("limit", f"Rows on a page; default {MOST_ON_A_PAGE}.", example=20, most=MOST_ON_A_PAGE)
PAGING = (
    LIMIT,
    Parameter("after", "Slug of the last row of the page before; see `next`.", "ankle", slug=True, length=200),
)
# For pages that people read, which the contract does not show.
PAGE = Operation(id="", tag="", summary="", text="", returns=str)


# The answer that a body and the limits kept for its sender come to; None where another must read that body.
AnswerAtOnce = Callable[..., bytes | None]
# Where a WSGI environ has the `Lasting` of its answer, for whoever called Django.
LASTING = "sclero.lasting"


class Lasting(NamedTuple):
    """What marks an answer that the same request gets again, until another release is the newest or another day begins.

    `route` is the name of its URL pattern; who may have it is as its view says: `scope` and `is_for_anybody`. Where the
    body of the request decides what the answer is, `answer` makes that of it, and of the `house` limits that are kept
    for the caller, or gives None, or fails; all else is the same again. One that `heeds_house` is not for those for
    whom such limits are kept.
    """

    route: str
    scope: str | None
    is_for_anybody: bool
    answer: AnswerAtOnce | None = None
    heeds_house: bool = False


class ContractView(APIView):
    """A view of one `operation`, which the OpenAPI document shows. `api.access` refuses all but `http_method_names`.

    Before the method runs, `query` has the parameters by name. Where the operation takes the parameter `release`, so
    has `release` the release that is asked for by its number or as of a time, else the newest. A key must have the
    `scope`, where there is one; where it `is_for_anybody`, no key is looked at. Queries of the API are strict; those of
    pages for people and of health checks are not read, since links that are shared, and probes, get parameters added.
    """

    http_method_names: Sequence[str] = ("get", "head")
    operation = PAGE
    scope: str | None = "content"
    is_for_anybody = False
    section = ""  # where a page stands in the navigation
    heeds_house = False  # True where the answer to a GET is another for whom house limits are kept
    is_one_request = True  # False where it counts as several, so that nobody may have an answer again for one
    release: FrozenRelease
    query: Mapping[str, str]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Set `query`, and where the operation takes it, `release`.

        Raises:
            QueryFaults: naming every parameter that is unknown, doubled or wrong.
            ReleaseNotFoundError, ContentUnavailableError: there is no such release, or it cannot be read.
        """
        super().initial(request, *args, **kwargs)
        is_strict = request.path.startswith("/v1") and request.accepted_renderer.format != "html"
        sent = split_query(request.META.get("QUERY_STRING", "")) if is_strict else {}
        parameters, missing = self.operation.parameters, None
        if RELEASE in parameters:
            try:
                self.release = release_asked_for(sent)
            except releases.ReleaseNotFoundError as error:
                self.release, missing = releases.current(), error
        self.query = read_query(sent, parameters, lambda: self.release.vocabulary)
        if missing is not None:  # told where the rest of the query can be read
            raise missing

    def published(
        self, body: Mapping[str, Any] | bytes, seconds: int = A_DAY, media_type: str = "application/json"
    ) -> HttpResponse:
        """The body as a response with an ETag.

        In `seconds` it says something else by itself, since a review is overdue then. Until then, only another version
        shows anything else of a pinned release. What is said for less than a day changes with the second, as does how
        long it may be kept.
        """
        rendered = body if isinstance(body, bytes) else as_json(body)
        response = HttpResponse(rendered, content_type=media_type)
        response["ETag"] = f'"{self.release.digest[:16]}-{digest(rendered)}"'
        response["Content-Release"] = str(self.release.number)
        most, how = (A_DAY, PINNED) if self.is_pinned() else (60, NEWEST)
        response["Cache-Control"] = how.format(min(most, seconds))
        if self.is_one_request and seconds == A_DAY:
            self._mark()
        return response

    def reviewed(self, rows: Sequence[Row]) -> tuple[list[Row], int]:
        """The rows, those with a review date with `overdue`, and the seconds until that is so of more, a day at most.

        It is told by the day on which it is asked, in UTC, whatever release is read: the fact waits for a review today.
        """
        now = self.now()
        today = now.date().isoformat()
        due = {row["review_due"] for row in rows if "review_due" in row}
        shown = [{**row, "overdue": row["review_due"] < today} if "review_due" in row else row for row in rows]
        passed = (now.hour * 60 + now.minute) * 60 + now.second
        return shown, A_DAY - max(passed, 1) if today in due else A_DAY

    def now(self) -> datetime:
        """What time it is."""
        return datetime.now(UTC)

    def is_pinned(self) -> bool:
        """True where no later release can change what the request asks for.

        As of a time, that is so where another release was published after it, or no clock calls that time now.
        """
        moment = moment_of(self.query.get("as_of", ""))
        if moment is not None:
            return self.release.number < releases.current().number or moment < self.now() - CLOCKS_DIFFER_BY_LESS
        return "release" in self.query or "number" in self.kwargs

    def static(self, response: HttpResponse, is_of_today: bool = False) -> HttpResponse:
        """The response, which another version alone would change, or the next day, with an ETag."""
        response["ETag"] = f'"{digest(response.content)}"'
        response["Cache-Control"] = "public, max-age=300"
        if not is_of_today:
            self._mark()
        return response

    def _mark(self, answer: AnswerAtOnce | None = None) -> None:
        """Mark the answer as lasting, unless it is of limits that are kept for the caller alone; see `Lasting`."""
        request = self.request._request
        if self.heeds_house and caller_of(request).house:
            return
        route = request.resolver_match.view_name  # type: ignore[union-attr]  # a view is called by its route
        request.META[LASTING] = Lasting(route, self.scope, self.is_for_anybody, answer, self.heeds_house)

    def html(self, template: str, shown: Mapping[str, Any]) -> HttpResponse:
        """A page for people, which another version alone would change, with an ETag."""
        return self.static(HttpResponse(self.rendered(template, shown)))

    def rendered(self, template: str, shown: Mapping[str, Any]) -> str:
        """The page that a template makes of what is shown."""
        return render_to_string(template, {"section": self.section, **shown})


def base_of(request: Request) -> str:
    """The address that was asked. The Host was checked against ALLOWED_HOSTS; what names it is for this client only."""
    return f"{request.scheme}://{request.get_host()}"


def digest(body: bytes) -> str:
    """What tells a body from others."""
    return hashlib.sha256(body).hexdigest()[:16]


def release_asked_for(sent: Texts) -> FrozenRelease:
    """The release that the query asks for, else the newest. What cannot be read is a fault of the query later."""
    number, time = ((sent.get(name) or [None])[0] or "" for name in ("release", "as_of"))
    if re.fullmatch("[1-9][0-9]{0,8}", number):
        return releases.pinned(int(number))
    moment = moment_of(time)
    return releases.as_of(moment) if moment else releases.current()
