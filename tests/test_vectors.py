"""Boundary vectors are made from every limit, and come out as they were built to."""

import json
from typing import Any

from django.test import Client

from api.parsers import parse
from api.releases import FrozenRelease
from api.rules import Book
from api.rules.evaluate import evaluate
from api.rules.vectors import vectors_of
from tests.plans import pages


def broken_limits(plan: Any, book: Book) -> set[str]:
    """Slugs of every limit that a plan breaks, or that no source confirms."""
    findings = evaluate(parse(json.dumps(plan).encode()), book).outcomes.findings
    return {limit.slug for finding in findings for limit in (finding.limit, *finding.also)}


def test_a_limit_is_broken_outside_it_and_kept_on_and_inside_it(release: FrozenRelease) -> None:
    for vector in release.vectors:
        unconfirmed = vector["slug"].endswith(":unconfirmed")
        told = vector["limit"] in broken_limits(vector["plan"], release.book)
        assert told is (vector["broken"] or unconfirmed), vector["slug"]


def test_no_limit_is_forgotten(release: FrozenRelease) -> None:
    sides: dict[str, set[bool]] = {}
    for vector in release.vectors:
        sides.setdefault(vector["limit"], set()).add(vector["broken"])
    assert sides.keys() == {limit.slug for limit in release.book.limits}
    one_sided = {slug for slug, broken in sides.items() if len(broken) < 2}
    unconfirmed = {limit.slug for limit in release.book.limits if limit.unconfirmed}
    # Every form that can be sent is listed, one label covers every area, and the article's vial stands in or is not
    # looked at.
    assert one_sided == unconfirmed | {"stated-form", "chromated-glycerin-br-area", "clinic-vial-volume"}


def test_numeric_limits_are_met_on_the_bound_and_one_smallest_unit_beside_it(release: FrozenRelease) -> None:
    slugs = {vector["slug"] for vector in release.vectors}
    for limit in release.book.limits:
        if limit.comparator in ("<=", ">=") and not limit.unconfirmed:
            assert {f"{limit.slug}:on", f"{limit.slug}:outside"} <= slugs


def test_vectors_are_served_with_what_they_come_to(client: Client, release: FrozenRelease) -> None:
    served = [row for body in pages(client, "/v1/releases/1/vectors") for row in body["items"]]
    assert served == json.loads(json.dumps(list(release.vectors)))
    for vector in served[::25]:
        answer = client.post("/v1/session-plans/validate", json.dumps(vector["plan"]), "application/json").json()
        assert answer["verdict"] == vector["verdict"]
        assert [finding["id"] for finding in answer["findings"]] == [finding["id"] for finding in vector["findings"]]
    assert client.get("/v1/releases/9/vectors").json()["code"] == "release_not_found"


def test_nobody_waits_while_another_makes_them(client: Client, specimen: FrozenRelease) -> None:
    path = "/v1/releases/2/vectors?limit=1"
    with specimen._making:
        refused = client.get(path)
    assert (refused.status_code, refused["Retry-After"]) == (503, "5")
    assert client.get(path).status_code == 200
    with specimen._making:
        assert client.get(path).status_code == 200


def test_vectors_follow_a_limit_that_is_edited(release: FrozenRelease) -> None:
    lower = [
        {**row, "value": "7"} if row["slug"] == "asclera-session-volume-max" else row
        for row in release.content["session-limits"]
    ]
    book = Book({**release.content, "session-limits": lower})
    [limit] = [limit for limit in book.limits if limit.slug == "asclera-session-volume-max"]
    amounts = {}
    for vector in vectors_of(book, limit):
        amounts[vector["slug"].partition(":")[2]] = vector["plan"]["sessions"][0]["treatments"][0]["amount"]["value"]
        assert (limit.slug in broken_limits(vector["plan"], book)) is vector["broken"]
    assert amounts == {"on": "7", "inside": "6.999", "outside": "7.001"}
