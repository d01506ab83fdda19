"""A row in; out, what it says in the words of schema.org, as JSON-LD; None where schema.org has no true word for it.

Each document is a page, which has a licence, a day of review and citations; what it is about is its `mainEntity`. The
context is inline, so that nothing is fetched to read it; addresses are relative to that of the document.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
Node = dict[str, Any]

MEDIA_TYPE = "application/ld+json"
CONTEXT: Node = {
    "@vocab": "https://schema.org/",
    **{name: {"@type": "@id"} for name in ("url", "license", "relatedLink", "sameAs")},
    "lastReviewed": {"@type": "Date"},
}
# How often what is limited may be had, by the measure; others are no dose.
FREQUENCIES = {
    "session-volume": "once in a session",
    "injection-volume": "once at a place of injection",
    "daily-volume": "once a day",
    "daily-dose-per-weight": "once a day",
    "weekly-volume": "once a week",
}


def area(row: Row, sources: Mapping[str, Row]) -> Node:
    """Sclerotherapy there."""
    return {
        "@type": "MedicalProcedure",
        "name": "Sclerotherapy",
        "bodyLocation": row["name"],
        "description": row["description"],
    }


def vein_type(row: Row, sources: Mapping[str, Row]) -> Node:
    return named("Vein", row)


def ingredient(row: Row, sources: Mapping[str, Row]) -> Node:
    return named("Substance", row)


def product(row: Row, sources: Mapping[str, Row]) -> Node:
    return {
        "@type": "Drug",
        "name": row["name"],
        "alternateName": row["synonyms"],
        "description": row["indication"],
        "activeIngredient": row["sclerosant"],
        "dosageForm": row["forms"],
        "availableStrength": [
            {"@type": "DrugStrength", "strengthValue": number(each["concentration_percent"]), "strengthUnit": "%"}
            for each in row["strengths"]
        ],
    }


def session_limit(row: Row, sources: Mapping[str, Row]) -> Node | None:
    """The most of a dose that a label allows; not what is only advised, or said of another text."""
    wanted = {"comparator": "<=", "rule_set": "label", "severity": "error", "status": "confirmed", "stands_in": False}
    if row["quantity"] not in FREQUENCIES or any(row[member] != value for member, value in wanted.items()):
        return None
    cited = (sources[each["source"]] for each in row["citations"] if each["stance"] == "supports")
    labels = (each["publisher"] or "" for each in cited if each["kind"] in ("label", "regulator"))
    publishers = sorted({name.partition(", on ")[0] for name in labels} - {""})  # "Merz Aesthetics, on DailyMed"
    population = [row[member] for member in ("condition", "vein_type", "vein", "area") if row[member]]
    return {
        "@type": "MaximumDoseSchedule",
        "name": row["title"],
        "doseValue": number(row["value"]),
        "doseUnit": row["unit"],
        "frequency": FREQUENCIES[row["quantity"]],
        **({"targetPopulation": population} if population else {}),
        **({"description": row["note"]} if row["note"] else {}),
        **({"recognizingAuthority": [organization(each) for each in publishers]} if publishers else {}),
    }


def contraindication(row: Row, sources: Mapping[str, Row]) -> Node | None:
    """A condition for which some label, guideline or policy rules treatment out; not one that is to be weighed."""
    ruled_out = any(ruling["severity"] == "error" for ruling in row["rulings"])
    return named("MedicalContraindication", row) if ruled_out else None


def faq(row: Row, sources: Mapping[str, Row]) -> Node:
    return {
        "@type": "Question",
        "name": row["question"],
        "acceptedAnswer": {"@type": "Answer", "text": row["answer"]},
    }


def source(row: Row, sources: Mapping[str, Row]) -> Node:
    return {
        "@type": "CreativeWork",
        "name": row["title"],
        "genre": row["kind"],
        **({"publisher": organization(row["publisher"])} if row["publisher"] else {}),
        **({"sameAs": row["url"]} if row["url"] else {}),
        **({"description": row["note"]} if row["note"] else {}),
    }


# What a row of each resource is about. Of rules, claims and durations schema.org has no true word.
ENTITIES: Mapping[str, Callable[[Row, Mapping[str, Row]], Node | None]] = {
    "areas": area,
    "vein-types": vein_type,
    "products": product,
    "ingredients": ingredient,
    "session-limits": session_limit,
    "contraindications": contraindication,
    "faqs": faq,
    "sources": source,
}


def page(resource: str, row: Row, sources: Mapping[str, Row], facts: Node) -> Node | None:
    """The page of a row, or None. `facts` are those of every page: licence, status, release."""
    entity = ENTITIES[resource](row, sources)
    if entity is None:
        return None
    return {
        "@type": "FAQPage" if resource == "faqs" else "MedicalWebPage",
        "@id": f"/v1/{resource}/{row['slug']}",
        "url": f"/v1/{resource}/{row['slug']}",
        **facts,
        "lastReviewed": row["reviewed_on"],
        "citation": [citation(each, sources) for each in row.get("citations", ())],
        "mainEntity": entity,
    }


def pages(resource: str, rows: Sequence[Row], sources: Mapping[str, Row], facts: Node, following: str | None) -> Node:
    """The pages of those rows of a list that have one. Of questions, one page of them all."""
    items = [made for row in rows if (made := page(resource, row, sources, facts))]
    listed: Any = {"@type": "ItemList", "numberOfItems": len(items), "itemListElement": items}
    if resource == "faqs":
        listed = [{**item["mainEntity"], "url": item["url"], "citation": item["citation"]} for item in items]
    return {
        "@type": "FAQPage" if resource == "faqs" else "CollectionPage",
        "@id": f"/v1/{resource}",
        "url": f"/v1/{resource}",
        **facts,
        **({"relatedLink": following} if following else {}),
        "mainEntity": listed,
    }


def citation(cited: Row, sources: Mapping[str, Row]) -> Node:
    """Where a source speaks of it, and whether it supports, contradicts or qualifies."""
    return {
        "@type": "CreativeWork",
        "name": sources[cited["source"]]["title"],
        "url": f"/v1/sources/{cited['source']}",
        "description": "; ".join(filter(None, (cited["stance"], cited["locator"], cited["note"]))),
    }


def named(kind: str, row: Row) -> Node:
    """A row that has a name, other names and a description."""
    return {
        "@type": kind,
        "name": row["name"],
        "alternateName": row["synonyms"],
        "description": row["description"],
    }


def organization(name: str) -> Node:
    return {"@type": "Organization", "name": name}


def number(text: str) -> int | float:
    """A decimal as JSON has numbers, in its shortest form."""
    return float(text) if "." in text else int(text)
