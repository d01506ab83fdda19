"""The plan check, from the bytes of a body to those of the answer: the one implementation for whoever takes requests.

It needs no request. A body is read in one of two ways. Most are read by a fast parser; whatever that cannot take as it
was sent, or that is no plan, is read anew by the complete one of `api.parsers`, which tells what is wrong.
"""

import hashlib
from typing import Any

import orjson
import rfc8785

from api import metrics
from api.house import kept_under
from api.keys import KeptLimits
from api.parsers import parse
from api.releases import FrozenRelease
from api.rendering import as_json
from api.rules import check_plan
from api.rules.answer import ALL, DECIDES
from api.rules.documents import read_plan
from api.rules.plan import Plan
from api.rules.reading import JsonNumber, PlanFaults, Vocabulary

WHITE_SPACE = b" \t\r\n"
# What is known of a plan that was read: it, and its document as RFC 8785 has it, from which the receipt's digest is.
Read = tuple[Plan, bytes]


def answer_to(body: bytes, release: FrozenRelease, passed: str = ALL, house: KeptLimits | None = None) -> bytes:
    """The answer to the plan in a body, as JSON; the same whenever and wherever it is asked for.

    `house` are the limits of its own that are kept for whoever sends it.

    Raises:
        BodyFaults: the body is not strict JSON.
        PlanFaults: its document is not a plan.
        HouseLimitsUnfitError: what is kept does not fit the release.
    """
    vocabulary = release.book.vocabulary
    read = read_at_once(body, vocabulary) or read_document(parse(body), vocabulary)
    return as_json(_answer(read, release, passed, house))


def answer_at_once(
    body: bytes, release: FrozenRelease, passed: str = ALL, house: KeptLimits | None = None
) -> bytes | None:
    """The same answer, where the fast parser can read the plan; None where it cannot.

    Raises:
        HouseLimitsUnfitError: what is kept does not fit the release.
    """
    read = read_at_once(body, release.book.vocabulary)
    return as_json(_answer(read, release, passed, house)) if read else None


def answer_to_document(
    document: Any, release: FrozenRelease, passed: str = ALL, house: KeptLimits | None = None
) -> dict[str, Any]:
    """The answer to a plan that was sent as a part of a body, such as one of a batch.

    Raises:
        PlanFaults: the document is not a plan.
        HouseLimitsUnfitError: what is kept does not fit the release.
    """
    return _answer(read_document(document, release.book.vocabulary), release, passed, house)


def _answer(read: Read, release: FrozenRelease, passed: str, house: KeptLimits | None) -> dict[str, Any]:
    """The whole answer to a plan that was read, under a release."""
    plan, canonical = read
    answer = check_plan(plan, release.book, passed, kept_under(house, release))
    metrics.count_verdict(answer["verdict"])
    answer["release"] = release.number
    answer["decides"] = DECIDES
    answer["receipt"] = {
        "plan_sha256": hashlib.sha256(canonical).hexdigest(),
        "release": release.number,
        "release_sha256": release.digest,
        "canonicalization": "RFC 8785",
        "house_limits": _own_limits(plan, canonical, house),
    }
    return answer


def _own_limits(plan: Plan, canonical: bytes, house: KeptLimits | None) -> dict[str, Any] | None:
    """What a receipt says of the clinic's own limits: those that came with the plan, and those that are kept."""
    if not plan.house_limits and house is None:
        return None
    sent = orjson.dumps(orjson.loads(canonical)["house_limits"]) if plan.house_limits else None
    return {
        "sent_sha256": hashlib.sha256(sent).hexdigest() if sent else None,
        "kept_sha256": house.digest if house else None,
        "kept_version": house.version if house else None,
    }


def read_at_once(body: bytes, vocabulary: Vocabulary) -> Read | None:
    """The plan in a body, by the fast parser; None where the complete one must read it.

    The fast one reads a number into an integer or a float, and drops a member that comes again. So what it read is
    written, and must be as long as the body is, white space aside: of `01`, `-0`, `1.50` or a second `area` some would
    be gone. Nothing is longer than it was, since a body with escapes is not read so, and one with a float is no plan.
    """
    if b"\\" in body:
        return None
    try:
        document = orjson.loads(body)
        canonical = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):  # of what is too deep to be written
        return None
    if len(canonical.translate(None, WHITE_SPACE)) != len(body.translate(None, WHITE_SPACE)):
        return None
    try:
        return read_plan(document, vocabulary, most_faults=1), canonical
    except PlanFaults:
        return None


def read_document(document: Any, vocabulary: Vocabulary) -> Read:
    """The plan in a document of the complete parser."""
    return read_plan(document, vocabulary), rfc8785.dumps(_with_floats(document))


def _with_floats(node: Any) -> Any:
    """The document with its numbers as RFC 8785 has them: as floats. Only the receipt's digest is made from it."""
    if isinstance(node, dict):
        return {name: _with_floats(member) for name, member in node.items()}
    if isinstance(node, list):
        return [_with_floats(element) for element in node]
    if isinstance(node, JsonNumber):
        return float(node)
    return node
