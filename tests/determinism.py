"""The same requests, asked of processes with other seeds of their hashes, on SQLite and on PostgreSQL: the same bytes.

Plans come with the members of their objects shuffled, which changes no byte; and with their sessions and treatments in
another order, which changes nothing but places. Ends with 1 where something differs:

    python -m tests.determinism --shuffles 1000
"""

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests import postgres
from tests.commands import python
from tests.released import released, url_of

Digests = list[tuple[str, str]]


def run(*arguments: str, url: str, seed: str) -> str:
    """What a process prints, whose database and seed of hashes are given.

    Raises:
        AssertionError: it fails.
    """
    done = python("-m", "tests.answering", *arguments, DATABASE_URL=url, PYTHONHASHSEED=seed)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def answered(file: Path, url: str, seed: str) -> Digests:
    """The digests of each answer to the requests of a file."""
    lines = run(str(file), url=url, seed=seed).splitlines()
    return [(line.split()[0], line.split()[1]) for line in lines]


def differences(requests: list[dict[str, Any]], by_process: dict[str, Digests]) -> Iterator[str]:
    """What differs: the bytes of what must be the same, or what is told of the same plan."""
    of_bytes: dict[str, dict[str, str]] = defaultdict(dict)
    telling: dict[str, dict[str, str]] = defaultdict(dict)
    for process, digests in by_process.items():
        for request, (whole, part) in zip(requests, digests, strict=True):
            words = f"{request['path']} {request['body'] or ''} ({process})"
            of_bytes[request["same"]].setdefault(whole, words)
            telling[request["telling"]].setdefault(part, words)
    for what, groups in (("bytes", of_bytes), ("told", telling)):
        for same, found in groups.items():
            if len(found) > 1:
                yield f"{what} of {same} differ: {'; '.join(found.values())[:1000]}"


def main() -> int:
    """Ask as many shuffles as asked for of each process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shuffles", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=3, help="on each database")
    parser.add_argument("--database", type=Path, help="keep the SQLite database in this file, for the next run")
    chosen = parser.parse_args()
    began = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        threads = stack.enter_context(ThreadPoolExecutor(2))
        here, there = url_of(chosen.database or folder / "db.sqlite3"), postgres.started(stack.callback)
        urls = dict(zip(("SQLite", "PostgreSQL"), threads.map(released, (here, there)), strict=True))
        file = folder / "requests.jsonl"
        file.write_text(run("--draw", str(chosen.shuffles), url=here, seed="0"), "utf-8")
        jobs = {
            f"{vendor}, hashes by {seed}": threads.submit(answered, file, url, seed)
            for vendor, url in urls.items()
            for seed in map(str, range(chosen.processes))
        }
        by_process = {name: job.result() for name, job in jobs.items()}
        requests = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    found = [*differences(requests, by_process)]
    for words in found[:20]:
        print(words)
    plans = sum(request["body"] is not None for request in requests)
    print(f"{len(requests) - plans} addresses and {plans} plans, asked of {len(by_process)} processes", end=" ")
    print(f"in {time.monotonic() - began:.0f} s: {len(found)} differ")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
