"""What is sent is the same whatever the client takes: compressed or not, whole or as 304, with or without its body."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from api import representations
from api.releases import FrozenRelease
from api.representations import CODINGS, LEAST_BYTES, MOST_KEPT
from tests.asking import DECODE
from tests.plans import VALIDATE, clinic_plan, post
from tests.test_routes import BODIES, ROUTES, path_of

# What is sent for each header that names what is accepted.
OF_CODING = {
    "": ("", "identity", "deflate", "gzip;q=0", "identity, *;q=0.5", "br;q=0.2, identity;q=0.3"),
    "br": ("br", "gzip, deflate, br, zstd", "*", "*;q=0.1", "BR;Q=1.0"),
    "zstd": ("zstd", "gzip, zstd", "*, br;q=0", "gzip;q=0.4, zstd;q=0.5, br;q=0.3"),
    "gzip": ("gzip", "x-gzip", "br;q=0.9, gzip;q=1", "gzip, identity;q=0"),
}
GRID = {accepted: coding for coding, headers in OF_CODING.items() for accepted in headers}
REFUSES_ALL = ("identity;q=0", "*;q=0", "identity;q=0, gzip;q=0, deflate")
SWAGGER = "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui"
# Beside every route: failures short and long, pages, lists that a filter makes small, static files.
MORE = (
    *("/v1/nowhere", "/%zz", "/v1/areas?limit=1", "/v1/areas?" + "&".join(f"a{k}=1" for k in range(99))),
    *("/v1/areas?limit=1&colour=red", "/v1/areas?release=99", "/static/api/page.css", "/static/api/icon.svg"),
    *(f"{SWAGGER}.css", f"{SWAGGER}-bundle.js", f"{SWAGGER.rpartition('/')[0]}/favicon-32x32.png"),
)
MAY_DIFFER = ("Content-Encoding", "Content-Length", "ETag", "RateLimit")  # which goes down with every request


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(representations, "_kept", representations._Kept())


def asked(release: FrozenRelease) -> Iterator[tuple[str, str, Any]]:
    """Each request: method, path and body; a page for people has its own."""
    for name in ROUTES:
        yield ("POST" if name in BODIES else "GET"), path_of(name, release), BODIES.get(name)
    yield from (("GET", path, None) for path in MORE)
    yield "POST", VALIDATE, {f"member{k}": 1 for k in range(600)}


def send(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    text = json.dumps(body) if body is not None else ""
    kind = "application/json" if text else ""
    return client.generic(method, path, text, content_type=kind, HTTP_X_REQUEST_ID="partner-4711", **headers)  # type: ignore[arg-type]


def content(response: Any) -> bytes:
    """The body, whether it is in one piece or a file."""
    told: bytes = response.getvalue()
    response.close()
    return told


def the_same(response: Any) -> dict[str, str]:
    """The headers that do not depend on how the body is coded."""
    return {name: value for name, value in response.headers.items() if name not in MAY_DIFFER}


@pytest.mark.parametrize("accept", ["*/*", "text/html,*/*;q=0.8"])
def test_an_answer_is_the_same_in_every_coding(client: Client, release: FrozenRelease, accept: str) -> None:
    for method, path, body in asked(release):
        plain = send(client, method, path, body, HTTP_ACCEPT=accept)
        told = content(plain)
        is_text = not path.endswith((".png", ".zip"))
        for accepted, coding in GRID.items():
            large = (len(told) >= LEAST_BYTES and is_text) or "identity;q=0" in accepted
            expected = coding if large else ""
            for _ in range(2):  # made, and kept
                coded = send(client, method, path, body, HTTP_ACCEPT=accept, HTTP_ACCEPT_ENCODING=accepted)
                sent = content(coded)
                assert coded.get("Content-Encoding", "") == expected, (path, accepted)
                assert coded.status_code == plain.status_code
                assert DECODE[expected](sent) == told
                assert the_same(coded) == the_same(plain)
                assert "Accept-Encoding" in coded["Vary"]
                assert coded.get("Content-Length", str(len(sent))) == str(len(sent))
                assert not large or len(told) < LEAST_BYTES or not expected or len(sent) < len(told)


def test_each_coding_has_a_strong_etag_of_its_own_and_gets_a_304_for_it(client: Client, release: FrozenRelease) -> None:
    for method, path, _ in asked(release):
        if method == "POST" or path.startswith("/%"):
            continue
        codings: dict[str, Any] = {}
        for accepted in ("", *CODINGS):
            whole = send(client, "GET", path, HTTP_ACCEPT_ENCODING=accepted)
            content(whole)
            if "no-store" in whole.get("Cache-Control", ""):
                assert "ETag" not in whole
                break
            codings[accepted] = whole
            etag = whole["ETag"]
            assert etag.startswith('"')
            for named in (etag, f"W/{etag}", f'"other", {etag}', "*"):
                assert_unchanged(
                    send(client, "GET", path, HTTP_ACCEPT_ENCODING=accepted, HTTP_IF_NONE_MATCH=named), whole
                )
                assert_unchanged(
                    send(client, "HEAD", path, HTTP_ACCEPT_ENCODING=accepted, HTTP_IF_NONE_MATCH=named), whole
                )
            other = send(
                client, "GET", path, HTTP_ACCEPT_ENCODING=accepted, HTTP_IF_NONE_MATCH=f'"other", {etag[:-1]}x"'
            )
            assert content(other)
            assert other.status_code == 200
        by_coding = {answer.get("Content-Encoding", ""): answer["ETag"] for answer in codings.values()}
        assert len(set(by_coding.values())) == len(by_coding)


def assert_unchanged(response: Any, whole: Any) -> None:
    """Assert that a response is a 304 with what it must carry, and nothing of a body."""
    assert (response.status_code, content(response)) == (304, b"")
    for name in ("ETag", "Cache-Control", "Vary", "Content-Release"):
        assert response.get(name) == whole.get(name)
    ours = {"X-Request-ID", "Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy"}
    kept = {"ETag", "Cache-Control", "Vary", "Content-Release", "Cross-Origin-Opener-Policy"}
    of_pages = {"Access-Control-Allow-Origin", "Access-Control-Expose-Headers"}
    of_rates = {"RateLimit-Policy", "RateLimit"}
    assert response.headers.keys() <= ours | kept | of_pages | of_rates


def test_head_has_the_headers_that_get_would_have(client: Client, release: FrozenRelease) -> None:
    for method, path, _ in asked(release):
        if method == "GET":
            for accepted in ("", *CODINGS):
                whole, head = (send(client, each, path, HTTP_ACCEPT_ENCODING=accepted) for each in ("GET", "HEAD"))
                assert head.status_code == whole.status_code, path
                assert {**head.headers, "RateLimit": ""} == {**whole.headers, "RateLimit": ""}, path
                assert content(whole) or path.startswith("/static")
                assert content(head) == b""


@pytest.mark.parametrize("accepted", REFUSES_ALL)
def test_a_client_that_takes_no_coding_at_all_is_told_which_there_are(client: Client, accepted: str) -> None:
    for response in (
        client.get("/v1/areas", HTTP_ACCEPT_ENCODING=accepted),
        client.get("/static/api/page.css", HTTP_ACCEPT_ENCODING=accepted),
        post(client, clinic_plan("8"), HTTP_ACCEPT_ENCODING=accepted),
    ):
        assert (response.status_code, response.json()["code"]) == (406, "not_acceptable")
        assert response["Vary"].split(", ")[0] == "Accept-Encoding"
        assert all(f"`{coding}`" in response.json()["detail"] for coding in ("identity", *CODINGS))


def test_what_is_compressed_is_made_once_and_a_plan_is_not_kept(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def counted(body: bytes) -> bytes:
        made.append(len(body))
        return gzip.compress(body)

    monkeypatch.setitem(CODINGS, "gzip", counted)
    for path in ("/v1/areas", f"{SWAGGER}.css", "/docs"):
        for method in ("GET", "HEAD", "GET"):
            content(send(client, method, path, HTTP_ACCEPT_ENCODING="gzip"))
        assert len(made) <= 1
        made.clear()
    for _ in range(2):
        assert post(client, clinic_plan(), HTTP_ACCEPT_ENCODING="gzip")["Content-Encoding"] == "gzip"
    assert len(made) == 2
    assert len(representations._kept.bodies) == 3


def test_what_is_kept_is_bounded_and_what_is_asked_for_stays() -> None:
    kept = representations._Kept()
    for number in range(2 * MOST_KEPT):
        kept.get(("/", str(number)), str(number).encode)
        assert kept.get(("/", "0"), bytes) == b"0"
    assert len(kept.bodies) == MOST_KEPT
    assert ("/", "1") not in kept.bodies


@pytest.mark.parametrize("part", ["bytes=0-9", "bytes=99999-", "bytes=9-0", "bytes=x"])
def test_a_file_is_sent_whole_whatever_part_of_it_is_asked_for(client: Client, part: str) -> None:
    file = "/static/api/page.css"
    first = send(client, "GET", file)
    whole = content(first)
    for conditions in ({}, {"HTTP_IF_RANGE": first["ETag"]}, {"HTTP_ACCEPT_ENCODING": "br"}):
        answer = send(client, "GET", file, HTTP_RANGE=part, **conditions)
        assert (answer.status_code, "Content-Range" in answer) == (200, False)
        assert DECODE[answer.get("Content-Encoding", "")](content(answer)) == whole


def test_a_large_answer_becomes_a_small_one(client: Client) -> None:
    plain = len(client.get("/v1/session-limits").content)
    for coding in CODINGS:
        assert len(client.get("/v1/session-limits", HTTP_ACCEPT_ENCODING=coding).content) < plain / 8
