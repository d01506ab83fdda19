"""A port and requests in; out, which statuses came back to clients that ask without a pause, and how long each took."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from threading import Event, Lock, Thread
from typing import Any

PLAN = {"sessions": [{"treatments": [{"area": "leg", "amount": {"value": "12", "unit": "mL"}}] * 5}]}
PLANS = "/v1/session-plans"


@dataclass(frozen=True)
class Ask:
    """A request."""

    path: str
    body: Any = None

    def send(self, connection: HTTPConnection, headers: dict[str, str]) -> int:
        """The status that comes back."""
        if self.body is None:
            connection.request("GET", self.path, headers=headers)
        else:
            text = json.dumps(self.body)
            connection.request("POST", self.path, text, {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        response.read()
        return response.status


READS = [
    *(
        Ask(path)
        for path in ("/", "/v1", "/v1/areas", "/v1/areas/leg", "/v1/session-limits", "/v1/releases", "/readyz")
    ),
    *(Ask(path) for path in ("/v1/coverage?product=asclera", "/v1/session-limits/resolve?product=asclera")),
    *(Ask(path) for path in ("/v1/areas?release=1", "/v1/releases/1", "/v1/releases/1/vectors?limit=5")),
]
CHECKS = [
    Ask(f"{PLANS}/validate", PLAN),
    Ask(f"{PLANS}/validate?release=1", PLAN),
    Ask(f"{PLANS}/validate-batch", {"plans": [PLAN, PLAN]}),
    Ask(f"{PLANS}/compare", {"plans": [PLAN], "from_release": 1}),
]


@dataclass
class Seen:
    """What came back: each status by the path that was asked for, and the seconds that answers took."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock, repr=False)

    def add(self, path: str, status: int, took: float) -> None:
        """Count an answer; one that never came has the status 0."""
        with self.lock:
            self.statuses[path, status] += 1
            self.seconds.append(took)

    def other_than(self, status: int) -> dict[tuple[str, int], int]:
        """How often another status came, by path and status."""
        return {key: count for key, count in self.statuses.items() if key[1] != status}

    def slower_than(self, share: float) -> float:
        """The milliseconds that this share of the answers took at most."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    def __str__(self) -> str:
        total = self.statuses.total()
        well = total - sum(self.other_than(200).values())
        times = ", ".join(f"p{int(100 * share)} {self.slower_than(share):.0f} ms" for share in (0.5, 0.95, 0.99, 1))
        return f"{well} of {total} were 200; {times}"


class Connections:
    """Where clients connect to, and what they say of themselves."""

    def __init__(self, port: int, **headers: str) -> None:
        self.port = port
        self.headers = headers

    def open(self) -> HTTPConnection:
        """A connection."""
        return HTTPConnection("127.0.0.1", self.port, timeout=30)


def ask_on(connections: Connections, asked: Sequence[Ask], seen: Seen, stop: Event, pause: float) -> None:
    """Ask one thing after the other, again and again, until told to stop."""
    connection = connections.open()
    while not stop.is_set():
        for ask in asked:
            began = time.monotonic()
            try:
                status = ask.send(connection, connections.headers)
            except (OSError, HTTPException):
                status = 0
                connection.close()
            seen.add(ask.path, status, time.monotonic() - began)
            if stop.wait(pause):
                break
    connection.close()


@contextmanager
def load(connections: Connections, asked: Sequence[Ask], clients: int = 4, pause: float = 0.0) -> Iterator[Seen]:
    """So many clients that ask all this, each in another order, as long as it lasts."""
    seen, stop = Seen(), Event()
    orders = [[*asked[k:], *asked[:k]] for k in range(clients)]
    threads = [Thread(target=ask_on, args=(connections, order, seen, stop, pause)) for order in orders]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        stop.set()
        for thread in threads:
            thread.join()
