"""Search: words in; the rows of a release that have them out, the best first."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.request import Request

from api.parsers import Parameter
from api.rules.value_types import Choice
from api.schema import Operation
from api.search import Hit
from api.serializers import FACT_NAMES, HitSerializer
from api.views.contract import CONTENT_STATUS, PIN, ContractView

USUAL_ON_A_PAGE, MOST_ON_A_PAGE = 20, 100


class Search(ContractView):
    """The rows that have the words of a query, whatever resource they are of."""

    operation = Operation(
        id="list_search_results",
        tag="Facts",
        summary="Search the facts",
        text=(
            "The rows that have every word, the best first; where none has, those that have most of them, and "
            "`has_every_word` is false. Words may come in any order, in capitals, without accents, in the plural, or "
            "as the beginning of a longer one. Another name of an area, a vein type, a product, an ingredient or a "
            "condition (`synonyms`) finds what the name finds, `cc` what `mL` does. Rows that are called so come "
            "first; then a word counts more in a title than in a text, and less where many rows have it."
        ),
        returns=inline_serializer(
            "SearchResultList",
            {
                "items": HitSerializer(many=True, help_text="The rows, the best first."),
                "total": serializers.IntegerField(help_text="Rows on all pages."),
                "has_every_word": serializers.BooleanField(help_text="True where the rows have every word."),
                "next": serializers.CharField(allow_null=True, help_text="The next page; null on the last."),
                "release": serializers.IntegerField(help_text="Number of the release."),
                "content_status": serializers.CharField(help_text="How far the content is reviewed."),
            },
        ),
        parameters=(
            Parameter("q", "The words.", example="thread veins", length=200, required=True),
            Parameter("resource", "Rows of this resource.", example="faqs", value_type=Choice(FACT_NAMES)),
            Parameter(
                "limit", f"Rows on a page; default {USUAL_ON_A_PAGE}.", example=USUAL_ON_A_PAGE, most=MOST_ON_A_PAGE
            ),
            Parameter("after", "Rows on the pages before; see `next`.", example=USUAL_ON_A_PAGE, most=999_999_999),
            *PIN,
        ),
        problems=(404, 503),
        frozen=True,
    )

    def get(self, request: Request) -> HttpResponse:
        index = self.release.index
        found = index.find(self.query["q"], self.query.get("resource"))
        first, limit = int(self.query.get("after", 0)), int(self.query.get("limit", USUAL_ON_A_PAGE))
        last, following = first + limit, None
        if last < len(found.places):
            query = {name: text for name, text in self.query.items() if name != "as_of"}
            following = f"{request.path}?" + urlencode({**query, "after": last, "release": self.release.number})
        return self.published(
            {
                "items": [as_json(index.hit(place, found.words)) for place in found.places[first:last]],
                "total": len(found.places),
                "has_every_word": found.has_every_word,
                "next": following,
                "release": self.release.number,
                "content_status": CONTENT_STATUS,
            }
        )


def as_json(hit: Hit) -> dict[str, Any]:
    """A row that was found, as the answer has it."""
    slug = hit.row["slug"]
    return {
        "resource": hit.resource,
        "slug": slug,
        "href": f"/v1/{hit.resource}/{slug}",
        "title": hit.title,
        "member": hit.member,
        "excerpt": hit.excerpt,
    }
