"""Bodies without end, load for minutes, and plans that differ; out, by how much the memory of the service grows.

    python -m tests.memory --gigabytes 1 --soak-minutes 10 --plans 8000

Sends so many gigabytes in one body, straight to the service, by every way there is. Exits with status 1 where one is
not refused, where the service holds 10 MB more at any time, or at the end of the load than after
a quarter of it, or where an answer was none. Then it sends random plans, of which a service that kept something of each
would grow: with 1 ends also where it holds 10 MB more after all of them than after half, or 150 MB in the end.
"""

import argparse
import json
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from threading import Event, Thread

from tests.load import CHECKS, READS, Ask, Connections, load
from tests.processes import resident
from tests.random_plans import random_plan
from tests.servers import UNHINDERED, Up, up

MEGABYTE = 1024 * 1024
MOST_GROWTH = 10 * MEGABYTE
MOST_HELD = 150 * MEGABYTE
PIECE = b" " * 65536
AT_ONCE = 4  # clients that send such a body
VALIDATE, BATCH = "/v1/session-plans/validate", "/v1/session-plans/validate-batch"


@dataclass(frozen=True)
class Body:
    """A way to send a body without end, and how it is refused."""

    name: str
    path: str
    header: str
    status: int
    piece: Callable[[bytes], bytes] = bytes


def in_chunk(piece: bytes) -> bytes:
    """A piece as a chunk."""
    return b"%x\r\n%s\r\n" % (len(piece), piece)


def ways(size: int) -> list[Body]:
    """Every way."""
    return [
        Body("a plan with its length", VALIDATE, f"Content-Length: {size}", 413),
        Body("a batch with its length", BATCH, f"Content-Length: {size}", 413),
        Body("a plan in chunks", VALIDATE, "Transfer-Encoding: chunked", 411, in_chunk),
        Body("a body where none is read", "/v1/areas", f"Content-Length: {size}", 405),
    ]


def send(port: int, body: Body, size: int) -> tuple[int, int]:
    """The status of a body that is sent as long as it is taken, and how many bytes were taken; 0 if none came."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        head = (
            f"POST {body.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{body.header}\r\n\r\n"
        )
        client.sendall(head.encode())
        sent = 0
        try:
            while sent < size:
                client.sendall(body.piece(PIECE))
                sent += len(PIECE)
        except OSError:  # it is cut off
            pass
        try:
            first = client.recv(64).decode("latin-1")
        except OSError:
            return 0, sent
    return (int(first.split(" ")[1]) if first else 0), sent


@contextmanager
def watched(server: Up, every: float) -> Iterator[list[int]]:
    """The bytes that the workers hold of their own, seen again and again as long as it lasts."""
    seen, stop = [resident(server.workers())], Event()

    def watch() -> None:
        while not stop.wait(every):
            seen.append(resident(server.workers()))

    thread = Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def bodies(server: Up, size: int) -> Iterator[str]:
    """What went wrong with bodies of such a size."""
    for body in ways(size):
        with watched(server, 0.1) as seen, ThreadPoolExecutor(AT_ONCE) as pool:
            came = list(pool.map(lambda _: send(server.port, body, size), range(AT_ONCE)))  # noqa: B023 - used at once
        growth = max(seen) - seen[0]
        statuses = [status for status, _ in came]
        taken = max(sent for _, sent in came) / MEGABYTE
        print(
            f"{body.name}, {AT_ONCE} at once: {statuses}, {taken:.1f} MB taken, {growth / MEGABYTE:.1f} MB more held",
            flush=True,
        )
        if set(statuses) != {body.status}:
            yield f"{body.name}: {statuses}"
        if growth > MOST_GROWTH:
            yield f"{body.name}: {growth / MEGABYTE:.1f} MB more are held"


def soak(server: Up, minutes: float) -> Iterator[str]:
    """What went wrong under load of so many minutes."""
    with load(Connections(server.port), [*READS, *CHECKS]) as seen, watched(server, 1) as held:
        time.sleep(minutes * 60)
    quarter = max(1, len(held) // 4)
    early, late = (statistics.mean(part) / MEGABYTE for part in (held[quarter : 2 * quarter], held[-quarter:]))
    print(f"{minutes} minutes: {seen}; {early:.1f} MB held in the second quarter, {late:.1f} MB in the last")
    if late - early > MOST_GROWTH / MEGABYTE:
        yield f"{late - early:.1f} MB more are held"
    for (path, status), count in seen.other_than(200).items():
        yield f"{path}: {count} times {status}"


def differing(server: Up, plans: int) -> Iterator[str]:
    """What went wrong with so many random plans."""
    connection = HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", "/v1/releases/1/bundle")
    content = json.loads(connection.getresponse().read())["resources"]
    held = []
    for half in (range(plans // 2), range(plans // 2, plans)):
        for seed in half:
            plan = random_plan(Random(seed), content)  # noqa: S311 - plans, not secrets
            status = Ask(VALIDATE, plan).send(connection, {})
            if status != 200:
                yield f"random plan {seed}: {status}"
        held.append(resident(server.workers()))
    early, late = held
    print(
        f"{plans} random plans: {early / MEGABYTE:.1f} MB held after half of them, {late / MEGABYTE:.1f} MB after all"
    )
    if late - early > MOST_GROWTH or late > MOST_HELD:
        yield f"{late / MEGABYTE:.1f} MB are held after plans that differ"


def main() -> None:
    """Send as much, and load for as long, as asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=1)
    parser.add_argument("--soak-minutes", type=float, default=10)
    parser.add_argument("--plans", type=int, default=8000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'db.sqlite3'}"
        with up(Path(folder) / "log", DATABASE_URL=url, **UNHINDERED) as server:
            server.until("Serving on")
            with load(Connections(server.port), [*READS, *CHECKS]) as warm:
                while warm.statuses.total() < 500:
                    time.sleep(0.1)
            faults = [
                *bodies(server, int(options.gigabytes * 1024 * MEGABYTE)),
                *soak(server, options.soak_minutes),
                *differing(server, options.plans),
            ]
    print(*faults, f"{len(faults)} promises broken", sep="\n")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
