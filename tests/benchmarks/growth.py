"""How costs grow: with treatments, sessions, releases and content. Each is printed with its goal, and whether it holds.

    python -m tests.benchmarks.growth    # all of it takes some minutes
    python -m tests.benchmarks.growth --only content publish --content 10 --publish 10 100

What is measured is processor time, the least of several tries, so that others on the machine hardly matter.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.benchmarks.lanes import JSON, LIST_PATH, ONE_SLUG, VALIDATE_PATH, plan, plan_that_keeps
from tests.benchmarks.servers import SETTINGS, Running
from tests.commands import python
from tests.servers import Up, up

TREATMENTS, SESSIONS, RELEASES = (1, 12, 25, 50, 100, 200), (1, 5, 10, 25, 50), (1, 10, 100)
TRIES, LEAST_SECONDS = 5, 0.2  # the clock of processor time has hundredths
MOST_OFF_THE_LINE = 0.25  # of a cost, from the straight line that fits best
MOST_TIMES_12 = 20.0
ALIKE = 1.25  # what does not grow is at most so many times as much
MOST_SECONDS_TO_PUBLISH, MOST_SECONDS_TO_START, MOST_MEGABYTES = 30.0, 2.0, 150.0


def told(what: str, found: str, goal: str, holds: bool) -> bool:
    """Print a row of the table; whether the goal holds."""
    print(f"| {what} | {found} | {goal} | {'holds' if holds else '**missed**'} |", flush=True)
    return holds


def milliseconds(server: Up, path: str, body: bytes | None = None) -> float:
    """The processor time that the server needs for a request."""
    [took] = in_turns(server, path, [body])
    return took


def in_turns(server: Up, path: str, bodies: Sequence[bytes | None]) -> list[float]:
    """What each of several bodies takes; they take turns, so that what slows the machine for a while slows them all."""
    rounds = [[once(server, path, body) for body in bodies] for _ in range(TRIES)]
    return [min(of_a_body) for of_a_body in zip(*rounds, strict=True)]


def once(server: Up, path: str, body: bytes | None) -> float:
    """The same for one, by asking for long enough."""
    running = Running("service", "", (), server.port, server.process.pid)
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=120)) as connection:
        before, count = running.processor_seconds(), 0
        while (spent := running.processor_seconds() - before) < LEAST_SECONDS:
            connection.request("POST" if body else "GET", path, body, dict(JSON))
            response = connection.getresponse()
            response.read()
            assert response.status == 200, path
            count += 1
    return spent / count * 1000


def line_through(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """What the first costs, and each further one: the line for which the shares by which it is missed are least."""
    weights = [1 / y**2 for _, y in points]
    total = sum(weights)
    x0, y0 = (sum(w * p[k] for w, p in zip(weights, points, strict=True)) / total for k in (0, 1))
    slope = sum(w * (x - x0) * (y - y0) for w, (x, y) in zip(weights, points, strict=True))
    slope /= sum(w * (x - x0) ** 2 for w, (x, _) in zip(weights, points, strict=True))
    return y0 - slope * x0, slope


def is_linear(server: Up, name: str, sizes: Sequence[int], made: Callable[[int], dict[str, Any]]) -> None:
    """Print what plans of these sizes take, and whether it lies on a line. They break no limit: findings cost more."""
    took = in_turns(server, VALIDATE_PATH, [json.dumps(made(size)).encode() for size in sizes])
    costs = dict(zip(sizes, took, strict=True))
    first, each = line_through([*costs.items()])
    worst = max(abs(cost - first - each * size) / cost for size, cost in costs.items())
    some = ", ".join(f"{size}: {cost:.1f}" for size, cost in costs.items())
    found = f"{some} ms; {first:.2f} and {each:.3f} for each; off by {worst:.0%}"
    told(f"validate, {name}", found, f"linear, off by {MOST_OFF_THE_LINE:.0%} at most", worst <= MOST_OFF_THE_LINE)


@contextmanager
def served(folder: Path, database: Path) -> Iterator[Up]:
    """The service on a database, once it has read the release."""
    with up(folder / "up.log", DATABASE_URL=f"sqlite:///{database}", **SETTINGS) as server:
        server.until("Serving on")
        while status_of(server.port, "/readyz") != 200:
            time.sleep(0.02)
        yield server


def status_of(port: int, path: str) -> int:
    """The status that comes back."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status


def grown(folder: Path, *options: str) -> tuple[Path, float]:
    """A database that has grown, and the processor time that this took; one that was made before takes none."""
    database = folder / f"{'-'.join(options).strip('-')}.sqlite3"
    if database.exists():
        return database, 0.0
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = python("-m", "tests.benchmarks.grown", *options, DATABASE_URL=f"sqlite:///{database}")
    assert run.returncode == 0, run.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return database, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def plans(folder: Path, database: Path) -> None:
    """How the cost of a check grows with the plan."""
    with served(folder, database) as server:
        is_linear(server, "1 to 200 treatments", TREATMENTS, plan_that_keeps)
        is_linear(server, "1 to 50 sessions of 4", SESSIONS, lambda count: plan_that_keeps(4, count))
        bodies = [json.dumps(plan(count)).encode() for count in (12, 200)]
        twelve, all_of_them = in_turns(server, VALIDATE_PATH, bodies)
        times, found = all_of_them / twelve, f"{twelve:.1f} and {all_of_them:.1f} ms, {all_of_them / twelve:.1f} times"
        told("12 and 200 treatments with findings", found, f"{MOST_TIMES_12:g} times at most", times <= MOST_TIMES_12)


def many_releases(folder: Path) -> None:
    """What a list costs where there are many releases."""
    costs = {}
    for count in RELEASES:
        database, _ = grown(folder, "--releases", str(count))
        with served(folder, database) as server:
            costs[count] = milliseconds(server, LIST_PATH)
    grows = costs[max(costs)] / costs[min(costs)]
    some = ", ".join(f"{count}: {cost:.2f}" for count, cost in costs.items())
    told("a list, by the number of releases", f"{some} ms", f"{ALIKE:g} times at most", grows <= ALIKE)


def much_content(folder: Path, times: int, usual: float) -> float:
    """What reading costs where there is much content; the milliseconds of a row."""
    database, _ = grown(folder, "--content", str(times))
    began = time.monotonic()
    with served(folder, database) as server:
        took = time.monotonic() - began
        cost = milliseconds(server, f"{LIST_PATH}/{ONE_SLUG}")
        memory = Running("service", "", (), server.port, server.process.pid).resident() / 1e6
    what = f"{times} times the content: "
    told(f"{what}a row", f"{cost:.2f} ms", f"{ALIKE:g} times at most", not usual or cost <= ALIKE * usual)
    told(f"{what}start", f"{took:.1f} s", f"{MOST_SECONDS_TO_START:g} s at most", took <= MOST_SECONDS_TO_START)
    told(f"{what}a worker", f"{memory:.0f} MB", f"{MOST_MEGABYTES:g} MB at most", memory <= MOST_MEGABYTES)
    return cost


def publishing(folder: Path, times: int) -> None:
    """What publishing costs where there is much content; all of it: tables, loading, checks and proofs."""
    _, took = grown(folder, "--publish", "--content", str(times))
    what = f"{times} times the content: publish"
    told(what, f"{took:.0f} s", f"{MOST_SECONDS_TO_PUBLISH:g} s at most", took <= MOST_SECONDS_TO_PUBLISH)


def main() -> int:
    """Print every figure with its goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--content", type=int, nargs="*", default=[10, 100], help="how many times the content")
    parser.add_argument("--publish", type=int, nargs="*", default=[1, 10], help="the same, of what is published")
    parser.add_argument("--database", type=Path, help="of plans: a SQLite file that has a release already")
    parser.add_argument("--only", nargs="+", choices=("plans", "releases", "content", "publish"))
    chosen = parser.parse_args()
    wanted = chosen.only or ("plans", "releases", "content", "publish")
    print("| What | Found | Goal | |\n| --- | --- | --- | --- |", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "plans" in wanted:
            plans(folder, chosen.database or grown(folder, "--releases", "1")[0])
        if "releases" in wanted:
            many_releases(folder)
        if "content" in wanted:
            usual = much_content(folder, 1, 0.0)
            for times in chosen.content:
                much_content(folder, times, usual)
        for times in chosen.publish if "publish" in wanted else ():
            publishing(folder, times)
    return 0


if __name__ == "__main__":
    sys.exit(main())
