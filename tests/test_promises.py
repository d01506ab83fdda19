"""What is held against the answers to odd requests is told where it is broken; a seed makes one request."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from api.releases import FrozenRelease
from tests import promises
from tests.asking import JSON, Answer, ask
from tests.plans import VALIDATE, clinic_plan
from tests.promises import broken
from tests.spoilt_json import spoilt
from tests.spoilt_requests import request_of
from tests.try_requests import problems_of, sent

pytestmark = pytest.mark.django_db
PLAN = json.dumps(clinic_plan("8")).encode()
WRONG = b'{"sessions":[{"treatments":[{"area":"leg"}]}]}'


def test_requests_spoilt_by_chance_break_no_promise(release: FrozenRelease) -> None:
    for seed in range(150):
        request = request_of(seed, release.content)
        assert not [*problems_of(request, sent(request))], request


def test_a_seed_makes_the_same_request_each_time(release: FrozenRelease) -> None:
    made = [[str(request_of(seed, release.content)) for seed in range(300)] for _ in range(2)]
    assert made[0] == made[1]
    assert len({*made[0]}) > 250


def is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def test_spoilt_bodies_differ_from_the_plan_and_many_are_json_still() -> None:
    bodies = [spoilt(clinic_plan("8"), Random(seed)) for seed in range(300)]  # noqa: S311
    assert sum(body.replace(b" ", b"") == PLAN.replace(b" ", b"") for body in bodies) < 60
    assert 100 < sum(map(is_json, bodies)) < 250


def changed(answer: Answer, **members: Any) -> Answer:
    """A problem document with other members."""
    body = json.dumps({**json.loads(answer.body), **members}).encode()
    return answer._replace(body=body, headers={**answer.headers, "Content-Length": str(len(body))})


def headed(answer: Answer, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return answer._replace(headers={**answer.headers, **named})


SPOILT: dict[str, Callable[[Answer], Answer]] = {
    "status 500": lambda answer: answer._replace(status=500),
    "status 302": lambda answer: answer._replace(status=302),
    "is text/html": lambda answer: headed(answer, Content_Type="text/html"),
    "with the code nothing": lambda answer: changed(answer, code="nothing"),
    "and status 409": lambda answer: changed(answer, status=409),
    "no problem document": lambda answer: changed(answer, detail=7),
    "another request_id": lambda answer: changed(answer, request_id="another-one"),
    "does not explain": lambda answer: changed(answer, type="/v1/problems/not_found"),
    "is no fault of": lambda answer: changed(answer, errors=[{"pointer": "", "code": "too_deep", "detail": "x"}]),
    "without a place": lambda answer: changed(answer, errors=[]),
    "leads nowhere": lambda answer: changed(answer, errors=[{"pointer": "/a/b", "code": "null", "detail": "x"}]),
    "no Content-Security-Policy": lambda answer: answer._replace(
        headers={name: value for name, value in answer.headers.items() if name != "Content-Security-Policy"}
    ),
    "X-Request-ID that is none": lambda answer: headed(answer, X_Request_ID="a b"),
    "no plain text": lambda answer: headed(answer, Allow="a\r\nb"),
    "Content-Length 1 of": lambda answer: headed(answer, Content_Length="1"),
}


@pytest.mark.parametrize("words", SPOILT)
def test_a_failure_that_breaks_a_promise_is_told(words: str) -> None:
    answer = ask("POST", VALIDATE, WRONG, **JSON)
    assert not [*broken("POST", VALIDATE, WRONG, answer)]
    assert words in " ".join(broken("POST", VALIDATE, WRONG, SPOILT[words](answer)))


def test_an_answer_that_is_not_as_the_contract_says_is_told() -> None:
    promises._fitting.clear()
    answer = ask("POST", VALIDATE, PLAN, **JSON)
    assert not [*broken("POST", VALIDATE, PLAN, answer)]
    told = [*broken("POST", VALIDATE, PLAN, changed(answer, verdict="fine"))]
    assert "$.verdict does not fit" in " ".join(told)


def test_a_304_with_a_body_is_told() -> None:
    answer = ask("GET", "/v1/areas", HTTP_IF_NONE_MATCH="*")
    assert answer.status == 304
    assert not [*broken("GET", "/v1/areas", b"", answer)]
    assert [
        *broken("GET", "/v1/areas", b"", answer._replace(body=b"x", headers=headed(answer, Content_Length="1").headers))
    ]
