"""What all views of the contract share: a request in; its query and release, and then the response, out."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from api import releases
from api.parsers import Parameter, read_query
from api.releases import FrozenRelease
from api.schema import Operation

CONTENT_STATUS = "draft for clinical review"
MOST_ON_A_PAGE = 1000

RELEASE = Parameter("release", "Number of the release to read; default the newest.", example=2, most=999_999_999)
LIMIT = Parameter("limit", f"Rows on a page; default {MOST_ON_A_PAGE}.", example=20, most=MOST_ON_A_PAGE)
PAGING = (
    LIMIT,
    Parameter("after", "Slug of the last row of the page before; see `next`.", "ankle", slug=True, length=200),
)
# For pages that people read, which the contract does not show.
PAGE = Operation(id="", tag="", summary="", text="", returns=str)


class ContractView(APIView):
    """A view of one `operation`, which the OpenAPI document shows. A method not in `http_method_names` is a 405.

    Before the method runs, `query` has the parameters by name. Where the operation takes the parameter `release`, so
    has `release` the pinned release, else the newest.
    """

    http_method_names: Sequence[str] = ("get", "head")
    operation = PAGE
    release: FrozenRelease
    query: Mapping[str, str]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Set `query`, and where the operation takes it, `release`.

        Raises:
            QueryFaults: naming every parameter that is unknown, doubled or wrong.
            ReleaseNotFoundError, ContentUnavailableError: there is no such release, or it cannot be read.
        """
        super().initial(request, *args, **kwargs)
        if str(request.method).lower() not in self.http_method_names:
            self.http_method_not_allowed(request)
        parameters = self.operation.parameters
        if RELEASE in parameters:
            self.release = release_asked_for(request)
        self.query = read_query(request.query_params, parameters, lambda: self.release.vocabulary)

    def published(self, body: Mapping[str, Any]) -> HttpResponse:
        """The body as a response with an ETag, or 304 where the client has it. A pinned release never changes."""
        rendered = JSONRenderer().render(body)
        response = HttpResponse(rendered, content_type="application/json")
        response["ETag"] = f'"{self.release.digest[:16]}-{digest(rendered)}"'
        response["Content-Release"] = str(self.release.number)
        pinned = "release" in self.query or "number" in self.kwargs
        response["Cache-Control"] = "public, max-age=86400, immutable" if pinned else "public, max-age=60"
        return self.or_unchanged(response)

    def static(self, response: HttpResponse) -> HttpResponse:
        """The response, which another version alone would change, with an ETag; or 304 where the client has it."""
        response["ETag"] = f'"{digest(response.content)}"'
        response["Cache-Control"] = "public, max-age=300"
        return self.or_unchanged(response)

    def or_unchanged(self, response: HttpResponse) -> HttpResponse:
        """The response, or 304 where the client has it."""
        sent = parse_etags(self.request.META.get("HTTP_IF_NONE_MATCH", ""))
        if "*" not in sent and response["ETag"] not in (own.removeprefix("W/") for own in sent):
            return response
        unchanged = HttpResponseNotModified()
        for name in ("ETag", "Content-Release", "Cache-Control"):
            if name in response:
                unchanged[name] = response[name]
        return unchanged


def digest(body: bytes) -> str:
    """What tells a body from others."""
    return hashlib.sha256(body).hexdigest()[:16]


def release_asked_for(request: Request) -> FrozenRelease:
    """The release that the query pins, else the newest. A number that cannot be read is a fault of the query later."""
    number = request.query_params.get("release", "")
    return releases.pinned(int(number)) if re.fullmatch("[1-9][0-9]{0,8}", number) else releases.current()
