"""The same plan tells the same, however its parts are ordered; and what differs between processes is told."""

import json
from random import Random
from typing import Any

import pytest

from api.releases import FrozenRelease
from tests.answering import VALIDATE, asked, digests, drawn, in_another_order
from tests.determinism import differences
from tests.random_plans import random_plan

REQUESTS: list[dict[str, Any]] = [
    {"path": "/v1/areas", "body": None, "same": "/v1/areas", "telling": "/v1/areas"},
    {"path": VALIDATE, "body": "{}", "same": "1", "telling": "1"},
    {"path": VALIDATE, "body": "{ }", "same": "1 in another order", "telling": "1"},
]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ([("a", "a"), ("b", "x"), ("c", "x")], []),
        ([("z", "a"), ("b", "x"), ("c", "x")], ["bytes of /v1/areas"]),
        ([("a", "a"), ("z", "x"), ("c", "x")], ["bytes of 1 "]),
        ([("a", "a"), ("b", "x"), ("c", "z")], ["told of 1 "]),
    ],
)
def test_what_differs_between_processes_is_told(other: list[tuple[str, str]], words: list[str]) -> None:
    found = [*differences(REQUESTS, {"SQLite": [("a", "a"), ("b", "x"), ("c", "x")], "PostgreSQL": other})]
    assert len(found) == len(words)
    assert all(word in each for word, each in zip(words, found, strict=True))


def test_shuffles_of_a_plan_come_to_the_same_bytes_and_another_order_tells_the_same(release: FrozenRelease) -> None:
    for seed in range(6):
        plan = random_plan(Random(seed), release.content)  # noqa: S311 - plans, not secrets
        first, second = (digests(asked(plan, "", seed, turn)) for turn in range(2))
        assert first == second
        other = digests(asked(in_another_order(plan, Random(seed)), "", seed, 0))  # noqa: S311
        assert other[1] == first[1]


def test_every_address_is_asked_and_members_are_shuffled(release: FrozenRelease) -> None:
    requests = [*drawn(40)]
    paths = {request["path"] for request in requests}
    assert {"/v1", "/v1/session-limits", "/v1/releases/2/vectors", "/v1/session-limits/resolve", VALIDATE} <= paths
    plans = [request for request in requests if request["body"] and request["same"] == "0"]
    assert len({plan["body"] for plan in plans}) == len(plans) == 20
    assert all(json.loads(plan["body"]) == json.loads(plans[0]["body"]) for plan in plans)
