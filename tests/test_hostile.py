"""What a client may send to fill the log, or to be judged by half: the real application, as a server calls it."""

import io
import json
import logging
from typing import IO, Any, NamedTuple
from urllib.parse import unquote_to_bytes
from wsgiref.util import setup_testing_defaults

import pytest

from sclero_service.wsgi import application
from tests.plans import VALIDATE, clinic_plan

BATCH, COMPARE = f"{VALIDATE}-batch", "/v1/session-plans/compare"
BODIES: dict[str, Any] = {
    VALIDATE: clinic_plan("8"),
    BATCH: {"plans": [clinic_plan("8")]},
    COMPARE: {"plans": [clinic_plan("8")], "from_release": 1},
}
JSON: dict[str, Any] = {"CONTENT_TYPE": "application/json"}
pytestmark = pytest.mark.django_db


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def ask(method: str, target: str, body: bytes = b"", stream: IO[bytes] | None = None, **environ: Any) -> Answer:
    """What the application answers to a request, whose target is as it stands in the request line."""
    path, _, query = target.partition("?")
    sent: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "HTTP_HOST": "localhost",
        "wsgi.input": stream or io.BytesIO(body),
        **environ,
    }
    setup_testing_defaults(sent)
    started: list[Any] = []
    answer: Any = application(sent, lambda *told: started.extend(told))  # type: ignore[arg-type]
    told = b"".join(answer)
    answer.close()
    return Answer(int(started[0].split()[0]), dict(started[1]), told)


class Broken(io.BytesIO):
    """A connection that the client closed."""

    def read(self, *size: int | None) -> bytes:
        raise OSError("the client left")

    readline = read


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("missing", [1, 10, 200_000])
def test_a_body_that_did_not_come_whole_is_not_judged(path: str, missing: int) -> None:
    body = json.dumps(BODIES[path]).encode()
    assert ask("POST", path, body, **JSON).status == 200
    for stream in (io.BytesIO(body), Broken()):
        answer = ask("POST", path, body, stream, CONTENT_LENGTH=str(len(body) + missing), **JSON)
        problem = json.loads(answer.body)
        assert (answer.status, problem["code"]) == (400, "invalid_json")
        [error] = problem["errors"]
        assert (error["pointer"], error["code"]) == ("", "incomplete_body")


TARGETS = (
    *("/", "/docs", "/livez", "/v1/areas", "/v1/problems/not_found", "/static/api/page.css", VALIDATE, BATCH),
    *("*", "//", "/%00", "/%ff", "/%zz", "/static/%00", "/static/../../etc/passwd", "/static/api", "/v1/areas/%0d%0aX"),
    *("/v1/releases/99999999999999999999", "/v1/areas/" + "a" * 30_000, "/v1/problems/" + "%C3%A9" * 3000),
)
QUERIES = (
    *("", "?limit=%32", "?%zz=%00&%ff", "?=&=&&=", "?" + "&".join(f"a{k}=1" for k in range(1001)), "?" + "a" * 60_000),
    *("?q=" + "%F0%9F%92%89" * 2000, "?limit=" + "9" * 5000, "?release=" + "9" * 9, "?\xff=\xfe", "?after=%0aERROR"),
)
HEADERS: dict[str, tuple[str, ...]] = {
    "CONTENT_TYPE": (
        *("application/json; x*=bogus''y", "application/json; charset*=utf-8''hex", "application/json; charset=hex"),
        *(
            "application/json; charset=punycode",
            "application/json; charset=undefined",
            "application/json; charset=\xff",
        ),
        *("multipart/form-data; boundary=x", "multipart/form-data", "multipart/form-data; boundary=" + "x" * 9000),
        *("application/x-www-form-urlencoded", "application/json; charset=" + "a" * 9000, ";", "*/*", 'a/b; c="'),
    ),
    "HTTP_HOST": (
        "evil.example",
        "",
        "a b",
        "localhost:99999",
        "[::1",
        "\xff",
        "localhost, localhost",
        "_",
        "a" * 9000,
    ),
    "HTTP_ACCEPT": ("\xff", 'text/html;q="', "a/b;q=1e999", ";" * 9000, '"\\' * 9000, "a/b," * 3000, "*/*;q=0"),
    "HTTP_ACCEPT_ENCODING": (";q=;;,", "\xff", '"' * 9000, "*;q=0", "gzip;q=1e999", "identity;q=0, " * 900),
    "HTTP_IF_NONE_MATCH": ('"""', '"a",' * 3000, "\xff", 'W/"', "*, *"),
    "HTTP_IF_MODIFIED_SINCE": ("xx", "Thu, 99 Nov 99999 99:99:99 GMT", "\xff", "0" * 5000),
    "HTTP_RANGE": ("bytes=0-1", "bytes=9-0", "bytes=" + "9" * 5000 + "-", "bytes=-", "x", "bytes=0-1,5-6"),
    "HTTP_COOKIE": ("a=b; " * 3000, "\xff=;;", "=" * 5000),
    "HTTP_AUTHORIZATION": ("Basic \xff", "Bearer", ""),
    "HTTP_X_REQUEST_ID": ("a" * 9000, "\xff", "a\tb"),
    "HTTP_X_FORWARDED_HOST": (";;", "evil.example"),
    "HTTP_X_FORWARDED_PROTO": ("\xff", "https,http"),
    "HTTP_ORIGIN": ("null", "\xff", "http://[", "https://evil.example"),
    "HTTP_CONTENT_ENCODING": ("gzip", "\xff"),
    "HTTP_TRANSFER_ENCODING": ("chunked", "gzip, chunked"),
    "CONTENT_LENGTH": ("-5", "abc", "\xb2", "9" * 5000, "5, 5", "0x5"),
}
SENT = (
    b"", b"\x00", b"\xff" * 100, b"a=1&" * 100_000, b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--x--",
    b"{" * 100_000, b'"' + b"\\" * 1001, b"9" * 100_000, b'{"a":' * 40_000, b"NaN", b"\xed\xa0\x80", b'"\\ud800"',
)  # fmt: skip


def watched(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], *args: Any, **environ: Any) -> Answer:
    """The answer, which must be no fault of ours, a problem where it is a failure, and at most one line of the log."""
    caplog.clear()
    answer = ask(*args, **environ)
    assert answer.status < 500, (args[:2], environ)
    if answer.status >= 400 and answer.status != 416:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert json.loads(answer.body)["status"] == answer.status
    assert len(caplog.records) <= 1, caplog.text
    assert not any(record.exc_info or record.levelno > logging.WARNING for record in caplog.records)
    printed = "".join(capfd.readouterr())
    assert printed.count("\n") <= 1
    assert len(printed) < 1100
    return answer


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "\xff"])
def test_no_target_and_method_writes_a_traceback(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], method: str
) -> None:
    for target in (f"{path}{query}" for path in TARGETS for query in QUERIES):
        watched(caplog, capfd, method, target, **JSON)


@pytest.mark.parametrize("header", HEADERS)
def test_no_header_writes_a_traceback(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], header: str
) -> None:
    for value in HEADERS[header]:
        for target in ("/", "/v1/areas?limit=%32", "/v1/problems/not_found", "/livez", "/static/api/page.css", "/%00"):
            watched(caplog, capfd, "GET", target, **{header: value})
        for path, body in BODIES.items():
            given = {**JSON, header: value}
            watched(caplog, capfd, "POST", f"{path}?colour=%zz", json.dumps(body).encode(), **given)
            watched(caplog, capfd, "POST", path, json.dumps(body).encode(), **given)


@pytest.mark.parametrize("content_type", ["application/json", *HEADERS["CONTENT_TYPE"]])
def test_no_body_writes_a_traceback(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], content_type: str
) -> None:
    for path in (*BODIES, "/v1/areas", "/static/api/page.css"):
        for body in SENT:
            watched(caplog, capfd, "POST", path, body, CONTENT_TYPE=content_type)
            watched(caplog, capfd, "POST", path, body, Broken(), CONTENT_TYPE=content_type, CONTENT_LENGTH="50")


def test_too_many_parameters_are_one_fault() -> None:
    for method, path in (("GET", "/v1/areas"), ("POST", VALIDATE)):
        answer = ask(method, f"{path}?" + "&".join(f"a{k}=1" for k in range(1001)), b"{}", **JSON)
        [error] = json.loads(answer.body)["errors"]
        assert (answer.status, error["code"]) == (400, "too_many_parameters")
