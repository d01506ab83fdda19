"""Every example in `api/examples` is what the service answers to the specimen: status, every header, and body.

`pytest --approve` rewrites the answers, never a status: what a file is named for stays true.
"""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.http import HttpResponse
from django.test import Client
from django.urls import resolve

from api.pages.contract import openapi_json, openapi_yaml
from api.releases import FrozenRelease
from api.schema import EXAMPLES
from api.views.contract import ContractView
from api.views.problems import samples
from tests.asking import in_full

# Pages of problems show other examples, so they come last.
FILES = sorted(EXAMPLES.iterdir(), key=lambda path: ("problem" in path.name, path))
REQUEST_ID = MASK = "5f1c0e7d9a3b2846"
# What an example may say of the service before it is asked, and the fixture that makes it so.
GIVEN = {
    None: "specimen",
    "Nothing is published.": "nothing_published",
    "A fault of ours.": "fault_of_ours",
    "A proxy ends TLS.": "behind_proxy",
    "The requests of this minute are used up.": "used_up",
    "A partner has keys.": "partner_keys",
    "A partner keeps limits of its own.": "own_limits",
    "What a partner keeps does not fit.": "unfit_limits",
    "Nobody is answered without a key.": "keys_alone",
    "No keys can be read.": "keys_away",
    "A row was changed, and another withdrawn.": "two_rows",
}
HOW_TO_RENEW = (
    "run: python -m tests.specimen, then: pytest --approve tests/test_examples.py, "
    "then: manage.py spectacular --file openapi.yaml"
)


def read(path: Path) -> dict[str, Any]:
    example: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return example


def send(client: Client, asked: dict[str, Any]) -> HttpResponse:
    """Send an example's request: a body that is text as it is, any other as JSON."""
    body = asked.get("body", "")
    headers: dict[str, Any] = {name: in_full(text) for name, text in asked.get("headers", {}).items()}
    # The test client has arguments of its own for these two.
    of_body = {"CONTENT_LENGTH": headers.pop("Content-Length")} if "Content-Length" in headers else {}
    response: Any = client.generic(
        asked["method"],
        in_full(asked["path"]),
        body if isinstance(body, str) else json.dumps(body),
        content_type=headers.pop("Content-Type", ""),
        headers=headers,
        **of_body,
    )
    return response  # type: ignore[no-any-return]


def masked(text: str) -> str:
    """The text with digests that are always the same, so that no example changes where only they do."""
    return re.sub("[0-9a-f]{16,}", lambda digest: (MASK * 4)[: len(digest[0])], text)


def seconds_masked(text: str) -> str:
    """The text with the seconds at its end, which go by while an example is made, as they are at first."""
    assert re.search("(^|;t=)([1-9]|[1-5][0-9]|60)$", text)
    return re.sub("[0-9]+$", "60", text)


def told(response: HttpResponse) -> dict[str, Any]:
    """An answer as an example keeps it, with a request id and digests that are always the same."""
    headers = {name: masked(value) if name == "ETag" else value for name, value in response.headers.items()}
    if response.status_code == 429:
        headers["Retry-After"] = seconds_masked(headers["Retry-After"])
    if "RateLimit" in headers:
        headers["RateLimit"] = seconds_masked(headers["RateLimit"])
    sent = headers["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{20}", sent)
    headers["X-Request-ID"] = REQUEST_ID
    body: Any = response.content.decode().replace(sent, REQUEST_ID)
    if response.content in (openapi_yaml(), openapi_json()):
        body = "The file openapi.yaml." if response.content == openapi_yaml() else "The file openapi.yaml as JSON."
        headers["ETag"] = '"of-the-file"'
        del headers["Content-Length"]
    elif "json" in headers.get("Content-Type", "") and body:
        body = json.loads(masked(body))
    return {"status": response.status_code, "headers": headers, "body": body or None}


# What a browser asks before it sends a request is no operation.
OF_OPERATIONS = [path for path in FILES if read(path)["request"]["method"] != "OPTIONS"]


@pytest.fixture(autouse=True)
def as_of_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is overdue by now is so as of a day, so that no example changes by itself."""
    monkeypatch.setattr(ContractView, "now", lambda self: datetime(2026, 11, 27, 9, tzinfo=UTC))


@pytest.fixture(autouse=True)
def rates_as_published(settings: LazySettings) -> None:
    """Those of `compose.yaml`, which partners are to expect."""
    settings.RATE_ANONYMOUS = 240


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_example_is_what_the_service_answers(path: Path, client: Client, request: pytest.FixtureRequest) -> None:
    example = read(path)
    request.getfixturevalue(GIVEN[example.get("given")])
    asked, kept = example["request"], example["response"]
    approving = request.config.getoption("--approve")
    headers = dict(asked.get("headers", {}))
    if "If-None-Match" in headers:
        headers["If-None-Match"] = client.get(asked["path"])["ETag"]
    real = told(send(client, {**asked, "headers": headers}))
    assert real["status"] == kept["status"], real
    if approving:
        path.write_text(json.dumps({**example, "response": real}, indent=1, ensure_ascii=False) + "\n", "utf-8")
        samples.cache_clear()
    assert real == read(path)["response"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_example_is_named_for_its_operation_and_is_self_contained(path: Path) -> None:
    operation, name, ending = path.name.split(".")
    assert ending == "json"
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", name)
    example = read(path)
    assert example.keys() <= {"given", "request", "response"}
    assert example.get("given") in GIVEN
    assert example["request"].keys() <= {"method", "path", "headers", "body"}
    assert example["response"].keys() == {"status", "headers", "body"}
    asked_of = resolve(example["request"]["path"].partition("?")[0])
    view: Any = asked_of.func
    assert view.view_class(**view.view_initkwargs).operation.id == operation


def test_the_specimen_can_still_be_read(specimen: FrozenRelease, client: Client) -> None:
    assert client.get("/readyz").status_code == 200, HOW_TO_RENEW
    assert client.get("/v1/coverage").status_code == 200, HOW_TO_RENEW
    assert client.get("/v1/releases/2/vectors").status_code == 200, HOW_TO_RENEW


def test_the_specimen_has_the_members_of_what_is_published_today(
    release: FrozenRelease, specimen: FrozenRelease
) -> None:
    today, kept = ({name: [*rows[0]] for name, rows in each.content.items()} for each in (release, specimen))
    assert kept == today, HOW_TO_RENEW


def test_the_rules_of_the_specimen_hang_together(specimen: FrozenRelease) -> None:
    book = specimen.book
    for rule in book.rules.values():
        assert rule.topic is None or book.rules[rule.topic].topic == rule.topic
        assert any(limit.rule == rule.slug for limit in book.limits)
    sources = {row["slug"] for row in specimen.content["sources"]}
    cited = {citation["source"] for limit in book.limits for citation in limit.citations}
    assert cited <= sources
