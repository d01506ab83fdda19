"""Pages for people: a request in; out, a page, or what stands against it as a page, too, for whoever prefers one."""

import json
from typing import Any

from django.http import HttpResponse
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from api.errors import PROBLEM_JSON
from api.negotiation import media_type_for
from api.problems import PROBLEMS
from api.views.contract import ContractView

HTML = "text/html; charset=utf-8"
FOR_THIS_CLIENT = "private, max-age=60"  # of what names the address that was asked
FAILURES = ("application/json", PROBLEM_JSON, "text/html")  # what a failure may be sent as


class HtmlRenderer(BaseRenderer):
    """Lets a view serve text/html; the view renders its own template."""

    media_type = "text/html"
    format = "html"


class Anything(BaseContentNegotiation):
    """For a view with one representation, which is served whatever the client accepts."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """The first renderer."""
        return renderers[0], renderers[0].media_type


class PageView(ContractView):
    """A page, or a file, of one form."""

    content_negotiation_class = Anything

    def handle_exception(self, exc: Exception) -> Any:
        """The problem document, or the same as a page."""
        response = super().handle_exception(exc)
        if media_type_for(self.request.META.get("HTTP_ACCEPT", ""), FAILURES) != "text/html":
            return response
        said: dict[str, Any] = json.loads(response.content)
        text = self.rendered("api/failure.html", {"said": said, "problem": PROBLEMS[said["code"]]})
        page = HttpResponse(text, HTML, response.status_code)
        for name in response.headers.keys() - {"Content-Type", "Content-Length"}:
            page[name] = response[name]
        return page
