"""What helps to integrate: a request in; guides, collections, a journey and what programs look for first, out."""

import json
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.safestring import mark_safe
from rest_framework.request import Request

from api.pages import collections, discovery, generators
from api.pages.guides import FOLDER, Guide, as_markdown, guides, line_as_html, sections
from api.pages.tables import TABLES
from api.views.contract import base_of
from api.views.pages import FOR_THIS_CLIENT, HTML, PageView


class HelpView(PageView):
    """What is for anybody, in one form, and names the address that was asked."""

    is_for_anybody = True
    section = "guides"

    def named(self, body: str | bytes, media_type: str, filename: str | None = None) -> HttpResponse:
        """The response for this client only; with a name, it is a file to keep."""
        response = HttpResponse(body, content_type=media_type)
        response["Cache-Control"] = FOR_THIS_CLIENT
        if filename:
            response["Content-Disposition"] = f'attachment; filename="{filename}"'
        return response

    def page(self, template: str, shown: dict[str, Any]) -> HttpResponse:
        """The page for this client only."""
        return self.named(self.rendered(template, shown), HTML)


def guide_of(slug: str) -> Guide:
    """The guide of a slug.

    Raises:
        Http404: there is none.
    """
    if slug not in guides():
        raise Http404
    return guides()[slug]


class Guides(HelpView):
    """Every guide, and what else is there for whoever integrates."""

    def get(self, request: Request) -> HttpResponse:
        listed = [{"guide": each, "lead": as_safe(each.lead)} for each in guides().values()]
        return self.page("api/guides.html", {"listed": listed, "tools": discovery.TOOLS, "base": base_of(request)})


class GuidePage(HelpView):
    """A guide, for people."""

    def get(self, request: Request, slug: str) -> HttpResponse:
        guide, order = guide_of(slug), [*guides().values()]
        after = order[order.index(guide) + 1 :]
        parts = [
            {"anchor": each.anchor, "title": each.title, "html": mark_safe(each.html)}  # noqa: S308 # nosec B308 B703 - our own files
            for each in sections(guide, TABLES, base_of(request))
        ]
        shown = {"guide": guide, "lead": as_safe(guide.lead), "parts": parts, "next": next(iter(after), None)}
        return self.page("api/guide.html", shown)


def as_safe(line: str) -> str:
    """A line of our own Markdown as HTML."""
    return mark_safe(line_as_html(line))  # noqa: S308 # nosec B308 B703 - our own files


class GuideText(HelpView):
    """A guide as Markdown, for programs that read."""

    def get(self, request: Request, slug: str) -> HttpResponse:
        text = as_markdown(guide_of(slug), TABLES, base_of(request))
        return self.named(text, "text/markdown; charset=utf-8")


class LlmsTxt(HelpView):
    """What a language model reads first."""

    def get(self, request: Request) -> HttpResponse:
        text = discovery.llms_txt(guides().values(), base_of(request))
        return self.named(text, "text/plain; charset=utf-8")


class ApiCatalog(HelpView):
    """What is where (RFC 9727)."""

    def get(self, request: Request) -> HttpResponse:
        linkset = discovery.catalog(base_of(request))
        response = self.named(json.dumps(linkset, indent=1), discovery.CATALOG_TYPE)
        response["Link"] = f'<{discovery.CATALOG}>; rel="api-catalog"; type="application/linkset+json"'
        return response


class Postman(HelpView):
    """The contract as a collection for Postman."""

    def get(self, request: Request) -> HttpResponse:
        made = json.dumps(collections.postman(base_of(request)), ensure_ascii=False, indent=1)
        return self.named(made, "application/json", "sclerotherapy.postman_collection.json")


class Bruno(HelpView):
    """The contract as a collection for Bruno."""

    def get(self, request: Request) -> HttpResponse:
        made = collections.bruno(base_of(request))
        return self.named(made, "application/zip", "sclerotherapy-bruno.zip")


class KotlinSettings(HelpView):
    """With what OpenAPI Generator makes a whole client in Kotlin."""

    def get(self, request: Request) -> HttpResponse:
        return self.named(generators.kotlin(base_of(request)), "application/yaml")


class Arazzo(HelpView):
    """The first journey, as programs follow it."""

    def get(self, request: Request) -> HttpResponse:
        return self.static(HttpResponse((FOLDER / "arazzo.yaml").read_bytes(), content_type="application/yaml"))
