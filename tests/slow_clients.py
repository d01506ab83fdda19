"""Clients that never finish, through nginx; out, how long others wait meanwhile.

    python -m tests.slow_clients --held 500 --seconds 60

Holds so many connections at a time, from many addresses: headers and bodies that come byte by byte, answers that nobody
reads. Exits with status 1 where another client's answer was not a 200, or one of a hundred took longer than 250 ms;
where a held client was not cut off; or where one address could hold more than its share.
"""

import argparse
import asyncio
import multiprocessing
import ssl
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

from tests.load import CHECKS, READS, Connections, Seen, load
from tests.nginx import CHOSEN, HOST, Proxy, proxy
from tests.released import url_of
from tests.servers import UNHINDERED, up

MOST_MILLISECONDS = 250
CUT_OFF_AFTER = 15  # seconds, of which nginx gives ten
PER_ADDRESS = 20
MOST_OF_AN_ADDRESS = 100
HEAD = f"POST /v1/session-plans/validate HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n".encode()
# What a client sends at once, and then, byte by byte.
KINDS: tuple[tuple[bytes, bytes], ...] = (
    (b"", b""),
    (b"GET /v1/areas HTTP/1.1\r\nHost: ", HOST.encode()),
    (HEAD, b"X-Slow: " + b"a" * 1000),
    (HEAD + b"Content-Length: 9000\r\n\r\n", b'{"sessions": [' + b" " * 1000),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"3e8\r\n" + b" " * 1000),
    (f"GET /v1/session-limits HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode() * 50, b""),  # and none of it is read
)
SECONDS_PER_BYTE = 4


async def hold(port: int, certificate: str, number: int, held: Any, ended: Any) -> None:
    """Be one slow client after the other, each as slow as it may be; count those that are held, and that were ended."""
    context = ssl.create_default_context(cafile=certificate)
    at_once, slowly = KINDS[number % len(KINDS)]
    source = f"127.0.1.{1 + number // PER_ADDRESS}"
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=context, local_addr=(source, 0), limit=1
            )
            held.value += 1
            try:
                await be_slow(reader, writer, at_once, slowly)
            finally:
                held.value -= 1
                ended.value += 1
                writer.transport.abort()
        await asyncio.sleep(0.5)


async def be_slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, at_once: bytes, slowly: bytes) -> None:
    """Send the first part at once, and the other byte by byte, until the server ends it; or nothing more."""
    writer.write(at_once)
    for byte in slowly:
        await asyncio.sleep(SECONDS_PER_BYTE)
        if reader.at_eof() or writer.is_closing():
            return
        writer.write(bytes([byte]))
        await writer.drain()
    while not (reader.at_eof() or writer.is_closing()):
        await asyncio.sleep(1)


async def hold_all(port: int, certificate: str, count: int, held: Any, ended: Any) -> None:
    """Hold so many."""
    await asyncio.gather(*(hold(port, certificate, number, held, ended) for number in range(count)))


def hold_in_a_process(port: int, certificate: str, count: int, held: Any, ended: Any) -> None:
    """Hold so many, until the process is ended."""
    asyncio.run(hold_all(port, certificate, count, held, ended))


@contextmanager
def holding(at: Proxy, count: int) -> Iterator[tuple["Synchronized[int]", "Synchronized[int]"]]:
    """So many slow clients; how many are held by now, and how many were ended."""
    context = multiprocessing.get_context("spawn")
    held, ended = context.Value("i", 0), context.Value("i", 0)
    arguments = (at.tls, str(at.certificate), count, held, ended)
    process = context.Process(target=hold_in_a_process, args=arguments, daemon=True)
    process.start()
    try:
        yield held, ended
    finally:
        process.kill()
        process.join()


class ThroughProxy(Connections):
    """Clients of nginx, over TLS."""

    def __init__(self, at: Proxy) -> None:
        super().__init__(at.tls, Host=HOST)
        self.at = at

    def open(self) -> HTTPConnection:
        return self.at.connection()


def most_of_one_address(at: Proxy) -> tuple[int, int]:
    """Of bodies that one address holds: how many are waited for, and how many were refused."""
    clients = [at.connection("127.0.2.1") for _ in range(MOST_OF_AN_ADDRESS + 20)]
    for client in clients:
        client.putrequest("POST", "/v1/session-plans/validate", skip_host=True)
        for name, text in (("Host", HOST), ("Content-Type", "application/json"), ("Content-Length", "9")):
            client.putheader(name, text)
        client.endheaders(b"{")
    time.sleep(1)
    refused = 0
    for client in clients:
        client.sock.settimeout(0.05)
        with suppress(TimeoutError):
            refused += client.getresponse().status == 429
        client.close()
    return len(clients) - refused, refused


def run(at: Proxy, count: int, seconds: float) -> list[str]:
    """What went wrong; what others saw is told in a line."""
    with load(ThroughProxy(at), [*READS, *CHECKS], clients=8):
        time.sleep(15)  # so that what takes long once was made
    with load(ThroughProxy(at), [*READS, *CHECKS], clients=2, pause=0.02) as before:
        time.sleep(seconds / 3)
    print(f"before: {before}", flush=True)
    with holding(at, count) as (held, ended):
        began = time.monotonic()
        while held.value < 0.9 * count and time.monotonic() - began < 60:
            time.sleep(0.1)
        with load(ThroughProxy(at), [*READS, *CHECKS], clients=2, pause=0.02) as seen:
            least = count
            stop = time.monotonic() + seconds
            while time.monotonic() < stop:
                least = min(least, held.value)
                time.sleep(0.1)
        print(f"{least} to {count} held, {ended.value} cut off in {time.monotonic() - began:.0f} s: {seen}", flush=True)
        faults = faults_of(seen, least / count, ended.value, seconds)
    waited, refused = most_of_one_address(at)
    print(f"of one address {waited} were waited for, {refused} refused")
    if (waited, refused) != (MOST_OF_AN_ADDRESS, 20):
        faults.append("one address can hold another number of requests")
    return faults


def faults_of(seen: Seen, share: float, ended: int, seconds: float) -> list[str]:
    """What was not as it is to be."""
    faults = [f"{path}: {count} times {status}" for (path, status), count in seen.other_than(200).items()]
    if seen.slower_than(0.99) > MOST_MILLISECONDS:
        faults.append(f"one answer of a hundred took {seen.slower_than(0.99):.0f} ms or more")
    if share < 0.5:
        faults.append("fewer than half were held at times, so that this shows nothing")
    if seconds > CUT_OFF_AFTER and not ended:
        faults.append("nobody was cut off")
    return faults


def main() -> None:
    """Run with as many as asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--held", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings: dict[str, Any] = {**CHOSEN, **UNHINDERED, "DATABASE_URL": url_of(folder / "db.sqlite3")}
        with up(folder / "up.log", **settings) as server:
            server.until("Serving on")
            with proxy(folder, server.port) as at:
                faults = run(at, options.held, options.seconds)
    print(*faults, f"{len(faults)} promises broken", sep="\n")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
