"""The playground: a form, or the name of a plan, in; the plan and what the check says of it out, as a page."""

from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.http import Http404, HttpResponse
from rest_framework.request import Request

from api import releases
from api.authentication import caller_of
from api.errors import FORM_POLICY
from api.negotiation import Negotiation
from api.pages.plan_form import TooManyElements
from api.pages.playground import Asked, asked_by, named_plan, page_of
from api.parsers import BodyTooLarge, JSONBodyParser, QueryFaults, refuse_no_body, split_query
from api.rates import account_of
from api.views.contract import base_of
from api.views.pages import Anything, PageView

MOST_FIELDS = 5000


class FormParser(JSONBodyParser):
    """The fields of a form, as browsers send them, in order: names and texts, what is no UTF-8 in them replaced."""

    media_type = "application/x-www-form-urlencoded"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The fields.

        Raises:
            BodyTooLarge: there are too many.
        """
        body = super().parse(stream, media_type, parser_context).decode("utf-8", "replace")
        try:
            return parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS)
        except ValueError:
            raise BodyTooLarge from None


class OnePage(Anything, Negotiation):
    """For a view with one representation, to which forms are sent."""


class Playground(PageView):
    """A plan to fill in, and what the published limits say of it. Nothing of it is stored or logged.

    A plan is sent in a body and never stands in an address, where it would be logged and kept. Who may have it checked
    is as in the API, and it counts as many requests as plans are checked.
    """

    http_method_names = ("get", "head", "post")
    scope = "validate"
    section = "try"
    parser_classes = (FormParser,)
    content_negotiation_class = OnePage
    most_bytes = settings.DATA_UPLOAD_MAX_MEMORY_SIZE

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Set `release`."""
        super().initial(request, *args, **kwargs)
        self.release = releases.current()

    def get(self, request: Request) -> HttpResponse:
        slug = example_in(request.META.get("QUERY_STRING", ""))
        if slug is None:
            return self.page(request, Asked({}))
        plan = named_plan(self.release, slug)
        if plan is None:
            raise Http404
        return self.page(request, Asked(plan, example=slug))

    def post(self, request: Request) -> HttpResponse:
        refuse_no_body(request.META)
        fields: Any = request.data  # by the parser above
        try:
            asked = asked_by(fields)
        except TooManyElements:
            raise BodyTooLarge from None
        account_of(request).charge(asked.checks)
        return self.page(request, asked)

    def page(self, request: Request, asked: Asked) -> HttpResponse:
        """The page, which nobody keeps, since it may tell of a patient, and which may send its form here."""
        shown = page_of(asked, self.release, base_of(request), caller_of(request._request).house)
        headers = {"Cache-Control": "no-store", "Content-Security-Policy": FORM_POLICY}
        return HttpResponse(
            self.rendered("api/try.html", shown),
            headers={**headers, "Content-Release": str(self.release.number)},
        )


def example_in(query: str) -> str | None:
    """The name of a plan in a query; links that are shared get other parameters added, which are not read."""
    try:
        texts = split_query(query).get("example", ())
    except QueryFaults:
        return None
    return texts[0] if texts else None
