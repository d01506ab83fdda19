"""Kills `publish` again and again, at any moment; out, what became of the releases, and of those who read meanwhile.

    python -m tests.kills --times 200 [--postgres]

Each turn changes the name of an area and publishes it with SIGKILL to come: at any time, or within the writing. The
content is the specimen's, of which publishing takes a second. Two readers go on all the while, one in the database, and
one that asks a service. Exits with status 1 where a reader saw part of a release or missed one that was there, where
one that `publish` had acknowledged was lost, or where the database is not whole in the end.
"""

import argparse
import hashlib
import json
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psycopg
import rfc8785

from tests.commands import PROJECT, environment, python
from tests.real_postgres import Postgres
from tests.servers import UNHINDERED, up

WRITING, PUBLISHED = "writing release ", "published release "
RENAME = "UPDATE api_area SET name = '{}' WHERE slug = 'leg'"
RELEASES = "SELECT number, digest, payload FROM api_release WHERE number > {} ORDER BY number"
CHECK_INDEXES = (
    "SELECT bt_index_check(indexrelid, true) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
    "JOIN pg_am ON pg_am.oid = relam WHERE amname = 'btree'"
)
CHECK_TABLES = (
    "SELECT relname, found.* FROM pg_class, LATERAL verify_heapam(pg_class.oid) found WHERE relkind = 'r' "
    "AND relname LIKE 'api_%'"
)


class Sqlite:
    """A SQLite file, and what can be asked of it beside the service."""

    def __init__(self, folder: str) -> None:
        self.file = Path(folder) / "db.sqlite3"
        self.url = f"sqlite:///{self.file}"

    def ask(self, statement: str) -> list[Any]:
        """The rows that it answers with."""
        with closing(sqlite3.connect(self.file, timeout=30, isolation_level=None)) as connection:
            return connection.execute(statement).fetchall()

    def wrong(self) -> list[Any]:
        """What its own checks find."""
        found = [*self.ask("PRAGMA integrity_check"), *self.ask("PRAGMA foreign_key_check")]
        return [row for row in found if row != ("ok",)]

    def end(self) -> None:
        """Nothing of it goes on."""


class Postgresql:
    """A PostgreSQL from pip, and the same."""

    def __init__(self, folder: str) -> None:
        self.server = Postgres(folder)
        self.url = self.server.uri

    def ask(self, statement: str) -> list[Any]:
        """The rows that it answers with."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def wrong(self) -> list[Any]:
        """What its own checks find."""
        self.ask("CREATE EXTENSION IF NOT EXISTS amcheck")
        self.ask(CHECK_INDEXES)  # an error where one is not whole
        return self.ask(CHECK_TABLES)

    def end(self) -> None:
        """End it for good."""
        self.server.end()


Database = Sqlite | Postgresql


class Readers:
    """Those who read while releases are published: what they saw that they should not have."""

    def __init__(self, database: Database, port: int) -> None:
        self.database = database
        self.port = port
        self.names: dict[int, str] = {}  # of the area, by release, as the database has it
        self.served: dict[int, set[str]] = {}  # the same, as the service said
        self.faults: list[str] = []
        self.reads = 0
        self.stop = Event()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """As long as it lasts, they read."""
        threads = [Thread(target=self.read_database), Thread(target=self.ask_service)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()

    def read_database(self) -> None:
        """Hold every release to its digest, and their numbers to be without a gap."""
        while not self.stop.wait(0.01):
            last = max(self.names, default=0)
            for expected, (number, digest, payload) in enumerate(self.database.ask(RELEASES.format(last)), last + 1):
                self.reads += 1
                try:
                    content: Any = json.loads(payload)
                    is_whole = hashlib.sha256(rfc8785.dumps(content)).hexdigest() == digest and number == expected
                except ValueError:
                    is_whole = False
                if not is_whole:
                    self.faults.append(f"release {number} was seen in part")
                    return
                self.names[number] = next(area["name"] for area in content["areas"] if area["slug"] == "leg")

    def ask_service(self) -> None:
        """Ask the service for the area, again and again; it must never go back, nor fail."""
        connection, newest = HTTPConnection("127.0.0.1", self.port, timeout=30), 0
        while not self.stop.wait(0.01):
            try:
                connection.request("GET", "/v1/areas/leg")
                response = connection.getresponse()
                body = json.load(response)
            except (OSError, HTTPException, ValueError) as error:
                self.faults.append(f"the service: {error}")
                return
            self.reads += 1
            if response.status != 200 or body["release"] < newest:
                self.faults.append(f"the service: {response.status} {body}")
                return
            newest = body["release"]
            self.served.setdefault(newest, set()).add(body["name"])


def publish(url: str) -> "subprocess.Popen[str]":
    """`publish`, which tells each step as it is reached."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "publish", "--note", "To be killed"],
        cwd=PROJECT,
        env=environment(DATABASE_URL=url, PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def killed(url: str, moment: float, within_writing: bool) -> tuple[str, int]:
    """How far a publishing came that is killed so many seconds after its beginning, or after it begins to write.

    With the number of the release, where it was told; else 0.
    """
    with publish(url) as process:
        assert process.stdout is not None
        told = ""
        if within_writing:
            for line in process.stdout:
                told += line
                if line.startswith(WRITING):
                    break
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        told += process.stdout.read()
    number = number_in(told)
    if "CommandError" in told or "DATABASE_URL" in told:
        return f"refused: {told.splitlines()[-1]}", 0
    return ("acknowledged" if number else "writing" if WRITING in told else "before it wrote"), number


def run(times: int, database: Database, port: int, lasts: float) -> list[str]:
    """What went wrong; what became of the kills is told in a line."""
    readers, outcomes, acknowledged = Readers(database, port), Counter[str](), {}
    with readers.reading():
        for turn in range(times):
            database.ask(RENAME.format(f"Leg {turn}"))
            within = turn % 2 == 1
            moment = random.uniform(0, 0.05) if within else random.uniform(0, 1.1 * lasts)  # noqa: S311 - no secret
            outcome, number = killed(database.url, moment, within)
            outcomes[outcome] += 1
            if number:
                acknowledged[number] = f"Leg {turn}"
            if turn % 20 == 19:
                print(f"{turn + 1} kills: {dict(outcomes)}", flush=True)
        last, _ = left_alone(database, "Leg in the end")
        time.sleep(3)  # in which both readers come to it
    return faults_of(readers, acknowledged, last, database)


def left_alone(database: Database, name: str) -> tuple[int, float]:
    """The number of a release that nobody kills, and the seconds that it took."""
    database.ask(RENAME.format(name))
    began = time.monotonic()
    with publish(database.url) as process:
        told, _ = process.communicate()
    assert PUBLISHED in told, told
    return number_in(told), time.monotonic() - began


def number_in(told: str) -> int:
    """The number of the release that `publish` acknowledged; 0 where it did not."""
    return int(told.rpartition(PUBLISHED)[2].split()[0]) if PUBLISHED in told else 0


def faults_of(readers: Readers, acknowledged: dict[int, str], last: int, database: Database) -> list[str]:
    """What is not as it is to be, in the end."""
    names = readers.names
    faults = [*readers.faults]
    faults += [
        f"release {number} was acknowledged and lost"
        for number, name in acknowledged.items()
        if names.get(number) != name
    ]
    faults += [
        f"release {number} was served as {served}"
        for number, served in readers.served.items()
        if served != {names.get(number)}
    ]
    if last != len(names) or names.get(last) != "Leg in the end":
        faults.append("what was published in the end is not the newest release")
    faults += [f"the database is not whole: {found}" for found in database.wrong()]
    count = len(names) - len(acknowledged) - 2
    print(
        f"{len(names)} releases, {len(acknowledged)} of them acknowledged before a kill, {count} written and not told"
    )
    print(f"{readers.reads} readings; the service showed {len(readers.served)} releases")
    return faults


def main() -> None:
    """Run as often as asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--postgres", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as data, tempfile.TemporaryDirectory() as folder:
        database: Database = (Postgresql if options.postgres else Sqlite)(data)
        try:
            made = python("-m", "tests.small_database", DATABASE_URL=database.url)
            assert made.returncode == 0, made.stderr
            _, lasts = left_alone(database, "Leg at first")
            print(f"publishing takes {lasts:.1f} s", flush=True)
            with up(Path(folder) / "log", DATABASE_URL=database.url, **UNHINDERED) as server:
                server.until("Serving on")
                faults = run(options.times, database, server.port, lasts)
        finally:
            database.end()
    print(*faults, f"{len(faults)} promises broken", sep="\n")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
