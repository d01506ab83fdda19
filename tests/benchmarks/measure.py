"""Servers and lanes in; out, how many requests each answers in a second of its own, and how soon, in turns.

The servers share one core, the generator has another. A second of a server's own is a second of processor time: on a
core that nothing else uses and with requests always waiting, as many as in a second of the clock. Where others use the
machine, too, it is what repeats. A figure is a median over rounds; a ratio is the median of the ratios within a round.
"""

import os
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.benchmarks.lanes import LANES, Lane
from tests.benchmarks.servers import Running
from tests.nginx import program

CONNECTIONS = 32
IDLE_SECONDS, IDLE_SHARE = 0.2, 0.2  # what takes less than this share of a core has nothing to do
SCRIPT = Path(__file__).parent / "asked.lua"


@dataclass(frozen=True)
class Sample:
    """One run of the generator: requests in a second of the server's own, and in one of the clock; milliseconds that
    half, and 99 of 100, took at most."""

    rate: float
    by_the_clock: float
    p50: float
    p99: float


@dataclass
class Results:
    """All samples, by lane and server, in the order of the rounds; and the bytes of memory that servers hold."""

    samples: dict[tuple[str, str], list[Sample]] = field(default_factory=lambda: defaultdict(list))
    memory: dict[str, int] = field(default_factory=dict)

    def has(self, lane: str, server: str) -> bool:
        """Whether the server was measured in the lane."""
        return (lane, server) in self.samples

    def middle(self, lane: str, server: str) -> Sample:
        """The median of each figure."""
        rows = self.samples[lane, server]
        return Sample(*(median(getattr(row, name) for row in rows) for name in ("rate", "by_the_clock", "p50", "p99")))

    def ratios(self, lane: str, server: str, other: str = "bare") -> list[float]:
        """How many times as many requests the server answers as another, round by round."""
        pairs = zip(self.samples[lane, server], self.samples[lane, other], strict=True)
        return [one.rate / two.rate for one, two in pairs]

    def ratio(self, lane: str, server: str, other: str = "bare") -> float:
        """The median of the ratios."""
        return median(self.ratios(lane, server, other))

    def spread(self, lane: str, server: str) -> float:
        """How far half of the ratios to the bare server lie from their median, as a share of it."""
        ratios = self.ratios(lane, server)
        middle = median(ratios)
        return median(abs(each - middle) for each in ratios) / middle


def cores() -> tuple[int, int]:
    """The core of the servers and that of the generator.

    Raises:
        SystemExit: there is only one.
    """
    found = sorted(os.sched_getaffinity(0))
    if len(found) < 2:
        raise SystemExit("Two cores are needed: one for the servers, one for the generator.")
    return found[0], found[1]


def asked(lane: Lane, server: Running, etag: str, seconds: float, core: int, folder: Path) -> Sample:
    """What the generator tells of a server.

    Raises:
        AssertionError: an answer was a failure, or never came.
    """
    url = f"http://127.0.0.1:{server.port}{lane.path}"
    wrk = [program("taskset", "util-linux"), "-c", str(core), program("wrk", "wrk"), "-t1", f"-c{CONNECTIONS}"]
    told = {"PATH": os.environ["PATH"], "METHOD": lane.method}
    if etag:
        told["ETAG"] = etag
    if lane.body is not None:
        told["BODY"] = str(folder / "plan")
    before = server.processor_seconds()
    run = subprocess.run(  # noqa: S603 - our own command
        [*wrk, f"-d{seconds:g}s", "--timeout", "20s", "-s", str(SCRIPT), url],
        env=told,
        capture_output=True,
        text=True,
        check=True,
    )
    spent = server.processor_seconds() - before
    until_idle(server)
    [line] = [line for line in run.stdout.splitlines() if line.startswith("TOLD ")]
    requests, micros, p50, p99, failed = map(int, line.split()[1:])
    assert requests, (server.name, lane.name, run.stdout)
    assert failed == 0, (server.name, lane.name, run.stdout)
    return Sample(requests / spent, requests / micros * 1e6, p50 / 1000, p99 / 1000)


def until_idle(server: Running) -> None:
    """Return once a server has nothing left to do of what was sent, so that it takes no time from the next one."""
    last = -1.0
    while (now := server.processor_seconds()) > last + IDLE_SHARE * IDLE_SECONDS:
        last = now
        time.sleep(IDLE_SECONDS)


def differences(running: Sequence[Running]) -> Iterator[str]:
    """Where a peer answers otherwise than the service, in words.

    Raises:
        AssertionError: it answers by another status.
    """
    for lane in LANES:
        _, expected = lane.prepared(running[0].port)
        for server in running[1:]:
            if lane.name not in server.lanes:
                continue
            _, answer = lane.prepared(server.port)
            assert answer.status == expected.status, (server.name, lane.name, answer)
            if answer.body != expected.body:
                yield f"{server.name}, {lane.name}: {len(answer.body)} bytes, the service sends {len(expected.body)}"
            missing = sorted(set(expected.headers) - set(answer.headers) - {"date", "server"})
            if missing and server.name == "bare":
                yield f"{server.name}, {lane.name}: lacks {', '.join(missing)}"


def measured(running: Sequence[Running], rounds: int, seconds: float, folder: Path) -> Results:
    """All rounds. In each lane the servers come one after the other; then comes the next lane, then the next round."""
    results = Results()
    _, generator = cores()
    tags = {(lane.name, each.name): lane.prepared(each.port)[0] for lane in LANES for each in running}
    for number in range(rounds + 1):
        for lane in LANES:
            for server in running:
                if lane.name in server.lanes:
                    tag, length = tags[lane.name, server.name], seconds if number else 1
                    sample = asked(lane, server, tag, length, generator, folder)
                    print(f"  {lane.name}, {server.name}: {sample.rate:.0f} requests", flush=True)
                    if number:  # the first is for warming up
                        results.samples[lane.name, server.name].append(sample)
        print(f"round {number} of {rounds}", flush=True)
    results.memory = {server.name: server.resident() for server in running}
    return results
