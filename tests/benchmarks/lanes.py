"""The service in; out, the four pieces of work that are measured, and a folder with its own answers to them."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests import plans

ONE_SLUG = "asclera-session-volume-max"
LIST_PATH, VALIDATE_PATH = "/v1/session-limits", "/v1/session-plans/validate"
OF_THE_SERVER = ("date", "server", "transfer-encoding", "connection")  # each server says these itself


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Lane:
    """A piece of work: what is asked for, and what comes back."""

    name: str
    title: str
    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None

    def ask(self, port: int, **more: str) -> Answer:
        """The answer of a server on a port."""
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request(self.method, self.path, self.body, {**self.headers, **more})
        response = connection.getresponse()
        answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        connection.close()
        return answer

    def prepared(self, port: int) -> tuple[str, Answer]:
        """The ETag with which it is asked of a server, where it is, and the answer."""
        if self.name != "304":
            return "", self.ask(port)
        etag = self.ask(port).headers.get("etag", "")
        return etag, self.ask(port, **{"If-None-Match": etag})


def plan(treatments: int = 12, sessions: int = 1) -> dict[str, Any]:
    """A plan of so many treatments in each session, no two of one amount, of which the very first breaks a limit."""
    given = [plans.treatment(amount=millilitres(f"0.{100 + k % 100}"), injection_count=1) for k in range(treatments)]
    first = {**given[0], "amount": millilitres("0.5")}
    return _of_sessions([[first, *given[1:]], *[given] * (sessions - 1)])


def plan_that_keeps(treatments: int = 12, sessions: int = 1) -> dict[str, Any]:
    """A plan of so many treatments in each session that breaks no limit, however many they are."""
    amounts = [millilitres(f"0.0{k % 20 + 1:02}") for k in range(treatments)]
    return _of_sessions([[plans.treatment(amount=amount, injection_count=None) for amount in amounts]] * sessions)


def _of_sessions(sessions: Sequence[Sequence[dict[str, Any]]]) -> dict[str, Any]:
    """A plan of these treatments, with a session a month."""
    days = [f"{2027 + k // 12}-{k % 12 + 1:02}-22" for k in range(len(sessions))]
    told = [
        plans.session(*treatments, date=day, observation_minutes=None, compression_days=14)
        for treatments, day in zip(sessions, days, strict=True)
    ]
    return plans.plan(*told)


def millilitres(value: str) -> dict[str, str]:
    """An amount."""
    return {"value": value, "unit": "mL"}


JSON = {"Content-Type": "application/json"}
LANES = (
    Lane("list", "list of limits", LIST_PATH),
    Lane("one", "one limit", f"{LIST_PATH}/{ONE_SLUG}"),
    Lane("304", "304 of the list", LIST_PATH),
    Lane("validate", "validate, 12 treatments", VALIDATE_PATH, "POST", JSON, json.dumps(plan()).encode()),
)


def give(folder: Path, port: int, database: Path) -> None:
    """Put the service's answers, with their headers and the rules behind them, where the peers find them.

    Raises:
        AssertionError: an answer is not what the lane is meant to measure.
    """
    headers = {}
    for lane in LANES:
        _, answer = lane.prepared(port)
        assert answer.status == (304 if lane.name == "304" else 200), (lane, answer)
        headers[lane.name] = [(name, value) for name, value in answer.headers.items() if name not in OF_THE_SERVER]
        (folder / lane.name).write_bytes(answer.body)
    told = json.loads((folder / "validate").read_bytes())
    assert len(told["findings"]) == 1, told["findings"]
    assert told["findings"][0]["suggestions"], told["findings"]
    (folder / "plan").write_bytes(LANES[-1].body or b"")
    (folder / "headers.json").write_text(json.dumps(headers), "utf-8")
    query = "SELECT payload, digest FROM api_release ORDER BY number DESC"
    content, digest = sqlite3.connect(database).execute(query).fetchone()
    (folder / "content.json").write_text(content, "utf-8")
    (folder / "digest").write_text(digest, "utf-8")
