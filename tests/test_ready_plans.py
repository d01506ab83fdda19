"""Plans that are checked without Django: as by Django, whatever was sent before, and counted once."""

import json
from typing import Any

import pytest

from api.representations import CODINGS
from tests.asking import Answer, Broken, ask, django
from tests.partners import READER, SAMPLE
from tests.plans import VALIDATE, clinic_plan
from tests.promises import differing
from tests.ready import Asked, left

pytestmark = pytest.mark.usefixtures("specimen")
PLANS = {
    "broken": json.dumps(clinic_plan("12")).encode(),
    "kept": json.dumps(clinic_plan("8")).encode(),
    "no plan": b'{"sessions": []}',
    "no JSON": b"{",
    "a member twice": b'{"sessions": [], "sessions": []}',
    "nothing": b"",
    "too much": b" " * 300_000,
}


@pytest.mark.usefixtures("partner_keys")
@pytest.mark.parametrize("query", ["", "?passed=none", "?passed=binding&release=1", "?passed=some", "?release=9"])
@pytest.mark.parametrize(
    "more",
    [
        {},
        *({"HTTP_ACCEPT_ENCODING": coding} for coding in CODINGS),
        {"HTTP_ORIGIN": "https://app.example"},
        {"HTTP_AUTHORIZATION": f"Bearer {SAMPLE}"},
        {"HTTP_AUTHORIZATION": f"Bearer {READER}"},
        {"CONTENT_TYPE": "text/plain"},
        {"HTTP_CONTENT_ENCODING": "gzip"},
        {"HTTP_TRANSFER_ENCODING": "chunked"},
        {"CONTENT_LENGTH": "12"},
        {"CONTENT_LENGTH": "900000"},
        {"CONTENT_LENGTH": "many"},
    ],
    ids=str,
)
def test_a_plan_is_answered_as_by_django_whatever_was_sent_before(
    asked: Asked, query: str, more: dict[str, Any]
) -> None:
    for _ in range(2):
        for name, body in PLANS.items():
            sent = {"CONTENT_TYPE": "application/json", "body": body, **more}
            by_django = ask("POST", f"{VALIDATE}{query}", of=django, **sent)
            answer = asked.ask(f"{VALIDATE}{query}", "POST", **sent)
            assert [*differing(by_django, answer)] == [], name


def test_a_plan_is_checked_without_django_and_costs_one_request(asked: Asked) -> None:
    def check(name: str) -> Answer:
        return asked.ask(VALIDATE, "POST", body=PLANS[name], CONTENT_TYPE="application/json", REMOTE_ADDR="10.9.9.9")

    answers = [check(name) for name in ("broken", "kept", "broken", "no plan", "kept")]
    assert asked.times == 2
    assert [left(answer) for answer in answers] == [left(answers[0]) - k for k in range(5)]
    assert [json.loads(answer.body).get("verdict") for answer in answers] == [
        *("outside_limits", "incomplete", "outside_limits", None, "incomplete"),
    ]


def test_a_client_that_leaves_is_left_to_django(asked: Asked) -> None:
    sent: dict[str, Any] = {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": "90"}
    asked.ask(VALIDATE, "POST", body=PLANS["broken"], CONTENT_TYPE="application/json")
    answer = asked.ask(VALIDATE, "POST", stream=Broken(), **sent)
    assert (answer.status, asked.times) == (400, 2)


@pytest.mark.parametrize("length", ["500", "262145", "999999", "1000000", "-1", "", "9" * 30])
def test_a_body_of_no_length_that_may_be_is_left_to_django(asked: Asked, length: str) -> None:
    asked.ask(VALIDATE, "POST", body=PLANS["broken"], CONTENT_TYPE="application/json")
    sent: dict[str, Any] = {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": length, "body": PLANS["broken"]}
    assert asked.ask(VALIDATE, "POST", **sent).status in (400, 411, 413)
    assert asked.times == 2
