"""Starts and stops the service many times, idle, under load, with slow clients and before it is served.

Says how long each stop took.

    python -m tests.start_stop --times 50

Exits with status 1 where a stop took more than three seconds, did not end well, or left a process or the port behind.
"""

import argparse
import json
import random
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from subprocess import TimeoutExpired
from threading import Event, Thread

from tests.servers import Up, free_port, up

MOST_SECONDS = 3
CLIENTS = 8
PLAN = json.dumps({"sessions": [{"treatments": [{"area": "leg", "amount": {"value": "12", "unit": "mL"}}] * 20}]})
HALF_SENT = [
    b"",
    b"GET /v1/areas HT",
    b"GET /v1/areas HTTP/1.1\r\nHost: localhost\r\n",
    b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n",  # and the connection is kept
    b"POST /v1/session-plans/validate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b'Content-Length: 900\r\n\r\n{"sessions"',
]


@contextmanager
def idle(port: int) -> Iterator[None]:
    """Nobody asks."""
    yield


@contextmanager
def load(port: int) -> Iterator[None]:
    """Clients that ask one thing after the other, of rules and of facts."""
    stop = Event()
    clients = [Thread(target=ask, args=(port, stop)) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    time.sleep(random.uniform(0.1, 0.6))  # noqa: S311 - no secret
    yield
    stop.set()
    for client in clients:
        client.join()


def ask(port: int, stop: Event) -> None:
    """Ask until told to stop."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    while not stop.is_set():
        try:
            connection.request("POST", "/v1/session-plans/validate", PLAN, {"Content-Type": "application/json"})
            connection.getresponse().read()
            connection.request("GET", "/v1/session-limits")
            connection.getresponse().read()
        except (OSError, HTTPException):
            connection.close()
            stop.wait(0.05)


@contextmanager
def slow(port: int) -> Iterator[None]:
    """Clients that have sent half of what they want, or nothing, or hold a connection."""
    with ExitStack() as stack:
        for sent in HALF_SENT * 8:
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            client.sendall(sent)
        yield


@contextmanager
def both(port: int) -> Iterator[None]:
    """Slow clients, and load."""
    with slow(port), load(port):
        yield


SERVED = (idle, load, slow, both)
PREPARING = ("Migrating", "sources: ", "session-limits: ", "plan-examples: ", "checking", "proving", "published")


def stop(server: Up, number: int) -> tuple[float, str]:
    """The seconds that a stop took, and what was wrong with it."""
    began = time.monotonic()
    server.send(number)
    try:
        status = server.process.wait(timeout=30)
    except TimeoutExpired:
        return time.monotonic() - began, "did not end"
    took = time.monotonic() - began
    if took > MOST_SECONDS:
        return took, "too slow"
    if status != 0:
        return took, f"status {status}"
    if not server.group_is_gone():
        return took, "left a process"
    try:
        socket.create_server(("127.0.0.1", server.port)).close()
    except OSError:
        return took, "left the port"
    return took, ""


def while_served(server: Up, number: int, turn: int) -> tuple[str, float, str]:
    """What stopping came to while it is served to clients of some kind: the kind, the seconds, what was wrong."""
    kind = SERVED[turn % len(SERVED)]
    server.until("Serving on")
    with kind(server.port):
        return kind.__name__, *stop(server, number)


def while_prepared(server: Up, number: int, turn: int) -> tuple[str, float, str]:
    """What stopping came to in the midst of filling a new database."""
    words = PREPARING[turn % len(PREPARING)]
    server.until(words)
    return words, *stop(server, number)


def run(times: int, workers: int, folder: Path) -> int:
    """How many of so many stops went wrong; each is told in a line.

    Every fifth is before it is served. In every other pair metrics are given, too.
    """
    wrong = 0
    for turn in range(times):
        number = (signal.SIGINT, signal.SIGTERM)[turn % 2]
        early = turn % 5 == 4
        url = f"sqlite:///{folder / (f'{turn}.sqlite3' if early else 'db.sqlite3')}"
        metrics = str(free_port()) if turn // 2 % 2 else "none"
        with up(folder / "log", "--workers", str(workers), DATABASE_URL=url, METRICS_PORT=metrics) as server:
            moment, took, fault = (while_prepared if early else while_served)(server, number, turn // 2)
            print(f"{turn + 1:3} {number.name:7} {moment:16} {took:5.2f} s {fault}", flush=True)
            if fault:
                print(server.text())
                wrong += 1
    return wrong


def main() -> None:
    """Run as often as asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wrong = run(options.times, options.workers, Path(folder))
    print(f"{options.times - wrong} of {options.times} stopped within {MOST_SECONDS} s")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
