"""Takes the database away from a service under load, in every way that one goes; tells what its clients saw.

    python -m tests.outage --minutes 3

A real PostgreSQL is stopped, killed, frozen, and made to refuse; the service has two workers. Exits with status 1 where
a published read or a check of a plan was not a 200, or was slow; where a release that was not read before was anything
but a 503 at once; or where the next release did not show within seconds of the end, with nobody's help.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.load import CHECKS, READS, Ask, Connections, load
from tests.real_postgres import Postgres
from tests.servers import UNHINDERED, Up, up

WORKERS = 2
SLOW = 1000  # milliseconds that 95 of 100 answers take at most, on a machine that does other things, too
SECONDS_TO_GO = 0.5  # in which a backend of a database that was killed may still answer
SECONDS_AFTER = 5  # in which every worker makes what it needs of the next release, once
SHOWN_WITHIN = 10  # seconds: of a connection that is opened anew, and of the look that finds the release
SECONDS_TO_EFFECT = 2  # after which a release that another one follows is read by nobody who does not ask for it
AT_ONCE = 3.5  # seconds until what was not read is refused


def publish(database: Postgres, count: int = 1) -> int:
    """The number of the last of so many more releases, which are added together; each is as old as the newest was."""
    columns = "published_at, note, digest, payload"
    newest = f"(SELECT number, {columns} FROM api_release ORDER BY number DESC LIMIT 1) AS newest"  # noqa: S608 - no input
    more = f"SELECT number + later, {columns} FROM {newest}, generate_series(1, {count}) AS later"  # noqa: S608 - no input
    return int(
        database.ask(
            f"WITH added AS (INSERT INTO api_release (number, {columns}) {more} RETURNING number)"  # noqa: S608 - no input
            " SELECT max(number) FROM added"
        )
    )


def seconds_until_shown(connections: Connections, number: int) -> float:
    """The seconds until every worker shows a release. A new connection is any worker's."""
    began = time.monotonic()
    in_a_row = 0
    while in_a_row < 20 * WORKERS and time.monotonic() - began < 60:
        connection = connections.open()
        connection.request("GET", "/readyz")
        shown = f'"release":{number}'.encode() in connection.getresponse().read()
        connection.close()
        in_a_row = in_a_row + 1 if shown else 0
        if not shown:
            time.sleep(0.05)
    return time.monotonic() - began


def unread(connections: Connections, number: int) -> tuple[int, float]:
    """The status of a release that was not read before, and the seconds that it took."""
    began = time.monotonic()
    connection = connections.open()
    status = Ask(f"/v1/areas?release={number}").send(connection, {})
    connection.close()
    return status, time.monotonic() - began


@dataclass(frozen=True)
class Way:
    """A way in which a database goes and comes back; a release that nobody reads before; a share of the time."""

    name: str
    begin: Callable[[], None]
    end: Callable[[], None]
    unread: int
    share: float


def ways_of(database: Postgres) -> list[Way]:
    """Every way, and the release that each needs, published."""
    last = publish(database, 5)  # which is read, unlike the four before it
    return [
        Way("stopped", database.stop, database.start, last - 4, 1 / 2),
        Way("killed", database.kill, database.start, last - 3, 1 / 6),
        Way("frozen", database.freeze, database.thaw, last - 2, 1 / 6),
        Way("refusing", database.refuse, database.admit, last - 1, 1 / 6),
    ]


def outage(way: Way, database: Postgres, connections: Connections, seconds: float) -> list[str]:
    """What went wrong while the database was away in a way, and after; what clients saw is told in a line."""
    asked = []
    with load(connections, [*READS, *CHECKS]) as seen:
        way.begin()
        time.sleep(SECONDS_TO_GO)
        stop = time.monotonic() + seconds
        while time.monotonic() < stop:
            asked.append(unread(connections, way.unread))
            time.sleep(min(2.0, seconds / 3))
        way.end()
    with load(connections, [*READS, *CHECKS]) as after:
        shown = seconds_until_shown(connections, publish(database))
        time.sleep(SECONDS_AFTER)
    slowest = max(took for _, took in asked)
    print(f"{way.name} for {seconds:.0f} s: {seen}")
    print(f"  asked {len(asked)} times for what was not read: {slowest:.1f} s at most")
    print(f"  and then: {after}; the next release after {shown:.1f} s", flush=True)
    faults = [
        f"{way.name}, {path}: {count} times {status}"
        for each in (seen, after)
        for (path, status), count in each.other_than(200).items()
    ]
    if seen.slower_than(0.95) > SLOW:
        faults.append(f"{way.name}: one answer of twenty took {seen.slower_than(0.95):.0f} ms or more")
    if slowest > AT_ONCE or {status for status, _ in asked} != {503}:
        faults.append(f"{way.name}: what was not read was {asked}")
    if shown > SHOWN_WITHIN:
        faults.append(f"{way.name}: the next release showed after {shown:.1f} s")
    return faults


def run(minutes: float, database: Postgres, server: Up) -> list[str]:
    """What went wrong in all outages together."""
    connections = Connections(server.port)
    time.sleep(SECONDS_TO_EFFECT)
    ways = ways_of(database)
    seconds_until_shown(connections, publish(database))
    with load(connections, READS, clients=4 * WORKERS):
        time.sleep(2 * SECONDS_AFTER)  # so that every worker has made vectors, which takes seconds once
    with load(connections, [*READS, *CHECKS]) as seen:
        time.sleep(SECONDS_AFTER)
    print(f"before: {seen}", flush=True)
    return [fault for way in ways for fault in outage(way, database, connections, minutes * 60 * way.share)]


def main() -> None:
    """Run for as long as asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=3.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as data, tempfile.TemporaryDirectory() as folder:
        database = Postgres(data)
        try:
            with up(Path(folder) / "log", f"--workers={WORKERS}", DATABASE_URL=database.uri, **UNHINDERED) as server:
                server.until("Serving on")
                faults = run(options.minutes, database, server)
                print(*(line for line in server.text().splitlines() if " api." in line), sep="\n")
        finally:
            database.end()
    print(*faults, f"{len(faults)} promises broken", sep="\n")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
