"""Releases published under load, and workers that answer; out, whether any client saw one go backward, late or mixed.

    python -m tests.rolling_releases --publishes 20 --postgres --nginx

Every answer must be whole, of one release alone; no answer may show an older release than one that somebody had before
it was asked for, whichever worker gave either; and two seconds after a release is there, every answer shows it. Ends
with 1 where that is not so, or an answer is no 200.
"""

import argparse
import asyncio
import json
import os
import ssl
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests import nginx, postgres
from tests.load import PLAN, PLANS
from tests.processes import children
from tests.released import released, url_of
from tests.servers import UNHINDERED, Up, until, up

WITHIN = 2.0  # seconds from the end of publishing until no answer shows an older release
CLIENTS = 16
ON_A_CONNECTION = 10  # requests; the next connection may be another worker's
READS = ("/v1/faqs", "/v1", "/v1/releases", "/v1/areas/leg", "/v1/session-limits")
SAYS = "This is the answer of release"


@dataclass
class Run:
    """What clients saw, and what is published: when each release was there."""

    highest: int
    published: list[tuple[float, int]] = field(default_factory=list)
    digests: dict[int, str] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    ended: bool = False

    def due(self, now: float) -> int:
        """The release that every answer must show by now."""
        return max((number for when, number in self.published if now - when >= WITHIN), default=0)

    def saw(self, path: str, status: int, shown: int, body: Any, floor: int, due: int) -> None:
        """Count an answer: to a request that was sent when `floor` had been seen, and when `due` had to be shown."""
        self.seen["answers"] += 1
        if status != 200:
            self.seen[f"errors ({status})"] += 1
            return
        self.seen["mixed"] += not self.is_whole(path, shown, body)
        self.seen["backward"] += shown < floor
        self.seen["late"] += shown < due
        self.highest = max(self.highest, shown)

    def is_whole(self, path: str, shown: int, body: Any) -> bool:
        """Whether all that an answer says is of the release that it names."""
        if path == "/v1/faqs":
            return bool(body["release"] == shown and body["items"][0]["answer"] == f"{SAYS} {shown}.")
        if path == "/v1/releases":
            return bool(body["items"][-1]["number"] == shown)
        if path == "/v1":
            return bool(body["release"]["number"] == shown and body["release"]["digest"] == self.digests[shown])
        if path.startswith(PLANS):
            return bool(body["receipt"]["release_sha256"] == self.digests[shown])
        return bool(body["release"] == shown)


@dataclass(frozen=True)
class Place:
    """Where the service answers."""

    port: int
    host: str
    tls: ssl.SSLContext | None = None


async def ask(run: Run, place: Place, random: Random) -> None:
    """Ask one thing after the other until the run ends, again and again on another connection."""
    plan = json.dumps(PLAN).encode()
    while not run.ended:
        reader, writer = await asyncio.open_connection("127.0.0.1", place.port, ssl=place.tls)
        for _ in range(ON_A_CONNECTION):
            path = random.choice((*READS, f"{PLANS}/validate"))
            body = plan if path.startswith(PLANS) else b""
            head = f"{'POST' if body else 'GET'} {path} HTTP/1.1\r\nHost: {place.host}\r\nCookie: uncached=1\r\n"
            sent = f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
            floor, due = run.highest, run.due(time.monotonic())
            writer.write(sent)
            told = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = int(told.partition("content-length: ")[2].partition("\r\n")[0])
            answer = json.loads(await reader.readexactly(length))
            named = told.partition("content-release: ")[2].partition("\r\n")[0]
            run.saw(path, int(told.split()[1]), int(named or answer.get("release", 0)), answer, floor, due)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def publish(run: Run, content: dict[str, Any]) -> None:
    """Write one more release, whose first FAQ names it."""
    from django.utils import timezone

    from api.models import Release
    from api.models.releases import digest_of

    number = (run.published[-1][1] if run.published else 2) + 1
    first, *rest = content["faqs"]
    own = {**content, "faqs": [{**first, "answer": f"{SAYS} {number}."}, *rest]}
    run.digests[number] = digest_of(own)
    payload = json.dumps(own)
    Release(number, timezone.now(), f"{number}", run.digests[number], payload).save()
    run.published.append((time.monotonic(), number))


async def roll(run: Run, place: Place, publishes: int) -> None:
    """Publish under load."""
    from api.models import Release

    content = await asyncio.to_thread(lambda: Release.objects.get(number=2).content())
    random = Random(7)  # noqa: S311 - pauses, not secrets
    await asyncio.to_thread(publish, run, content)
    await asyncio.sleep(2 * WITHIN)
    run.highest = run.published[-1][1]
    asking = asyncio.gather(*(ask(run, place, Random(seed)) for seed in range(CLIENTS)))  # noqa: S311
    for _ in range(publishes):
        await asyncio.sleep(random.uniform(0.2, 2.5))
        await asyncio.to_thread(publish, run, content)
    await asyncio.sleep(2 * WITHIN)
    run.ended = True
    await asking


def place_of(server: Up, asked: argparse.Namespace, folder: Path, stack: ExitStack) -> Place:
    """Where to ask: the service itself, or nginx before it."""
    if not asked.nginx:
        return Place(server.port, "localhost")
    proxy = stack.enter_context(nginx.proxy(folder, server.port))
    return Place(proxy.tls, nginx.HOST, ssl.create_default_context(cafile=str(proxy.certificate)))


def main() -> int:
    """Publish as often as asked for, and say what clients saw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--publishes", type=int, default=20)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL from pip instead of SQLite")
    parser.add_argument("--nginx", action="store_true", help="ask nginx, which runs the file in .deploy")
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = released(postgres.started(stack.callback) if asked.postgres else url_of(folder / "db.sqlite3"))
        os.environ |= {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "sclero_service.settings"}
        import django

        django.setup()
        chosen = {**UNHINDERED, **(nginx.CHOSEN if asked.nginx else {}), "LOG_LEVEL": "WARNING"}
        server = stack.enter_context(up(folder / "log", f"--workers={asked.workers}", DATABASE_URL=url, **chosen))
        server.until("Serving on")
        until(lambda: len(children(server.process.pid)) >= asked.workers)
        run = Run(0)
        asyncio.run(roll(run, place_of(server, asked, folder, stack), asked.publishes))
        from django.db import connections

        connections.close_all()
        log = server.text().partition("Stop with Ctrl-C.\n")[2]
    print(f"{len(run.published) - 1} releases, {', '.join(f'{run.seen[name]} {name}' for name in sorted(run.seen))}")
    failed = any(many for name, many in run.seen.items() if name != "answers") or bool(log) or not run.seen["answers"]
    print(log[:2000] if log else "nothing logged", "FAILED" if failed else "kept", sep="; ")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
