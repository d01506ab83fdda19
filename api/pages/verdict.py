"""An answer to a plan in; out, what a page shows of it: bars, words, who says so, and links to the fields."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from api.pages.limits import bound
from api.pages.plan_form import place_of
from api.releases import FrozenRelease
from api.rules.answer import who_says
from api.rules.house import IN_A_PLAN
from api.rules.numbers import in_words
from api.rules.rows import HOUSE, SEVERITIES

Entry = Mapping[str, Any]

# Each verdict with its sign, and in words.
VERDICTS = {
    "outside_limits": ("✕", "Outside published limits"),
    "needs_review": ("!", "Needs review"),
    "incomplete": ("?", "Incomplete: something essential is not told"),
    "within_limits": ("✓", "Inside every limit that was looked at"),
}
SIGNS = {"error": "✕", "warning": "!", "info": "i"}
REASONS = {
    "provider_decision": "The provider has not stated it",
    "missing_input": "Tell more, and it is looked at",
    "not_covered": "No limit that was asked for is about this",
    "limit_unconfirmed": "No source that was read gives the number",
}
PLAIN = {"true": "yes", "false": "no"}
OF_AMOUNTS = ("mL", "{vial}", "mg", "mg/kg")  # units of what changes with an amount
WIDEST = 100  # of a bar, in its own units
ROOM_BEYOND = Fraction(11, 10)  # so that the mark of a limit never stands at the edge


@dataclass(frozen=True)
class Part:
    """A piece of a bar: `kept` or `broken`, or what is between them and the limit: `room` or `missing`."""

    kind: str
    start: float
    width: float


@dataclass(frozen=True)
class Bar:
    """What a plan comes to beside its limit, to scale; `mark` is where the limit is."""

    parts: tuple[Part, ...]
    mark: float


def bar_of(entry: Entry) -> Bar | None:
    """The bar of a finding or of a rule that is kept; None where there are no two numbers to compare."""
    observed, limit = entry["observed"], entry["limit"]
    if entry["headroom"] is None or observed is None or limit["value"] is None:
        return None
    value, edge = Fraction(observed["value"]), Fraction(limit["value"])
    whole = max(value, edge) * ROOM_BEYOND
    if whole == 0:
        return None

    def part(kind: str, start: Fraction, end: Fraction) -> Part:
        return Part(kind, _scaled(start, whole), _scaled(end - start, whole))

    is_most, inner = limit["comparator"] == "<=", min(value, edge)
    parts = [part("kept" if is_most or value >= edge else "broken", Fraction(0), inner)]
    if value > edge:
        parts.append(part("broken" if is_most else "kept", inner, value))
    elif value < edge:
        parts.append(part("room" if is_most else "missing", inner, edge))
    return Bar(tuple(parts), _scaled(edge, whole))


def _scaled(value: Fraction, whole: Fraction) -> float:
    """A length on a bar."""
    return round(float(value / whole) * WIDEST, 2)


def quantity(shown: Entry | None) -> str:
    """A value with its unit as a person says it: `4 mL`, `yes`; what was told in words has none."""
    if shown is None:
        return "as told"
    value: str = shown["value"]
    return in_words(PLAIN.get(value, value), shown["unit"])


class Telling:
    """Tells of an answer under a release; `ids` are the places of the form that a link may lead to."""

    def __init__(self, release: FrozenRelease, ids: Iterable[str], prefix: str = "") -> None:
        self.release = release
        self.ids = frozenset(ids)
        self.prefix = prefix

    def of(self, answer: Entry) -> dict[str, Any]:
        """All that a page shows of an answer."""
        sign, words = VERDICTS[answer["verdict"]]
        nearest = answer["nearest_within_limits"]
        return {
            "verdict": answer["verdict"],
            "sign": sign,
            "words": words,
            "counts": counts_of(answer["summary"]),
            "summary": answer["summary"],
            "findings": [self._finding(finding) for finding in answer["findings"]],
            "passed": sorted(map(self._measured, answer["passed"]), key=rank_of),
            "open": self._by_reason(answer["not_evaluated"]),
            "nearest": nearest and {"changes": [self._change(operation) for operation in nearest["patch"]]},
            "release": answer["release"],
            "decides": answer["decides"],
            "of": answer["receipt"]["plan_sha256"],
            "prefix": self.prefix,
        }

    def _measured(self, entry: Entry) -> dict[str, Any]:
        """What a finding and a rule that is kept have in common: the numbers, the bar, who says so."""
        return {
            "rule": entry["rule"],
            "title": title_of(self.release, "rules", entry["rule"]),
            "place": self.place(entry["pointer"]),
            "observed": quantity(entry["observed"]),
            "limit": self.limit(entry["limit"]),
            "headroom": entry["headroom"] and quantity(entry["headroom"]),
            "bar": bar_of(entry),
            "unit": entry["limit"]["unit"],
            "citations": self._citations(entry["limit"]),
        }

    def _finding(self, finding: Entry) -> dict[str, Any]:
        """A finding as the page shows it."""
        return {
            **self._measured(finding),
            "id": finding["id"],
            "severity": finding["severity"],
            "sign": SIGNS[finding["severity"]],
            "message": finding["message"],
            "also": [self.named(slug) for slug in finding["also_exceeds"]],
            "kept": [self.limit(limit) for limit in finding["kept"]],
            "suggestions": [
                {
                    "label": suggestion["label"],
                    "does": f"apply {k} {finding['id']}",
                    "introduces": [self._of_id(own) for own in suggestion["introduces"]],
                }
                for k, suggestion in enumerate(finding["suggestions"])
            ],
        }

    def _by_reason(self, entries: Sequence[Entry]) -> list[dict[str, Any]]:
        """What was not looked at, by the reason."""
        return [
            {"reason": words, "entries": own}
            for reason, words in REASONS.items()
            if (own := [self._open(entry) for entry in entries if entry["reason"] == reason])
        ]

    def _open(self, entry: Entry) -> dict[str, Any]:
        """A rule that was not looked at, with the members that would let it be."""
        return {
            "rule": entry["rule"],
            "title": title_of(self.release, "rules", entry["rule"]),
            "place": self.place(entry["pointer"]),
            "missing": [self.place(pointer) for pointer in entry["missing"]],
            "leaves_incomplete": entry["leaves_incomplete"],
            "limits": [self.named(slug) for slug in entry["limits"]],
        }

    def place(self, pointer: str) -> dict[str, str]:
        """A place of the plan in words, with the nearest part of the form."""
        near = pointer
        while near and near not in self.ids:
            near = near.rpartition("/")[0]
        return {"pointer": pointer, "words": place_of(pointer), "near": near}

    def limit(self, limit: Entry) -> dict[str, str]:
        """A limit in words, with its bound."""
        named = self.named(limit["slug"], limit["rule_set"] == HOUSE)
        return {**named, "href": limit["href"], "bound": bound(limit)}

    def named(self, slug: str, is_house: bool = False) -> dict[str, str]:
        """A limit by what it is called, whose it is, and where it stands."""
        limit = self.release.book.by_slug.get(slug)
        if limit is None or is_house:  # of the plan, or kept for whoever asks
            return {"slug": slug, "title": slug, "who": "a house limit", "href": IN_A_PLAN}
        href = limit.as_published["href"]
        _, _, resource, published = href.split("/")
        return {
            "slug": slug,
            "title": title_of(self.release, resource, published),
            "who": who_says(limit),
            "href": href,
        }

    def _citations(self, limit: Entry) -> list[dict[str, Any]]:
        """What a published limit cites, each with the work that it names."""
        cited = () if limit["rule_set"] == HOUSE else self.release.book.by_slug[limit["slug"]].citations
        return [
            {
                **citation,
                "title": title_of(self.release, "sources", citation["source"]),
                "href": f"/v1/sources/{citation['source']}",
            }
            for citation in cited
        ]

    def _of_id(self, finding: str) -> str:
        """A finding by its id, in words."""
        rule, _, pointer = finding.partition(":")
        return f"{title_of(self.release, 'rules', rule)} ({place_of(pointer)})"

    def _change(self, operation: Entry) -> str:
        """An operation of a patch in words."""
        path, value = operation["path"], operation["value"]
        if path.endswith("/-"):
            return f"{place_of(path.removesuffix('/-'))}: one more"
        return f"{place_of(path)}: {value}"


def rank_of(shown: Entry) -> tuple[bool, bool]:
    """Where a rule that is kept is shown: first what changes with an amount, last what has no bar."""
    return shown["bar"] is None, shown["unit"] not in OF_AMOUNTS


def counts_of(summary: Entry) -> str:
    """The counts of an answer in words: `1 error, 2 warnings; 23 kept; 5 not looked at`."""
    found = [
        f"{summary[severity]} {severity}{'' if summary[severity] == 1 or severity == 'info' else 's'}"
        for severity in SEVERITIES
        if summary[severity]
    ]
    said = ", ".join(found) or "nothing found"
    return f"{said}; {summary['passed']} kept; {summary['not_evaluated']} not looked at"


def title_of(release: FrozenRelease, resource: str, slug: str) -> str:
    """What a row of a release is called."""
    row = release.item(resource, slug) or {}
    return str(row.get("title") or row.get("name") or slug)
