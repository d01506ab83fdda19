"""The reference for people: a request in; a page of it, what its search finds, or the console, out."""

from contextlib import suppress
from functools import cache

from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from django.utils.html import escape
from rest_framework.request import Request

from api import releases
from api.pages import console, reference, samples
from api.views.contract import A_DAY, NEWEST, PINNED, base_of
from api.views.pages import FOR_THIS_CLIENT, PageView


class ReferencePage(PageView):
    """A page that names the host that was asked, so that a browser alone may keep it."""

    is_for_anybody = True
    section = "docs"

    def page(self, text: str) -> HttpResponse:
        """A rendered text, with the host and the releases that its samples name."""
        base, newest = base_of(self.request), 1
        with suppress(releases.ContentUnavailableError):
            newest = releases.current().number
        response = self.static(HttpResponse(samples.filled(text, escape(base), newest)))
        response["Cache-Control"] = FOR_THIS_CLIENT
        return response


class Docs(ReferencePage):
    """The index of the reference, and what a reader must know that the contract tells badly."""

    def get(self, request: Request) -> HttpResponse:
        return self.page(index_page())


class DocsGroup(ReferencePage):
    """A group of operations, with what their bodies and answers are made of."""

    def get(self, request: Request, group: str) -> HttpResponse:
        if group not in reference.groups():
            raise Http404
        return self.page(group_page(group))


class DocsSearch(PageView):
    """What the search of the reference finds, for the script of its pages."""

    is_for_anybody = True
    section = "docs"

    def get(self, request: Request) -> HttpResponse:
        return self.static(HttpResponse(reference.search_entries(), content_type="application/json"))


class Console(PageView):
    """Swagger UI."""

    is_for_anybody = True
    section = "docs"

    def get(self, request: Request) -> HttpResponse:
        return self.html("api/docs_console.html", {})


class ConsoleDocument(ReferencePage):
    """The contract with telling values, for the console."""

    def get(self, request: Request) -> HttpResponse:
        response = self.page(console.console_document().decode())
        response["Content-Type"] = "application/json"
        return response


@cache
def index_page() -> str:
    """The index, rendered once."""
    shown = {
        "section": "docs",
        "groups": reference.groups().values(),
        "verdicts": reference.meanings("Verdict"),
        "severities": reference.meanings("Severity"),
        "rule_sets": reference.meanings("RuleSet"),
        "reasons": reference.meanings("Reason"),
        "complete": reference.complete_plan(),
        "newest": NEWEST.format(60),
        "pinned": PINNED.format(A_DAY),
        "languages": samples.WRITERS,
        "first": samples.samples(samples.asked_of("validate_session_plan", "/v1/session-plans/validate")),
    }
    return render_to_string("api/docs.html", shown)


@cache
def group_page(group: str) -> str:
    """The page of a group, rendered once."""
    every = reference.groups()
    shown = {
        "section": "docs",
        "group": every[group],
        "groups": every.values(),
        "languages": samples.WRITERS,
        "headers": reference.headers_of(group),
        "codes_of_all": reference.shared_codes(),
    }
    return render_to_string("api/docs_group.html", shown)
