"""How a request comes in: by any host for health alone, over TLS behind a proxy, from pages of which origins."""

import json
from itertools import product
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from api.access import HEALTH
from api.releases import FrozenRelease
from api.schema import HEADERS, examples
from tests.plans import VALIDATE, post
from tests.test_routes import BODIES, FORMS, METHODS, ROUTES, path_of

APP, OTHER = "https://app.example", "https://other.example"
STATIC = "/static/api/page.css"
HOSTS = ("10.0.0.7:8000", "another.example", "[::1", "a_b", "", "localhost, localhost")
# Not for pages, or told to them in any case (Fetch: CORS-safelisted response headers).
NOT_EXPOSED = {
    *("Content-Length", "Content-Type", "Vary", "Referrer-Policy", "X-Content-Type-Options", "X-Frame-Options"),
    *("Content-Security-Policy", "Cross-Origin-Opener-Policy"),
}


def send(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """The answer to a request whose headers are named as in `request.META`."""
    text = "" if body is None else json.dumps(body)
    kind = "" if body is None else "application/json"
    return client.generic(method, path, text, content_type=kind, **headers)  # type: ignore[arg-type]


def preflight(client: Client, path: str, method: str, origin: str, **headers: str) -> Any:
    asked = {"HTTP_ORIGIN": origin, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": method}
    return send(client, "OPTIONS", path, **asked, **headers)


def cors(response: Any) -> dict[str, str]:
    """What an answer tells browsers of other origins."""
    prefix = "Access-Control-"
    return {name.removeprefix(prefix): text for name, text in response.headers.items() if name.startswith(prefix)}


def varies(response: Any) -> bool:
    return "origin" in response.get("Vary", "").lower().split(", ")


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("proto", ["", "http", "https"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_health_is_told_to_whoever_asks(
    host: str, proto: str, method: str, client: Client, release: FrozenRelease, behind_proxy: None
) -> None:
    for path in HEALTH:
        response = send(client, method, path, HTTP_HOST=host, HTTP_X_FORWARDED_PROTO=proto)
        assert response.status_code == 200, response.content


@pytest.mark.parametrize("host", HOSTS)
def test_nothing_else_is_served_by_another_host(
    host: str, client: Client, release: FrozenRelease, behind_proxy: None
) -> None:
    paths = [path_of(name, release) for name in ROUTES if name not in ("livez", "readyz")]
    for path, method in product([*paths, STATIC, "/livez/", "//livez", "/livezz", "/LIVEZ", "/v1/nowhere"], METHODS):
        response = send(client, method, path, HTTP_HOST=host, HTTP_X_FORWARDED_PROTO="https", HTTP_ORIGIN=APP)
        assert response.status_code == 400, (method, path)
        assert method == "HEAD" or response.json()["code"] == "bad_request"
        asked = preflight(client, path, method, APP, HTTP_HOST=host, HTTP_X_FORWARDED_PROTO="https")
        assert asked.status_code == 400


@pytest.mark.parametrize("proto", ["", "http", "HTTPS", "http, https", "https;", "on"])
@pytest.mark.parametrize("method", METHODS)
def test_plain_http_behind_a_proxy_is_refused_and_never_redirected(
    proto: str, method: str, client: Client, release: FrozenRelease, behind_proxy: None
) -> None:
    paths = [path_of(name, release) for name in ROUTES if name not in ("livez", "readyz")]
    for path in [*paths, "/v1/nowhere", STATIC, "/livez/"]:
        response = send(client, method, path, HTTP_X_FORWARDED_PROTO=proto)
        assert response.status_code == 400, (method, path)
        assert method == "HEAD" or response.json()["code"] == "https_required"
        assert "Location" not in response
        assert "Strict-Transport-Security" not in response


@pytest.mark.usefixtures("security_contact")
def test_over_tls_it_serves_and_asks_to_stay_there(client: Client, release: FrozenRelease, behind_proxy: None) -> None:
    sent = {"HTTP_X_FORWARDED_PROTO": "https"}
    for name in ROUTES:
        response = send(client, "POST" if name in BODIES else "GET", path_of(name, release), BODIES.get(name), **sent)
        assert response.status_code == 200, name
        assert response["Strict-Transport-Security"] == "max-age=60"


def test_where_no_proxy_is_told_of_its_header_is_not_believed(client: Client, release: FrozenRelease) -> None:
    response = client.get("/v1/areas", HTTP_X_FORWARDED_PROTO="https")
    assert response.status_code == 200
    assert "Strict-Transport-Security" not in response


READ = [*(name for name in ROUTES if name not in {*BODIES, *FORMS}), STATIC, "/v1/nowhere", "/v1/areas/nowhere"]
OPENED: list[tuple[list[str], str, str | None]] = [  # the origins that may send plans, one that asks, what it is told
    ([], APP, None),
    ([APP], APP, APP),
    ([APP, OTHER], OTHER, OTHER),
    ([APP], OTHER, None),
    ([APP], "null", None),
    ([APP], f"{APP}.evil.example", None),
    ([APP], f"{APP}:8443", None),
    ([APP], "http://app.example", None),
    (["*"], APP, "*"),
    (["*"], "null", "*"),
]


@pytest.mark.parametrize("origin", [APP, "null", "", "http://[", None])
@pytest.mark.parametrize("name", READ)
def test_what_is_read_is_for_pages_of_every_origin(
    name: str, origin: str | None, client: Client, release: FrozenRelease
) -> None:
    path = path_of(name, release) if name in ROUTES else name
    headers = {} if origin is None else {"HTTP_ORIGIN": origin}
    for method in (*METHODS, "GET"):
        response = send(client, method, path, **headers)
        assert cors(response) == {"Allow-Origin": "*", "Expose-Headers": ", ".join(HEADERS)}, (method, path)
        assert not varies(response)
        response.close()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", READ)
def test_a_page_is_told_before_that_it_may_read_and_nothing_else(
    name: str, method: str, client: Client, release: FrozenRelease
) -> None:
    response = preflight(client, path_of(name, release) if name in ROUTES else name, method, APP)
    assert (response.status_code, response.content) == (200, b"")
    assert cors(response)["Allow-Origin"] == "*"
    assert cors(response)["Allow-Methods"] == "GET, HEAD"


@pytest.mark.parametrize(("opened", "origin", "told"), OPENED)
@pytest.mark.parametrize("name", BODIES)
def test_plans_are_for_pages_of_the_origins_that_are_named(
    name: str, opened: list[str], origin: str, told: str | None, client: Client, settings: LazySettings, release: Any
) -> None:
    settings.CORS_PLAN_ORIGINS = opened
    path = path_of(name, release)
    for method, body in product(METHODS, [BODIES[name], {}, None]):
        response = send(client, method, path, body, HTTP_ORIGIN=origin)
        assert cors(response).get("Allow-Origin") == told, (method, body)
        assert varies(response) is (opened != ["*"])
        assert ("Expose-Headers" in cors(response)) is (told is not None)


@pytest.mark.parametrize(("opened", "origin", "told"), OPENED)
@pytest.mark.parametrize("name", BODIES)
def test_a_page_is_told_before_whether_it_may_send_a_plan(
    name: str, opened: list[str], origin: str, told: str | None, client: Client, settings: LazySettings, release: Any
) -> None:
    settings.CORS_PLAN_ORIGINS = opened
    asked = {"HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "content-type,x-request-id"}
    response = preflight(client, path_of(name, release), "POST", origin, **asked)
    assert varies(response) is (opened != ["*"])
    assert "X-Request-ID" in response
    if told is None:
        assert (response.status_code, response.json()["code"]) == (403, "origin_not_allowed")
        assert cors(response) == {}
    else:
        assert (response.status_code, response.content) == (200, b"")
        assert cors(response) == {
            "Allow-Origin": told,
            "Allow-Methods": "POST",
            "Allow-Headers": "Accept, Cache-Control, Content-Type, If-None-Match, X-Request-ID",
            "Max-Age": "7200",
            "Expose-Headers": ", ".join(HEADERS),
        }


@pytest.mark.parametrize(
    "headers", [{}, {"HTTP_ORIGIN": APP}, {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET"}], ids=["bare", "one", "other"]
)
def test_options_that_no_browser_asks_is_no_preflight(headers: dict[str, str], client: Client) -> None:
    for path in ("/v1/areas", VALIDATE):
        assert send(client, "OPTIONS", path, **headers).status_code == 405


def test_a_page_may_read_a_failure_and_a_304(
    client: Client, settings: LazySettings, release: FrozenRelease, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CORS_PLAN_ORIGINS = [APP]
    tag = client.get("/v1/areas")["ETag"]
    long = json.dumps({"a": "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE})

    def status(response: Any, told: str) -> int:
        assert cors(response)["Allow-Origin"] == told
        return int(response.status_code)

    assert status(client.get("/v1/areas", HTTP_IF_NONE_MATCH=tag), "*") == 304
    assert status(client.get("/v1/areas?colour=red"), "*") == 400
    assert status(client.get("/v1/areas/%zz"), "*") == 400
    assert status(client.get("/v1/areas", HTTP_HOST="another.example"), "*") == 400
    assert status(client.get("/v1/areas", HTTP_ACCEPT="text/html"), "*") == 406
    assert status(client.get("/v1/areas", HTTP_ACCEPT_ENCODING="identity;q=0"), "*") == 406
    assert status(post(client, {}, HTTP_ORIGIN=APP), APP) == 400
    assert status(post(client, long, HTTP_ORIGIN=APP), APP) == 413
    assert status(client.post(VALIDATE, "{}", "text/plain", HTTP_ORIGIN=APP), APP) == 415
    assert status(post(client, {}, HTTP_HOST="another.example", HTTP_ORIGIN=APP), APP) == 400
    monkeypatch.setattr("api.releases.current", lambda: 1 / 0)
    assert status(client.get("/v1/areas"), "*") == 500
    assert status(post(client, {}, HTTP_ORIGIN=APP), APP) == 500


def test_a_page_may_read_that_nothing_is_published(
    client: Client, settings: LazySettings, nothing_published: None
) -> None:
    settings.CORS_PLAN_ORIGINS = [APP]
    for response in (client.get("/v1/areas"), client.get("/readyz"), post(client, {}, HTTP_ORIGIN=APP)):
        assert response.status_code == 503
        assert "Retry-After" in cors(response)["Expose-Headers"].split(", ")
    assert preflight(client, VALIDATE, "POST", APP).status_code == 200


def test_a_page_may_read_every_header_that_the_contract_has_and_no_answer_has_more() -> None:
    sent = {name for _, example in examples() for name in example["response"]["headers"]}
    plain = {name.title() for name in sent - {*HEADERS} if not name.startswith("Access-Control-")}
    assert plain == NOT_EXPOSED
