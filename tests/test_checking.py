"""From the bytes of a body to those of the answer: the fast way in is the complete one; and which limits are listed."""

import json
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from django.test import Client

from api.checking import answer_at_once, answer_to, read_at_once, read_document
from api.parsers import BodyFaults, parse
from api.releases import FrozenRelease
from api.rules.book import MOST_KNOWN, Known
from api.rules.documents import read_plan
from api.rules.evaluate import evaluate
from api.rules.patching import patched
from api.rules.reading import MOST_FAULTS, PlanFaults
from tests.laws import reordered
from tests.plans import VALIDATE, clinic_plan, plan, post, session, treatment
from tests.random_plans import random_plan

BATCH = "/v1/session-plans/validate-batch"
SMALLEST = json.dumps(clinic_plan("8"))
# Bodies that the fast parser would read as something else than they are, or that are no strict JSON.
NOT_AS_THEY_ARE = (
    SMALLEST.replace('"area": "leg"', '"area": "calf", "area": "leg"'),
    SMALLEST.replace('"8"', "8.50"),
    SMALLEST.replace('"8"', "8.5"),
    SMALLEST.replace('"8"', "1e1"),
    SMALLEST.replace('"8"', "-0"),
    SMALLEST.replace('"8"', "8.0000"),
    SMALLEST.replace('"8"', "NaN"),
    SMALLEST.replace('"8"', "08"),
    SMALLEST.replace('"leg"', '"l\\u0065g"'),
    SMALLEST.replace('"leg"', '"leg\t"'),
    SMALLEST.replace('"leg"', '" leg"'),
    SMALLEST.replace('"8"', '"8 "'),
    SMALLEST.replace('"8"', "true"),
    SMALLEST.replace('"8"', "null"),
    SMALLEST.replace('"8"', "123456789012345678901234567890"),
    "\ufeff" + SMALLEST,
    SMALLEST + "x",
    "[" * 2000,
    "",
)


def in_full(body: bytes, release: FrozenRelease) -> Any:
    """What the complete way reads in a body; None where it refuses."""
    try:
        return read_document(parse(body), release.book.vocabulary)
    except (BodyFaults, PlanFaults):
        return None


@pytest.mark.parametrize("text", NOT_AS_THEY_ARE)
def test_what_the_fast_parser_changes_is_left_to_the_complete_one(text: str, release: FrozenRelease) -> None:
    assert read_at_once(text.encode(), release.book.vocabulary) is None


@pytest.mark.parametrize("start", range(0, 300, 100))
def test_the_fast_way_reads_what_the_complete_one_does(start: int, release: FrozenRelease) -> None:
    content: Any = release.content
    for seed in range(start, start + 100):
        random = Random(seed)  # noqa: S311 - plans, not secrets
        body = json.dumps(reordered(random_plan(random, content), random), indent=random.choice((None, 2))).encode()
        read = read_at_once(body, release.book.vocabulary)
        assert read is None or read == in_full(body, release)


def test_most_plans_are_read_the_fast_way(release: FrozenRelease) -> None:
    assert read_at_once(json.dumps(plan()).encode(), release.book.vocabulary) is not None


def test_whole_numbers_may_be_sent_as_numbers(release: FrozenRelease) -> None:
    answers = [answer_to(text.encode(), release) for text in (SMALLEST, SMALLEST.replace('"8"', "8"))]
    assert [json.loads(answer)["findings"] for answer in answers] == [[], []]
    assert read_at_once(SMALLEST.replace('"8"', "8").encode(), release.book.vocabulary) is not None


def test_what_answers_at_once_says_the_same_or_leaves_it_to_the_complete_way(release: FrozenRelease) -> None:
    assert answer_at_once(SMALLEST.encode(), release, "none") == answer_to(SMALLEST.encode(), release, "none")
    assert answer_at_once(SMALLEST.replace('"leg"', '"l\\u0065g"').encode(), release) is None


def test_no_more_faults_are_worked_out_than_are_asked_for(release: FrozenRelease) -> None:
    with pytest.raises(PlanFaults) as refused:
        read_plan({"a": 1, "b": 2, "sessions": [3, 4]}, release.book.vocabulary, most_faults=1)
    assert [fault.pointer for fault in refused.value.faults] == ["/a"]


def test_what_has_more_faults_than_are_told_is_refused_as_any_other(client: Client) -> None:
    odd = {"area": "leg", **{f"odd_{k}": k for k in range(MOST_FAULTS)}}
    told = post(client, {"sessions": [{"treatments": [odd, {}, {"area": 5, "amount": {}}]}, 7]})
    assert told.status_code == 400
    assert len(json.loads(told.content)["errors"]) == MOST_FAULTS


def test_a_body_that_is_no_plan_is_explained_by_the_complete_parser(release: FrozenRelease) -> None:
    with pytest.raises(PlanFaults, match="/sessions/0/treatments/0/area duplicate_member"):
        answer_to(NOT_AS_THEY_ARE[0].encode(), release)


def test_what_is_kept_is_listed_in_full_in_part_or_not_at_all(client: Client) -> None:
    spots = [treatment(amount={"value": value, "unit": "mL"}, injection_count=3) for value in ("0.6", "0.9", "0.3")]
    body = plan(session(*spots))
    every, closest, nothing = (
        json.loads(post(client, body, f"{VALIDATE}?passed={passed}").content) for passed in ("all", "binding", "none")
    )
    assert json.loads(post(client, body).content) == every
    assert every["summary"]["passed"] == len(every["passed"]) > 30
    assert nothing == {**every, "passed": []}
    assert closest == {**every, "passed": closest["passed"]}
    by_rule: dict[str, list[Any]] = {}
    for row in every["passed"]:
        by_rule.setdefault(row["rule"], []).append(row)
    wanted = [min(rows, key=headroom) for rows in by_rule.values()]  # the first of those that leave as little
    assert closest["passed"] == [row for row in every["passed"] if row in wanted]
    [injection] = [row for row in closest["passed"] if row["rule"] == "injection-volume"]
    assert injection["pointer"] == "/sessions/0/treatments/1"


def headroom(row: dict[str, Any]) -> Fraction:
    return Fraction(row["headroom"]["value"]) if row["headroom"] else Fraction(0)


def test_a_batch_lists_what_it_is_asked_for(client: Client) -> None:
    answer = json.loads(post(client, {"plans": [plan(), plan()]}, f"{BATCH}?passed=none").content)
    assert [item["answer"]["passed"] for item in answer["items"]] == [[], []]


def test_another_word_for_what_is_listed_is_a_fault(client: Client) -> None:
    [fault] = json.loads(post(client, plan(), f"{VALIDATE}?passed=some").content)["errors"]
    assert (fault["parameter"], fault["code"], fault["allowed"]) == (
        "passed",
        "not_a_choice",
        ["all", "binding", "none"],
    )


def test_a_patch_that_makes_no_plan_is_refused(release: FrozenRelease) -> None:
    sessions = [session(date=f"2026-11-{day:02}") for day in range(1, 26)] + [
        session(date=f"2026-12-{day:02}") for day in range(1, 26)
    ]
    seen = evaluate(parse(json.dumps(plan(*sessions, previous_sessions=[])).encode()), release.book)
    add = {"op": "add", "path": "/sessions/-", "value": session(date="2027-01-01")}
    with pytest.raises(PlanFaults, match="/sessions wrong_length"):
        patched(seen.layout.plan, [add], release.book.vocabulary)
    amount = {"op": "replace", "path": "/sessions/3/treatments/0/amount/value", "value": "0"}
    with pytest.raises(PlanFaults, match="/sessions/3/treatments/0/amount/value out_of_range"):
        patched(seen.layout.plan, [amount], release.book.vocabulary)


def test_what_is_remembered_is_bounded() -> None:
    known = Known()
    for key in range(MOST_KNOWN + 1):
        known[key] = key
    assert known == {MOST_KNOWN: MOST_KNOWN}
