"""References: prose in; out, the same with `{{ session-limits/clinic-vial-count-max }}` replaced by its number."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from api.models import Faq
from api.rules.numbers import in_words, thousandths

REFERENCE = re.compile(r"\{\{ ([a-z-]+)/([a-z0-9-]+) \}\}")


def typed_numbers() -> Iterator[str]:
    """A problem for each FAQ answer that types a number instead of referring to a fact."""
    for faq in Faq.objects.all():
        if re.search("[0-9]", REFERENCE.sub("", faq.answer)):
            yield f"faqs/{faq}: types a number instead of referring to a fact"


def resolved(text: str, row: Mapping[str, Any], content: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The text with each reference replaced by the number that it refers to; and what is wrong with its references."""
    figures = {figure["key"]: figure for figure in row.get("figures", [])}
    problems = []

    def replacement(match: re.Match[str]) -> str:
        resource, slug = match.groups()
        rows = figures if resource == "figures" else {fact["slug"]: fact for fact in content.get(resource, [])}
        number = _number_of(rows[slug]) if slug in rows else None
        if number is None:
            problems.append(f"refers to {resource}/{slug}, which has no number")
        return number or ""

    resolved = REFERENCE.sub(replacement, text)
    if "{{" in resolved:
        problems.append("has a reference that cannot be read")
    return resolved, problems


def _number_of(fact: Mapping[str, Any]) -> str | None:
    """A fact's number as a sentence says it: `4.2 mL`, `3 to 6 weeks`, `under 9 %`; None where it has none."""
    unit, value, low, high = (fact.get(member) for member in ("unit", "value", "low", "high"))
    if unit is None:
        return None
    if value is not None:
        return None if thousandths(value) is None else in_words(value, unit)
    if low is not None and high is not None:
        return in_words(low, unit) if low == high else f"{low} to {in_words(high, unit)}"
    if low is not None:
        return f"at least {in_words(low, unit)}"
    return None if high is None else f"under {in_words(high, unit)}"
