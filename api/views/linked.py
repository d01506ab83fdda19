"""Facts for readers of schema.org: a request that prefers JSON-LD in; the same rows in its words out."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from rest_framework.exceptions import NotAcceptable
from rest_framework.renderers import BaseRenderer, JSONRenderer

from api import linked
from api.views.contract import A_DAY, CONTENT_STATUS, ContractView

LICENCE_URL = "https://creativecommons.org/licenses/by/4.0/"


class LinkedDataRenderer(BaseRenderer):
    """Lets a view serve JSON-LD, which it makes itself."""

    media_type = linked.MEDIA_TYPE
    format = "jsonld"


class LinkedView(ContractView):
    """A view of a resource, whose answer is JSON-LD for a client that prefers it, where schema.org has words for it."""

    resource = ""

    @property
    def is_linked(self) -> bool:
        """True where schema.org has words for the resource."""
        return self.resource in linked.ENTITIES

    @property
    def renderer_classes(self) -> tuple[type[BaseRenderer], ...]:  # type: ignore[override]
        """JSON comes first, for clients that take anything."""
        return (JSONRenderer, LinkedDataRenderer) if self.is_linked else (JSONRenderer,)

    def published(
        self, body: Mapping[str, Any] | bytes, seconds: int = A_DAY, media_type: str = "application/json"
    ) -> HttpResponse:
        """The answer in the form that the client prefers.

        Raises:
            NotAcceptable: it takes JSON-LD alone, and schema.org has no words for this row.
        """
        if isinstance(body, bytes) or self.request.accepted_renderer.format != LinkedDataRenderer.format:
            return super().published(body, seconds, media_type)
        sources = {row["slug"]: row for row in self.release.content["sources"]}
        facts = {"license": LICENCE_URL, "creativeWorkStatus": CONTENT_STATUS, "version": self.release.number}
        made: linked.Node | None
        if "items" in body:
            made = linked.pages(self.resource, body["items"], sources, facts, body["next"])
        else:
            made = linked.page(self.resource, body, sources, facts)
        if made is None:
            raise NotAcceptable
        return super().published({"@context": linked.CONTEXT, **made}, seconds, linked.MEDIA_TYPE)
