"""Sourcing: content in; out, a problem for each figure or duration that only the article gives."""

from collections.abc import Iterator, Mapping
from typing import Any

from api.publishing.wording import mentions, names_of

TIMES = ("d", "wk", "mo", "a")


def unsourced(content: Mapping[str, list[dict[str, Any]]]) -> Iterator[str]:
    """A problem for each figure or duration without a source besides the article, or duration without a vein type."""
    articles = {source["slug"] for source in content["sources"] if source["kind"] == "article"}

    def only_articles(citations: list[dict[str, str]]) -> bool:
        return {citation["source"] for citation in citations} <= articles

    for faq in content["faqs"]:
        if any(only_articles(figure["citations"]) for figure in faq["figures"]):
            yield f"faqs/{faq['slug']}: has a figure that only the article gives"
    veins = names_of(content["vein-types"])
    for duration in content["result-durations"]:
        if duration["status"] == "unconfirmed" or duration["unit"] not in TIMES:
            continue
        supporting = [citation for citation in duration["citations"] if citation["stance"] == "supports"]
        about = duration["vein_type"] or duration["product"] or mentions(duration["population"], veins)
        disputed = duration["status"] == "disputed"
        if not (about or disputed) or only_articles(duration["citations"] if disputed else supporting):
            slug = duration["slug"]
            yield f"result-durations/{slug}: it needs a vein type or product, and a source besides the article"
