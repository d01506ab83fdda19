"""Servers with several processes, a Valkey and many clients in; out, how many requests were admitted, and how fast.

    python -m tests.rate_run --processes 4 --clients 64 --seconds 20

`well`: all clients have one address, whose quota they use up. `frozen` and `killed`: each request has an address of
its own, so that it asks the Valkey, which is frozen or killed for the second third of the time; there is one client for
each process, so that waits show. Ends with 1 where more than the rate and a hundredth was admitted, where an answer was
a 5xx or never came, or where half of the requests waited for the Valkey that does not answer.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from itertools import count
from pathlib import Path
from typing import Any

from api.rates.counting import Counters, Lender, Policy
from api.rates.lending import SharedCounts
from tests.servers import up
from tests.valkeys import Cache, cache

WINDOW = 60
MORE_ADMITTED = 1.01
# Whoever waits for a Valkey that does not answer waits 50 ms; and a busy machine takes its time.
MOST_SECONDS = 0.025
MOST_TIMES = 2
DECISIONS = 200_000
KINDS = ("well", "frozen", "killed")


@dataclass
class Run:
    """What came of a run: of each request when it was sent, how long it took, and its status; 0 for none."""

    answers: list[tuple[float, float, int]] = field(default_factory=list)

    def statuses(self) -> Counter[int]:
        return Counter(status for _, _, status in self.answers)

    def seconds(self, begin: float, end: float) -> tuple[float, float]:
        """The median and the 99th percentile of what answers took, of those sent in a time."""
        took = [seconds for sent, seconds, _ in self.answers if begin <= sent < end]
        return statistics.median(took), statistics.quantiles(took, n=100)[98]


async def ask(run: Run, port: int, end: float, addresses: Any) -> None:
    """Ask over one connection, one thing after the other, each time as another client where there are addresses."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.monotonic() < end:
        forwarded = f"X-Forwarded-For: {IPv4Address(next(addresses))}\r\n" if addresses else ""
        sent = time.monotonic()
        writer.write(f"GET /v1/areas?limit=1 HTTP/1.1\r\nHost: localhost\r\n{forwarded}\r\n".encode())
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            await reader.readexactly(int(head.partition("content-length: ")[2].partition("\r\n")[0]))
        except (OSError, asyncio.IncompleteReadError):
            run.answers.append((sent, time.monotonic() - sent, 0))
            break
        run.answers.append((sent, time.monotonic() - sent, int(head.split()[1])))
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def load(port: int, clients: int, seconds: float, addresses: Any, faults: list[Callable[[], None]]) -> Run:
    """What clients get; a fault begins and ends after a third of the time each."""
    run, end = Run(), time.monotonic() + seconds
    asking = asyncio.gather(*(ask(run, port, end, addresses) for _ in range(clients)))
    for fault in faults:
        await asyncio.sleep(seconds / 3)
        await asyncio.to_thread(fault)
    await asking
    return run


def told(run: Run) -> str:
    """How many answers there were of each status, `none` for what never came."""
    return ", ".join(f"{many} answers {status or 'none'}" for status, many in sorted(run.statuses().items()))


def failed(run: Run) -> bool:
    """Whether an answer was a 5xx, or never came."""
    return any(status == 0 or status >= 500 for status in run.statuses())


def well(asked: argparse.Namespace, port: int, own: Cache) -> bool:
    """Whether no more is admitted than the rate, which must be reached."""
    run = asyncio.run(load(port, asked.clients, asked.seconds, None, []))
    windows = 1 + int(asked.seconds // WINDOW)
    most, admitted = asked.requests * windows, run.statuses()[200]
    print(f"well: {told(run)}; admitted {admitted} of {most} in {windows} window(s): {admitted / most - 1:+.2%}")
    if not run.statuses()[429]:
        print("well: the rate was not reached, so this says nothing: lower --requests")
    return bool(run.statuses()[429]) and admitted <= most * MORE_ADMITTED and not failed(run)


def faulty(kind: str, asked: argparse.Namespace, port: int, own: Cache) -> bool:
    """Whether every request is answered, and none is slow, with the Valkey frozen or killed for a while."""
    begin, end = (own.freeze, own.thaw) if kind == "frozen" else (own.kill, own.start)
    began = time.monotonic()
    addresses = count(int(IPv4Address("11.0.0.0")))
    run = asyncio.run(load(port, asked.processes, asked.seconds, addresses, [begin, end]))
    third = asked.seconds / 3
    before, slow_before = run.seconds(began, began + third)
    during, slow = run.seconds(began + third, began + 2 * third)
    print(
        f"{kind}: {told(run)}; half within {before * 1000:.0f} ms before, {during * 1000:.0f} ms meanwhile, "
        f"99 of 100 within {slow_before * 1000:.0f} and {slow * 1000:.0f} ms"
    )
    return not failed(run) and {*run.statuses()} == {200} and during <= MOST_TIMES * before + MOST_SECONDS


def served(kind: str, asked: argparse.Namespace, folder: Path) -> bool:
    """What a kind of run comes to, with servers and a Valkey of its own."""
    with cache() as own:
        chosen: dict[str, Any] = {"CACHE_URL": own.url, "RATE_ANONYMOUS": str(asked.requests), "LOG_LEVEL": "INFO"}
        if kind != "well":
            chosen["TRUSTED_PROXIES"] = "127.0.0.1"
        url = f"sqlite:///{folder / 'db.sqlite3'}"
        options = ("--workers", str(asked.processes))
        with up(folder / f"{kind}.log", *options, DATABASE_URL=url, **chosen) as server:
            server.until("Serving on")
            time.sleep(1)  # until every process is there
            return well(asked, server.port, own) if kind == "well" else faulty(kind, asked, server.port, own)


def microseconds(work: Callable[[], object]) -> float:
    """What one call takes, of many."""
    began = time.perf_counter()
    for _ in range(DECISIONS):
        work()
    return (time.perf_counter() - began) / DECISIONS * 1e6


def costs() -> None:
    """Print what a decision costs beside a count in a dictionary."""
    policy, bare = Policy("anonymous", "", 10**9, WINDOW), {"192.0.2.1": 0}

    def increment() -> None:
        bare["192.0.2.1"] += 1

    def decision(lender: Lender | None) -> float:
        counters = Counters(lender)
        return microseconds(lambda: counters.decide(policy, "192.0.2.1"))

    with cache() as own:
        shared = SharedCounts(own.url, "secret")
        while not shared.is_reached:
            time.sleep(0.01)
        count_only, alone, lent = microseconds(increment), decision(None), decision(shared)
    ratios = f"{alone / count_only:.0f} and {lent / count_only:.0f} times a count in a dictionary"
    print(f"a decision: {alone:.2f} µs in process, {lent:.2f} µs with a Valkey, {ratios}")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--processes", type=int, default=4)
    arguments.add_argument("--clients", type=int, default=64)
    arguments.add_argument("--seconds", type=float, default=20)
    arguments.add_argument("--requests", type=int, default=1000, help="the rate of an address in a minute")
    arguments.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kept = {kind: served(kind, asked, Path(folder)) for kind in asked.kinds}
    costs()
    broken = [kind for kind, holds in kept.items() if not holds]
    print(f"{len(kept) - len(broken)} of {len(kept)} promises kept{': not ' if broken else ''}{', '.join(broken)}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
