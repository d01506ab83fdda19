"""Every failure is one shape."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from api.models import Release
from api.problems import PROBLEMS
from api.releases import FrozenRelease
from tests.conftest import freeze
from tests.plans import VALIDATE, clinic_plan, post


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("GET", "/nowhere", {}, 404, "not_found"),
        ("GET", "/v1/areas/", {}, 404, "not_found"),
        ("GET", "/v1/areas/%00", {}, 400, "bad_request"),
        ("GET", "/v1/areas/a%0Ab", {}, 400, "bad_request"),
        ("GET", "/v1/areas/%zz", {}, 400, "bad_request"),
        ("GET", "/v1/areas/%", {}, 400, "bad_request"),
        ("GET", "/v1/areas/%ff", {}, 400, "bad_request"),
        ("GET", "/nowhere/%C2%85", {}, 400, "bad_request"),
        ("POST", "/static/%00", {}, 400, "bad_request"),
        ("GET", "/v1/areas/%C3%A9", {}, 404, "not_found"),
        ("POST", "/static/api/page.css", {}, 405, "method_not_allowed"),
        ("DELETE", "/static/api/page.css", {}, 405, "method_not_allowed"),
        ("GET", "/v1/releases/99", {}, 404, "release_not_found"),
        ("GET", "/v1/problems/nothing", {}, 404, "not_found"),
        ("POST", "/v1/areas", {}, 405, "method_not_allowed"),
        ("OPTIONS", "/v1/areas", {}, 405, "method_not_allowed"),
        ("POST", "/v1/areas", {"HTTP_ACCEPT": "text/html"}, 405, "method_not_allowed"),
        ("TRACE", "/v1", {}, 405, "method_not_allowed"),
        ("GET", VALIDATE, {}, 405, "method_not_allowed"),
        ("GET", "/v1/areas", {"HTTP_ACCEPT": "text/html"}, 406, "not_acceptable"),
        ("GET", "/v1", {"HTTP_HOST": "evil.example"}, 400, "bad_request"),
    ],
)
def test_a_failure_is_a_problem(
    client: Client, method: str, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    response = client.generic(method, path, **headers)  # type: ignore[arg-type]
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["request_id"] == response["X-Request-ID"]
    assert client.get(body["type"], HTTP_ACCEPT="application/json").json()["code"] == code
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_problem_has_a_page(client: Client, code: str) -> None:
    explained = client.get(f"/v1/problems/{code}")
    assert (explained.status_code, explained.json()["title"]) == (200, PROBLEMS[code].title)
    page = client.get(f"/v1/problems/{code}", HTTP_ACCEPT="text/html")
    assert (page.status_code, page["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert f"<h1>{PROBLEMS[code].title}" in page.content.decode()
    assert explained["Vary"] == page["Vary"] == "Accept, Accept-Encoding"


def test_a_path_that_is_no_text_is_named(client: Client) -> None:
    [error] = client.get("/v1/areas/%zz").json()["errors"]
    assert error == {
        "parameter": "path",
        "code": "not_a_text",
        "detail": "Send percent-encoded UTF-8 without control characters.",
    }


def test_a_static_file_names_its_methods(client: Client) -> None:
    assert client.put("/static/api/page.css")["Allow"] == "GET, HEAD"


def test_a_clients_own_request_id_is_kept_when_it_is_plain(client: Client) -> None:
    assert client.get("/livez", HTTP_X_REQUEST_ID="partner-4711")["X-Request-ID"] == "partner-4711"
    assert client.get("/livez", HTTP_X_REQUEST_ID="<b>")["X-Request-ID"] != "<b>"


def test_a_fault_of_ours_is_a_problem_without_details(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> Any:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr("api.checking.check_plan", broken)
    response = post(client, clinic_plan())
    assert (response.status_code, json.loads(response.content)["code"]) == (500, "server_error")
    assert b"secret" not in response.content
    assert response["Cache-Control"] == "no-store"


@contextmanager
def database_away() -> Iterator[None]:
    """While it lasts, every query fails as it does when the database cannot be reached."""

    def fail(*args: Any) -> Any:
        raise OperationalError("the database is away")

    with connection.execute_wrapper(fail):
        yield


@pytest.mark.usefixtures("empty_memory")
def test_while_the_database_is_away_the_last_release_stands(client: Client) -> None:
    before = client.get("/v1/areas").content
    with database_away():
        assert client.get("/v1/areas").content == before
        assert client.get("/v1/areas?release=1").status_code == 200
        assert post(client, clinic_plan()).status_code == 200
        response = client.get("/v1/areas?release=7")
        assert (response.status_code, response.json()["code"]) == (503, "content_unavailable")


@pytest.mark.usefixtures("empty_memory")
def test_while_the_database_is_away_the_history_is_that_of_the_last_release(
    client: Client, specimen: FrozenRelease
) -> None:
    client.get("/v1/areas")  # of another address, and of the newest release alone
    newest = client.get("/v1/releases/2").json()
    with database_away():
        history = client.get("/v1/releases")
        assert (history.status_code, history["Content-Release"]) == (200, "2")
        assert [row["number"] for row in history.json()["items"]] == [1, 2]
        assert client.get("/v1/releases?limit=1&after=1").json()["items"] == history.json()["items"][1:]
        assert client.get("/v1/releases", HTTP_IF_NONE_MATCH=history["ETag"]).status_code == 304
        assert client.get("/v1/releases/2").json() == newest
        assert client.get("/v1/releases/1").status_code == 503  # never read
        assert client.get("/readyz").status_code == 200
    assert client.get("/v1/releases").json() == history.json()


@pytest.mark.usefixtures("empty_memory")
def test_without_rules_no_plan_is_checked(client: Client) -> None:
    with database_away():
        response = post(client, clinic_plan("1"))
        assert (response.status_code, json.loads(response.content)["code"]) == (503, "content_unavailable")
        assert response["Retry-After"] == "5"
        assert client.get("/readyz").status_code == 503
        assert client.get("/livez").status_code == 200


@pytest.mark.usefixtures("nothing_published")
def test_before_anything_is_published_the_answer_is_503(client: Client) -> None:
    for path in ("/", "/v1", "/v1/areas", "/v1/releases", "/v1/session-limits/resolve", "/readyz"):
        response = client.get(path)
        assert (response.status_code, response.json()["code"]) == (503, "content_unavailable"), path
    assert client.get("/v1/areas?release=1").json()["code"] == "content_unavailable"
    assert client.get("/v1/problems/content_unavailable").status_code == 200


def test_releases_of_equal_content_are_told_apart(client: Client, specimen: FrozenRelease) -> None:
    freeze(3, "As the first", json.loads(Release.objects.get(number=1).payload))
    assert client.get("/v1/areas")["Content-Release"] == "3"
    assert client.get("/v1/areas?release=1")["Content-Release"] == "1"
    assert client.get("/v1/areas")["Content-Release"] == "3"
