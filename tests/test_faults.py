"""What is taken away under a service: its database file, room on the disk. Who reads goes on, nothing is by half."""

import resource
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from tests.commands import manage
from tests.load import CHECKS, READS, Connections, load
from tests.servers import Up, until, up

COLUMNS = "published_at, note, digest, payload"
OF_THE_LAST = f"SELECT number + 1, {COLUMNS} FROM api_release ORDER BY number DESC LIMIT 1"  # noqa: S608
NEXT = f"INSERT INTO api_release (number, {COLUMNS}) {OF_THE_LAST}"
Way = Callable[[Path, Up], AbstractContextManager[None]]


@pytest.fixture
def file(prepared: str, tmp_path: Path) -> Path:
    """A database of its own, with release 1."""
    folder = tmp_path / "data"
    folder.mkdir()
    return Path(shutil.copy(prepared.removeprefix("sqlite:///"), folder / "db.sqlite3"))


def next_release(file: Path) -> int:
    """The number of one more release, with what the newest has."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(NEXT)
        [number] = connection.execute("SELECT max(number) FROM api_release").fetchone()
    return int(number)


@contextmanager
def locked(file: Path, server: Up) -> Iterator[None]:
    """Another program writes, and lets nobody read."""
    with closing(sqlite3.connect(file, isolation_level=None, timeout=60)) as writer:
        writer.execute("PRAGMA locking_mode=EXCLUSIVE")
        writer.execute("BEGIN EXCLUSIVE")
        yield


@contextmanager
def deleted(file: Path, server: Up) -> Iterator[None]:
    """The file is gone, with all beside it, and comes back; nothing is made in its place."""
    kept = file.with_name("kept")
    shutil.copy(file, kept)
    for each in file.parent.glob("db.sqlite3*"):
        each.unlink()
    yield
    assert not file.exists()
    kept.rename(file)


def replaced_by(content: bytes) -> Way:
    """A way in which another file stands in its place."""

    @contextmanager
    def replaced(file: Path, server: Up) -> Iterator[None]:
        with deleted(file, server):
            file.write_bytes(content)
            yield
            for each in file.parent.glob("db.sqlite3*"):
                each.unlink()

    return replaced


@contextmanager
def unreadable(file: Path, server: Up) -> Iterator[None]:
    """Nobody may read or write it."""
    file.chmod(0)
    yield
    file.chmod(stat.S_IRUSR | stat.S_IWUSR)


@contextmanager
def without_room(file: Path, server: Up) -> Iterator[None]:
    """The disk is full, also for what is logged."""
    for pid in server.workers():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    yield
    for pid in server.workers():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)


WAYS: dict[str, Way] = {
    "locked": locked,
    "deleted": deleted,
    "no database": replaced_by(b"no database" * 1000),
    "empty": replaced_by(b""),
    "unreadable": unreadable,
    "without room": without_room,
}


def shows(server: Up, number: int) -> bool:
    """Whether a worker shows a release. A new connection is any worker's."""
    connection = Connections(server.port).open()
    connection.request("GET", "/readyz")
    body = connection.getresponse().read()
    connection.close()
    return f'"release":{number},'.encode() in body


def test_whatever_becomes_of_the_file_reads_and_checks_go_on_and_recovery_needs_nobody(
    file: Path, tmp_path: Path
) -> None:
    asked = [ask for ask in (*READS, *CHECKS) if "vectors" not in ask.path]  # which take seconds, once
    with up(tmp_path / "log", "--workers=2", obeying=True, DATABASE_URL=f"sqlite:///{file}") as server:
        server.until("Serving on")
        until(lambda: all(shows(server, 1) for _ in range(40)))
        for name, way in WAYS.items():
            with way(file, server), load(Connections(server.port), asked, clients=4) as seen:
                until(lambda seen=seen: seen.statuses.total() >= 100)  # type: ignore[misc]
            assert not seen.other_than(200), name
            number = next_release(file)
            until(lambda number=number: all(shows(server, number) for _ in range(40)))  # type: ignore[misc]
        told = server.text()
    assert "Traceback" not in told
    assert told.count("database_away") <= 2 * len(WAYS)


def state(file: Path) -> list[object]:
    """All that a database holds of content and releases; it is whole."""
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        tables = connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'api_%' AND type = 'table'")
        return [connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for (table,) in tables.fetchall()]  # noqa: S608


@pytest.mark.parametrize("command", [["load_content"], ["publish", "--note=Renamed"]])
def test_a_full_disk_is_told_in_a_line_and_leaves_all_as_it_was(command: list[str], file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE api_area SET name = 'Legs' WHERE slug = 'leg'")
    before = state(file)
    run = manage(*command, most_bytes=200_000, DATABASE_URL=f"sqlite:///{file}")
    assert (run.returncode, run.stderr.count("\n")) == (1, 1), run.stderr
    assert "disk" in run.stderr
    assert state(file) == before
