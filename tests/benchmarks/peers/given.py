"""What every peer is given: the service's own answers as bytes, the rows and the plan's members, and the same rules.

The folder that GIVEN names holds what the benchmark has asked the service for.
"""

import hashlib
import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import rfc8785

from api.rules import Book, check
from api.rules.answer import DECIDES
from api.rules.evaluate import compiled

FOLDER = Path(os.environ["GIVEN"])
LIST_PATH, VALIDATE_PATH = "/v1/session-limits", "/v1/session-plans/validate"
CITATION = {"source": str, "locator": str, "stance": str, "note": str | None}
# The members of a limit, as the list and the detail have them.
LIMIT = {
    **dict.fromkeys(("slug", "title", "rule", "quantity", "comparator"), str),
    "value": str | None,
    "values": list[str],
    "values_from": str | None,
    "unit": str,
    "rule_set": str,
    **dict.fromkeys(("jurisdiction", "product", "sclerosant", "concentration_percent"), str | None),
    **dict.fromkeys(("form", "vein_type", "vein", "area"), str | None),
    "first_exposure": bool | None,
    "made_in_clinic": bool,
    "condition": str | None,
    "stands_in": bool,
    "severity": str,
    "always": bool,
    "status": str,
    "note": str | None,
    "citations": [CITATION],
    "reviewed_on": str,
    "review_due": str,
    "overdue": bool,
}
ENVELOPE = {"release": int, "content_status": str}
ONE = {**LIMIT, **ENVELOPE}
LIST = {"items": [LIMIT], "total": int, "next": str | None, **ENVELOPE}
TREATMENT = {
    **dict.fromkeys(("area", "vein_type", "vein_diameter_mm", "product", "concentration_percent", "form"), str),
    "amount": {"value": str, "unit": str},
    "injection_count": int,
}
# The members that the plan has. Those that it has not would only cost a peer time.
PLAN = {
    "jurisdiction": str,
    "patient": {"age_years": int, "weight_kg": str, "conditions": list[str], "allergies": list[str]},
    "provider": {"eligibility_confirmed": bool, "emergency_equipment_on_site": bool},
    "previous_sessions": [{"date": str, "areas": list[str], "products": list[str]}],
    "sessions": [{"date": str, "treatments": [TREATMENT], "compression_days": int}],
}


def classes(name: str, members: dict[str, Any], make: Callable[[str, dict[str, Any]], Any]) -> Any:
    """A class of these members, made by `make`; those of nested ones are made before it."""

    def kind(member: str, declared: Any) -> Any:
        if isinstance(declared, dict):
            return classes(f"{name}_{member}", declared, make)
        return list[kind(member, declared[0])] if isinstance(declared, list) else declared

    return make(name, {member: kind(member, declared) for member, declared in members.items()})


def body(lane: str) -> bytes:
    """What the service answers in a lane."""
    return (FOLDER / lane).read_bytes()


def headers(lane: str) -> list[tuple[str, str]]:
    """The headers with which it does."""
    return [(name, value) for name, value in json.loads(body("headers.json"))[lane]]


def etag() -> str:
    """The ETag of the list."""
    return dict(headers("list"))["etag"]


def rows() -> list[dict[str, Any]]:
    """The limits."""
    found: list[dict[str, Any]] = json.loads(body("list"))["items"]
    return found


def envelope() -> dict[str, Any]:
    """What an answer says beside its rows."""
    told = json.loads(body("list"))
    return {name: told[name] for name in ENVELOPE}


@cache
def book() -> Book:
    """The rules of the release, compiled."""
    return compiled(json.loads(body("content.json")))


@cache
def digest() -> str:
    """The digest of the release."""
    return body("digest").decode()


def answer(document: dict[str, Any]) -> dict[str, Any]:
    """The answer to a plan that a peer has read, by the service's own rules."""
    receipt = {
        "plan_sha256": hashlib.sha256(rfc8785.dumps(document)).hexdigest(),
        "release": envelope_of_release(),
        "release_sha256": digest(),
        "canonicalization": "RFC 8785",
    }
    told = check(document, book())
    return {**told, "release": envelope_of_release(), "decides": DECIDES, "receipt": receipt}


@cache
def envelope_of_release() -> int:
    """The number of the release."""
    number: int = envelope()["release"]
    return number
