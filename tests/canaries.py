"""Strings that nobody else would say, sent in every place of a request to a real server: none may be found again.

Forty of them, like a name, a key, an address or a valid number; each in every member, header, parameter and path, in
requests that succeed and that fail in every way, also while the newest release is broken. Then the log, the metrics
and the database are searched. What is meant to be logged is the plain id of a request; so none is sent as that.

    python -m tests.canaries --metrics

Ends with 1 where one is found, or where a kind of failure did not come.
"""

import argparse
import base64
import re
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.canary_requests import CANARIES, requests_with, sent
from tests.released import released, url_of
from tests.servers import UNHINDERED, free_port, up

# The failures that must have come, so that what is logged of them was looked at.
EXPECTED = {200, 400, 404, 405, 406, 411, 413, 415}
CLIENTS = 4
BROKEN_RELEASE = (
    "INSERT INTO api_release (number, published_at, note, digest, payload) "
    """VALUES (99, '2026-11-27 00:00:00', 'broken', 'x', '{"areas": [')"""
)


def forms(canary: str) -> set[bytes]:
    """How the part of a canary that is never escaped may be written down, in small letters."""
    part = max(re.findall("[A-Za-z0-9._-]+", canary), key=len)
    plain = part.encode()
    in_base64 = [within_base64(plain, before).lower() for before in range(3)]
    return {plain.lower(), plain.hex().encode(), part.lower().encode("utf-16-le"), *in_base64}


def within_base64(part: bytes, before: int) -> bytes:
    """What stands in Base64 for a part of a text whatever is around it, so many bytes of a group of three before it."""
    encoded = base64.b64encode(b"x" * before + part)
    return encoded[-(-8 * before // 6) : 8 * (before + len(part)) // 6]


def found_in(text: bytes, canaries: list[str]) -> list[str]:
    """The canaries that are found in a text, in whatever form."""
    lower = text.lower()
    return [canary for canary in canaries if any(form in lower for form in forms(canary))]


def send_all(port: int, canaries: list[str]) -> Counter[int]:
    """How many requests with the canaries had each status."""
    requests = (request for canary in canaries for request in requests_with(canary))
    with ThreadPoolExecutor(CLIENTS) as clients:
        return Counter(clients.map(partial(sent, port), requests))


def files_of(database: Path) -> dict[str, bytes]:
    """What stands in the files of a SQLite database."""
    return {path.name: path.read_bytes() for path in sorted(database.parent.glob(f"{database.name}*"))}


def metrics_of(port: int) -> bytes:
    """What Prometheus is given."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        return bytes(answer.read())


def run(folder: Path, canaries: list[str], chosen: dict[str, str]) -> tuple[Counter[int], dict[str, bytes]]:
    """The statuses that came, and the texts to be searched, by what they are."""
    database, log = folder / "db.sqlite3", folder / "log"
    settings: dict[str, Any] = {"DATABASE_URL": url_of(database), **UNHINDERED, **chosen}
    with up(log, "--workers", "2", **settings) as server:
        server.until("Serving on")
        statuses = send_all(server.port, canaries)
        with sqlite3.connect(database) as connection:
            connection.execute(BROKEN_RELEASE)
        statuses += send_all(server.port, canaries)
        told = {"metrics": metrics_of(int(chosen["METRICS_PORT"]))} if "METRICS_PORT" in chosen else {}
        told |= {"log": log.read_bytes(), **files_of(database)}
        return statuses, told


def main() -> int:
    """Send as many canaries as asked for, and say where any was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--canaries", type=int, default=len(CANARIES))
    parser.add_argument("--metrics", action="store_true", help="let METRICS_PORT open a port, and search what it gives")
    parser.add_argument("--database", type=Path, help="a SQLite file with releases, which is copied")
    asked = parser.parse_args()
    canaries, began = CANARIES[: asked.canaries], time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if asked.database:
            released(url_of(asked.database))
            shutil.copy(asked.database, folder / "db.sqlite3")
        released(url_of(folder / "db.sqlite3"))
        before = [canary for text in files_of(folder / "db.sqlite3").values() for canary in found_in(text, canaries)]
        chosen = {"METRICS_PORT": str(free_port())} if asked.metrics else {}
        statuses, told = run(folder, canaries, chosen)
    print(f"{sum(statuses.values())} requests in {time.monotonic() - began:.0f} s: {dict(sorted(statuses.items()))}")
    wrong = bool(before) or not EXPECTED.issubset(statuses)
    for what, text in told.items():
        found = found_in(text, canaries)
        wrong |= bool(found)
        print(f"{what} ({len(text)} bytes): {len(found)} of {len(canaries)} canaries found", *found[:5])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
