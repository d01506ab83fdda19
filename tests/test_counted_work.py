"""What a request that is answered as before takes, in steps of the interpreter: the same however busy the machine is.

A bound that is raised says here why. A step of Python is one of its instructions or a call of what is written in C.
"""

import sys
from collections.abc import Callable
from typing import Any

import pytest

from api.ready import ReadyAnswers
from api.releases import FrozenRelease
from tests.asking import ask, django
from tests.test_releases import polled

# 2026-11-27: 525 to 563 on Python 3.11; the rest is room for other versions. It was 50 less before a process noted what
# it spends, so that a Valkey can be told it again, and before plans that are sent went the same way.
MOST_STEPS_OF_A_HIT = 610
PATHS = ("/v1/session-limits", "/v1/session-limits/clinic-session-volume-max", "/v1/openapi.json")


class Steps:
    """Counts the steps of work in this thread."""

    def __init__(self) -> None:
        self.count = 0

    def of(self, work: Callable[[], object]) -> int:
        """How many steps the work takes."""
        self.count = 0
        before = sys.gettrace()  # what measures the coverage of the tests
        sys.settrace(self._trace)
        sys.setprofile(self._profile)
        try:
            work()
        finally:
            sys.setprofile(None)
            sys.settrace(before)
        return self.count

    def _trace(self, frame: Any, event: str, _: Any) -> Any:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        self.count += event == "opcode"
        return self._trace

    def _profile(self, _: Any, event: str, __: Any) -> None:
        self.count += event == "c_call"


def environ_of(path: str, etag: str | None = None) -> dict[str, Any]:
    """A request as granian hands it on."""
    sent = {"REMOTE_ADDR": "192.0.2.77", "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": ""}
    headers = {"HTTP_HOST": "localhost", "HTTP_ACCEPT": "*/*", "HTTP_ACCEPT_ENCODING": "gzip, br, zstd"}
    named = {"HTTP_IF_NONE_MATCH": etag} if etag else {}
    return {"SERVER_SOFTWARE": "Granian", "SCRIPT_NAME": "", "wsgi.url_scheme": "http", **sent, **headers, **named}


def test_a_hit_takes_no_more_steps_than_it_did(specimen: FrozenRelease, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = {}
    with polled(monkeypatch):
        layer = ReadyAnswers(django)
        for path in PATHS:
            etag = ask("GET", path, of=layer, HTTP_ACCEPT_ENCODING="br").headers["ETag"]
            for named in (None, etag):
                request = environ_of(path, named)
                told: list[Any] = []
                for _ in range(3):
                    ask("GET", path, of=layer, **request)
                counted[path, named] = Steps().of(lambda: layer(request, lambda *each: told.extend(each)))  # noqa: B023
                assert told[0][:3] in ("200", "304")
    assert max(counted.values()) <= MOST_STEPS_OF_A_HIT, counted
    assert max(counted.values()) - min(counted.values()) < 50, counted  # however large the answer is
