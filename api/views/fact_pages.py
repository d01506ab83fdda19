"""Facts as people read them: a request in; a page with rows of the newest release out, or what stands against it."""

from django.http import Http404, HttpResponse
from rest_framework.request import Request

from api import releases
from api.pages import told
from api.pages.facts import Facts
from api.releases import ContentUnavailableError
from api.rules.evaluate import UNREADABLE
from api.serializers import FACTS
from api.views.contract import A_DAY, CONTENT_STATUS
from api.views.pages import HTML, PageView


class FactView(PageView):
    """A page with rows of the newest release."""

    section = "facts"

    def page(self, facts: Facts) -> told.Told:
        """What the page says."""
        return told.home(facts)

    def get(self, request: Request, **named: str) -> HttpResponse:
        self.release = releases.current()
        content, seconds = {}, A_DAY
        for name in FACTS:
            content[name], left = self.reviewed(self.release.content.get(name, ()))
            seconds = min(seconds, left)
        try:
            page = self.page(Facts(content, lambda: self.release.coverage))
            shown = {**page._asdict(), **page.shown, "number": self.release.number, "status": CONTENT_STATUS}
            body = self.rendered(f"api/facts/{page.template}.html", shown)
        except UNREADABLE as error:  # rows of another shape, which another version published
            raise ContentUnavailableError from error
        return self.published(body.encode(), seconds, HTML)


class FactIndex(FactView):
    """A page of many rows, by its name."""

    def page(self, facts: Facts) -> told.Told:
        """What the page of the name in the path says."""
        if self.kwargs["page"] not in told.PAGES:
            raise Http404
        return told.page(facts, self.kwargs["page"])


class FactOfOne(FactView):
    """A page of one row, under the page `under`."""

    under = ""

    def page(self, facts: Facts) -> told.Told:
        """What the page of the row with the slug in the path says."""
        resource, says = told.OF_ONE[self.under]
        [slug] = self.kwargs.values()
        if releases.row_of(self.release, resource, slug) is None:
            raise Http404
        return says(facts, facts.by_slug[resource][slug])
