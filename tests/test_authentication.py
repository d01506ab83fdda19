"""Who is let in: by a live key with the scope of the address, or by none where that is open; by nothing else."""

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from api.access import HEALTH
from api.keyring import Keyring
from api.models import PartnerKey
from api.releases import FrozenRelease
from tests.partners import READER, SAMPLE, UNKNOWN, bearer, stored, whole
from tests.plans import VALIDATE, clinic_plan, post
from tests.test_access import APP, STATIC, cors, preflight, send
from tests.test_routes import BODIES, FORMS, METHODS, ROUTES, path_of

pytestmark = pytest.mark.usefixtures("security_contact")

WHOAMI = "/v1/whoami"
PLAIN = 'Bearer realm="sclerotherapy"'
WRONG_TOKEN = f'{PLAIN}, error="invalid_token"'
# Addresses that are for anybody, whatever key is sent; a plan is needed for three, a GET for all others.
OPEN = {
    *("home", "docs", "openapi", "openapi-json", "problems", "problem", "livez", "readyz", "security-txt", "guides"),
    *("guide", "guide-text", "llms-txt", "api-catalog", "postman", "bruno", "kotlin-settings", "arazzo"),
    *("docs-group", "docs-search", "docs-console", "docs-console-document"),
}
OF_KEYS = sorted(ROUTES.keys() - OPEN)
WRONG = {
    "another scheme": (f"Basic {SAMPLE}", PLAIN),
    "no scheme": (SAMPLE, PLAIN),
    "empty": ("", PLAIN),
    "blank": (" ", PLAIN),
    "scheme alone": ("Bearer", PLAIN),
    "scheme and a blank": ("Bearer ", PLAIN),
    "another scheme that begins alike": (f"Bearers {SAMPLE}", PLAIN),
    "a blank before": (f" Bearer {SAMPLE}", PLAIN),
    "two blanks": (f"Bearer  {SAMPLE}", WRONG_TOKEN),
    "a tab": (f"Bearer\t{SAMPLE}", PLAIN),
    "a trailing blank": (f"Bearer {SAMPLE} ", WRONG_TOKEN),
    "a trailing comma": (f"Bearer {SAMPLE},", WRONG_TOKEN),
    "a line end": (f"Bearer {SAMPLE}\n", WRONG_TOKEN),
    "doubled": (f"Bearer {SAMPLE},Bearer {SAMPLE}", WRONG_TOKEN),
    "doubled with another": (f"Bearer {SAMPLE}, Bearer {UNKNOWN}", WRONG_TOKEN),
    "quoted": (f'Bearer "{SAMPLE}"', WRONG_TOKEN),
    "a parameter": (f"Bearer token={SAMPLE}", WRONG_TOKEN),
    "not ascii": ("Bearer sclé", WRONG_TOKEN),
    "mistyped": (f"Bearer {SAMPLE[:-1]}{'0' if SAMPLE[-1] != '0' else '1'}", WRONG_TOKEN),
    "in capitals": (f"Bearer {SAMPLE.upper()}", WRONG_TOKEN),
    "live for test": (f"Bearer {SAMPLE.replace('test', 'live')}", WRONG_TOKEN),
    "digest": ("Bearer " + "0" * 64, WRONG_TOKEN),
    "long": ("Bearer " + "a" * 9000, WRONG_TOKEN),
    "unknown": (f"Bearer {UNKNOWN}", WRONG_TOKEN),
    "wrong secret": (f"Bearer {whole(True, 'SampleKey1' + 'x' * 32)}", WRONG_TOKEN),
    "expired": (f"Bearer {whole(False, 'Expired000' + 'x' * 32)}", WRONG_TOKEN),
    "revoked": (f"Bearer {whole(False, 'Revoked000' + 'x' * 32)}", WRONG_TOKEN),
}
THEN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def three(db: None) -> None:
    """A live key, one that expired, and one that was revoked."""
    stored(SAMPLE)
    stored(WRONG["expired"][0].split()[1], created_at=THEN, expires_at=THEN.replace(month=2))
    stored(WRONG["revoked"][0].split()[1], created_at=THEN, revoked_at=THEN.replace(month=2))


@pytest.mark.parametrize("is_alone", [False, True])
@pytest.mark.parametrize("shape", WRONG)
@pytest.mark.usefixtures("three")
def test_whatever_is_wrong_with_a_key_is_a_401_that_tells_no_more(
    client: Client, settings: LazySettings, shape: str, is_alone: bool
) -> None:
    settings.ANONYMOUS = not is_alone
    header, challenge = WRONG[shape]
    for response in (
        client.get(WHOAMI, HTTP_AUTHORIZATION=header),
        client.get("/v1/areas", HTTP_AUTHORIZATION=header),
        post(client, clinic_plan(), HTTP_AUTHORIZATION=header),
    ):
        assert (response.status_code, response["WWW-Authenticate"]) == (401, challenge)
        body = response.json()
        body.pop("request_id")
        assert body == {
            "type": "/v1/problems/invalid_key",
            "title": "Not a live key",
            "status": 401,
            "detail": "The header `Authorization` has no live key of this service.",
            "code": "invalid_key",
        }
        assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
@pytest.mark.usefixtures("three")
def test_a_live_key_is_told_whose_it_is(client: Client, scheme: str) -> None:
    response = client.get(WHOAMI, HTTP_AUTHORIZATION=f"{scheme} {SAMPLE}")
    assert response.status_code == 200
    told = response.json()
    assert [rate["policy"] for rate in told.pop("rates")] == ["test"]
    assert told == {
        "partner": "clinic-apps",
        "key": "SampleKey1",
        "is_test": True,
        "scopes": ["content", "validate"],
        "expires_at": None,
        "house_limits": None,
    }
    assert response["Cache-Control"] == "no-store"
    assert "ETag" not in response


def test_without_a_key_nobody_is_told_of(client: Client) -> None:
    told = client.get(WHOAMI).json()
    everybody = {
        "partner": None,
        "key": None,
        "is_test": False,
        "scopes": ["content", "validate"],
        "expires_at": None,
        "house_limits": None,
    }
    assert [rate["policy"] for rate in told.pop("rates")] == ["anonymous"]
    assert told == everybody


def test_several_keys_of_a_partner_are_live_side_by_side(client: Client) -> None:
    for text in (SAMPLE, READER):
        stored(text, expires_at=timezone.now() + timedelta(days=1))
    for text in (SAMPLE, READER):
        told = client.get(WHOAMI, **bearer(text)).json()
        assert (told["partner"], told["key"]) == ("clinic-apps", text[9:19])
        assert datetime.fromisoformat(told["expires_at"]) > timezone.now()


@pytest.mark.parametrize("scopes", ["content", "validate", "content validate"])
@pytest.mark.parametrize("name", ROUTES)
def test_a_key_opens_what_its_scopes_are_for(client: Client, release: FrozenRelease, name: str, scopes: str) -> None:
    stored(SAMPLE, scopes=scopes)
    needed = None if name in OPEN | {"whoami"} else "validate" if name in {*BODIES, *FORMS} else "content"
    method = "POST" if name in BODIES else "GET"
    response = send(client, method, path_of(name, release), BODIES.get(name), **bearer(SAMPLE))
    if needed is None or needed in scopes.split():
        assert response.status_code == 200
    else:
        assert (response.status_code, response.json()["code"]) == (403, "scope_required")
        assert response["WWW-Authenticate"] == f'{PLAIN}, error="insufficient_scope", scope="{needed}"'
        assert f"`{needed}`" in response.json()["detail"]


@pytest.mark.parametrize("header", [None, "Bearer wrong", f"Bearer {SAMPLE}"])
@pytest.mark.parametrize("is_alone", [False, True])
@pytest.mark.parametrize("name", [*sorted(OPEN), STATIC])
def test_pages_the_contract_problems_health_and_files_are_for_anybody(
    client: Client, release: FrozenRelease, settings: LazySettings, name: str, is_alone: bool, header: str | None
) -> None:
    settings.ANONYMOUS = not is_alone
    sent = {} if header is None else {"HTTP_AUTHORIZATION": header}
    path = name if name == STATIC else path_of(name, release)
    with CaptureQueriesContext(connection) as seen:
        response = send(client, "GET", path, **sent)
    assert response.status_code == 200
    names_the_host = b"//localhost" in response.getvalue() or name == "bruno"
    assert "private" in response.get("Cache-Control", "") or not names_the_host
    assert not any("partner" in query["sql"] for query in seen.captured_queries)
    response.close()


@pytest.mark.parametrize("name", [*OF_KEYS, "/v1/nowhere", "/admin/"])
def test_where_anonymous_use_is_closed_all_else_needs_a_key(
    client: Client, release: FrozenRelease, settings: LazySettings, name: str
) -> None:
    settings.ANONYMOUS = False
    path = name if "/" in name else path_of(name, release)
    for method in set(METHODS) - {"OPTIONS", "HEAD"}:
        response = send(client, method, path, BODIES.get(name))
        assert (response.status_code, response["WWW-Authenticate"]) == (401, PLAIN)
        assert response.json()["code"] == "key_required"
    assert send(client, "HEAD", path).status_code == 401
    assert send(client, "OPTIONS", path).status_code in (404, 405)


def test_where_anonymous_use_is_closed_what_no_cache_keeps_stays_so(keys_alone: None, client: Client) -> None:
    stored(SAMPLE)
    assert send(client, "GET", "/v1/whoami", **bearer(SAMPLE))["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", [name for name in OF_KEYS if name not in {*BODIES, *FORMS, "whoami"}])
def test_where_anonymous_use_is_closed_no_shared_cache_keeps_an_answer(
    client: Client, release: FrozenRelease, settings: LazySettings, name: str
) -> None:
    stored(SAMPLE)
    path = path_of(name, release)
    opened = client.get(path, **bearer(SAMPLE))
    settings.ANONYMOUS = False
    closed = client.get(path, **bearer(SAMPLE))
    assert closed.status_code == 200
    assert closed["Cache-Control"] == opened["Cache-Control"].replace("public", "private") != opened["Cache-Control"]
    again = client.get(path, HTTP_IF_NONE_MATCH=closed["ETag"], **bearer(SAMPLE))
    assert (again.status_code, again["Cache-Control"]) == (304, closed["Cache-Control"])
    for response in (opened, closed, again):
        # With a partner's key, it tells limits of its own that are kept for it.
        assert ("Authorization" in response.get("Vary", "")) is (name == "resolve")


@pytest.mark.usefixtures("three")
def test_an_answer_is_the_same_with_a_key_and_without(client: Client, release: FrozenRelease) -> None:
    for name in sorted(ROUTES.keys() - BODIES.keys() - {"whoami"}):
        path = path_of(name, release)
        with_key, without = client.get(path, **bearer(SAMPLE)), client.get(path)
        assert with_key.content == without.content, path
        own = dict.fromkeys(("X-Request-ID", "RateLimit", "RateLimit-Policy"), "")
        assert {**with_key.headers, **own} == {**without.headers, **own}


ADDRESSES = (
    f"/v1/areas/{SAMPLE}",
    f"/{READER}/v1",
    f"/v1/areas?key={SAMPLE}",
    f"/v1/areas?{READER}",
    f"/v1/areas?limit=1&key={SAMPLE.replace('_', '%5f').replace('s', '%73')}",
    f"/v1/areas/{SAMPLE.replace('_', '%5F')}",
    f"/v1/areas/{SAMPLE.replace('_', '%255F')}",
    f"/v1/areas/{SAMPLE.replace('s', '%252573')}",
    f"/v1/areas?key={SAMPLE.upper()}",
    f"{VALIDATE}?key={SAMPLE[:20]}",
    f"/livez?key={SAMPLE}",
    f"/static/{SAMPLE}",
    f"/docs?key={SAMPLE}",
    f"/nowhere?key={SAMPLE}",
)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", sorted({*METHODS} - {"HEAD"}))
@pytest.mark.usefixtures("three")
def test_a_key_in_an_address_is_refused_and_stands_nowhere(
    client: Client, caplog: pytest.LogCaptureFixture, address: str, method: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        response = send(client, method, address, **bearer(SAMPLE))
    assert (response.status_code, response.json()["code"]) == (400, "key_in_url")
    told = f"{response.content!r} {response.headers} {caplog.text} {[vars(record) for record in caplog.records]}"
    assert "samplekey" not in told.lower()


@pytest.mark.parametrize("address", ["/v1/faqs?q=scl", "/v1/areas/scl-live", "/v1/areas/scl_live"])
def test_what_only_begins_as_a_key_is_an_address(client: Client, address: str) -> None:
    assert client.get(address).status_code in (200, 404)


def test_the_day_of_the_last_use_is_kept_and_only_of_a_key_that_was_let_in(client: Client) -> None:
    stored(SAMPLE)
    stored(READER, scopes="content")
    client.get("/v1/areas", **bearer(SAMPLE))
    post(client, clinic_plan(), **bearer(READER))
    days = dict(PartnerKey.objects.values_list("id", "last_used_on"))
    assert days == {"SampleKey1": datetime.now(UTC).date(), "SampleKey2": None}


def test_a_database_that_takes_no_day_fails_no_request(client: Client) -> None:
    stored(SAMPLE)

    def refuse(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("UPDATE"):
            raise OperationalError("attempt to write a readonly database")
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse):
        assert client.get(WHOAMI, **bearer(SAMPLE)).status_code == 200


@pytest.mark.usefixtures("keys_away")
def test_where_no_keys_can_be_read_a_key_is_neither_let_in_nor_refused(client: Client) -> None:
    for path in (WHOAMI, "/v1/areas"):
        response = client.get(path, **bearer(SAMPLE))
        assert (response.status_code, response.json()["code"]) == (503, "keys_unavailable")
        assert response["Retry-After"] == "5"
        assert client.get(path).status_code == 200
        assert client.get(path, HTTP_AUTHORIZATION="Bearer wrong").status_code == 401


def test_a_page_of_another_origin_may_not_send_a_key_and_may_read_why(
    client: Client, settings: LazySettings, release: FrozenRelease
) -> None:
    settings.CORS_PLAN_ORIGINS = [APP]
    asked = {"HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "authorization"}
    for path, method in ((VALIDATE, "POST"), ("/v1/areas", "GET"), (WHOAMI, "GET")):
        told = cors(preflight(client, path, method, APP, **asked))
        assert "authorization" not in told["Allow-Headers"].lower().split(", ")
        assert "*" not in told["Allow-Headers"]
        assert "Allow-Credentials" not in told
    refused = client.get("/v1/areas", HTTP_ORIGIN=APP, HTTP_AUTHORIZATION="Bearer wrong")
    assert refused.status_code == 401
    assert cors(refused)["Allow-Origin"] == "*"
    assert "WWW-Authenticate" in cors(refused)["Expose-Headers"].split(", ")
    assert cors(post(client, {}, HTTP_ORIGIN=APP, HTTP_AUTHORIZATION="Bearer wrong"))["Allow-Origin"] == APP


def test_where_anonymous_use_is_closed_browsers_are_told_so_after_they_asked(
    client: Client, settings: LazySettings, release: FrozenRelease
) -> None:
    settings.ANONYMOUS = False
    settings.CORS_PLAN_ORIGINS = [APP]
    assert preflight(client, VALIDATE, "POST", APP).status_code == 200
    answer = post(client, clinic_plan(), HTTP_ORIGIN=APP)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (401, "key_required")
    assert cors(answer)["Allow-Origin"] == APP


def test_health_is_answered_while_no_key_is_read(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Any:
        raise AssertionError("no key is to be read")

    monkeypatch.setattr("api.authentication.keyring", Keyring(fail))
    for path in HEALTH:
        assert client.get(path, **bearer(SAMPLE)).status_code == 200
