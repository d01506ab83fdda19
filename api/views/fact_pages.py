"""Facts as people read them: a request in; a page with rows of the newest release out, or what stands against it."""

import json
from typing import Any

from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from rest_framework.request import Request

from api import releases
from api.errors import PROBLEM_JSON
from api.negotiation import media_type_for
from api.pages import told
from api.pages.facts import Facts
from api.problems import PROBLEMS
from api.releases import ContentUnavailableError
from api.rules.evaluate import UNREADABLE
from api.serializers import FACTS
from api.views.contract import A_DAY, CONTENT_STATUS, ContractView
from api.views.service import Anything

HTML = "text/html; charset=utf-8"
FAILURES = ("application/json", PROBLEM_JSON, "text/html")  # what a failure may be sent as


class FactView(ContractView):
    """A page with rows of the newest release. A failure is a page, too, for whoever prefers one to JSON."""

    content_negotiation_class = Anything

    def told(self, facts: Facts) -> told.Told:
        """What the page says."""
        return told.home(facts)

    def get(self, request: Request, **named: str) -> HttpResponse:
        self.release = releases.current()
        content, seconds = {}, A_DAY
        for name in FACTS:
            content[name], left = self.reviewed(self.release.content.get(name, ()))
            seconds = min(seconds, left)
        try:
            page = self.told(Facts(content, lambda: self.release.coverage))
            shown = {**page._asdict(), **page.shown, "number": self.release.number, "status": CONTENT_STATUS}
            body = render_to_string(f"api/facts/{page.template}.html", {**shown, "section": "facts"})
        except UNREADABLE as error:  # rows of another shape, which another version published
            raise ContentUnavailableError from error
        return self.published(body.encode(), seconds, HTML)

    def handle_exception(self, exc: Exception) -> HttpResponse:
        """The problem, as a page for whoever prefers one."""
        response: HttpResponse = super().handle_exception(exc)  # type: ignore[assignment]
        if media_type_for(self.request.META.get("HTTP_ACCEPT", ""), FAILURES) != "text/html":
            return response
        said: dict[str, Any] = json.loads(response.content)
        shown = {"section": "facts", "said": said, "problem": PROBLEMS[said["code"]]}
        page = HttpResponse(render_to_string("api/facts/failure.html", shown), HTML, response.status_code)
        for name in response.headers.keys() - {"Content-Type", "Content-Length"}:
            page[name] = response[name]
        return page


class FactIndex(FactView):
    """A page of many rows, by its name."""

    def told(self, facts: Facts) -> told.Told:
        """What the page of the name in the path says."""
        if self.kwargs["page"] not in told.PAGES:
            raise Http404
        return told.page(facts, self.kwargs["page"])


class FactOfOne(FactView):
    """A page of one row, under the page `under`."""

    under = ""

    def told(self, facts: Facts) -> told.Told:
        """What the page of the row with the slug in the path says."""
        resource, says = told.OF_ONE[self.under]
        [slug] = self.kwargs.values()
        if releases.row_of(self.release, resource, slug) is None:
            raise Http404
        return says(facts, facts.by_slug[resource][slug])
