"""A SQLite file that cannot be written: what is in it is served, what it lacks is told in a line."""

import json
import shutil
import sqlite3
import stat
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.commands import manage
from tests.servers import up
from tests.test_service import ask

Bake = Callable[[str], str]


@pytest.fixture
def bake(tmp_path: Path) -> Iterator[Bake]:
    """Makes a copy of a database, given and got by its URL, in a file and folder that nobody may write."""
    folder = tmp_path / "baked"
    folder.mkdir()

    def copied(url: str) -> str:
        file = Path(shutil.copy(url.removeprefix("sqlite:///"), folder))
        file.chmod(stat.S_IRUSR)
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
        return f"sqlite:///{file}"

    yield copied
    folder.chmod(stat.S_IRWXU)


def test_a_release_in_a_file_that_cannot_be_written_is_served(prepared: str, bake: Bake, tmp_path: Path) -> None:
    url = bake(prepared)
    with up(tmp_path / "log", obeying=True, DATABASE_URL=url) as server:
        assert "Migrating" not in server.until("Serving on").text()
        base = f"http://127.0.0.1:{server.port}"
        assert ask(f"{base}/readyz")["release"] == 1
        assert [row["number"] for row in ask(f"{base}/v1/releases")["items"]] == [1]
        plan = '{"sessions":[{"treatments":[{"area":"leg","amount":{"value":"12","unit":"cc"}}]}]}'
        assert ask(f"{base}/v1/session-plans/validate", plan)["verdict"] == "outside_limits"
    assert [path.name for path in (tmp_path / "baked").iterdir()] == ["db.sqlite3"]


def test_it_is_not_written_by_any_command(prepared: str, bake: Bake) -> None:
    run = manage("load_content", obeying=True, DATABASE_URL=bake(prepared))
    assert (run.returncode, run.stderr) == (1, "DATABASE_URL: attempt to write a readonly database\n")


def test_a_file_that_lacks_migrations_is_told_in_a_line(bake: Bake, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'db.sqlite3'}"
    assert manage("migrate", "api", "0001", DATABASE_URL=url).returncode == 0
    line = refused(bake(url))
    assert "lacks migrations" in line
    assert "`manage.py up` once where it can be written" in line


def test_a_file_without_a_release_is_told_in_a_line(bake: Bake, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'db.sqlite3'}"
    assert manage("migrate", DATABASE_URL=url).returncode == 0
    assert "lacks a release" in refused(bake(url))


def test_what_is_in_the_log_of_writes_beside_it_is_read(prepared: str, tmp_path: Path) -> None:
    source = Path(prepared.removeprefix("sqlite:///"))
    folder = tmp_path / "baked"
    folder.mkdir()
    with closing(sqlite3.connect(shutil.copy(source, tmp_path))) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("UPDATE api_area SET name = 'Renamed'")
        writer.commit()
        for file in tmp_path.glob("db.sqlite3*"):  # as a kill of the writer would leave them
            shutil.copy(file, folder)
    for file in folder.iterdir():
        file.chmod(stat.S_IRUSR)
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    script = "from api.models import Area; print({area.name for area in Area.objects.all()})"
    run = manage(
        "shell", "--no-imports", "--command", script, obeying=True, DATABASE_URL=f"sqlite:///{folder / 'db.sqlite3'}"
    )
    folder.chmod(stat.S_IRWXU)
    assert (run.stdout, run.stderr) == ("{'Renamed'}\n", "")


def test_a_file_that_is_not_there_in_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(stat.S_IRUSR | stat.S_IXUSR)
    line = refused(f"sqlite:///{folder / 'db.sqlite3'}")
    assert f"{folder / 'db.sqlite3'} does not exist and its folder cannot be written" in line


def test_a_file_that_cannot_be_read_is_named(prepared: str, tmp_path: Path) -> None:
    file = Path(shutil.copy(prepared.removeprefix("sqlite:///"), tmp_path))
    file.chmod(0)
    assert f"{file} is no file that can be read" in refused(f"sqlite:///{file}")


def refused(url: str) -> str:
    """The line with which `up` refuses a database."""
    run = manage("up", obeying=True, DATABASE_URL=url)
    assert run.returncode == 1
    [line] = run.stderr.splitlines()
    assert "DATABASE_URL" in line
    return line


def test_keys_in_a_file_that_cannot_be_written_are_read_and_no_day_of_use_fails_a_request(
    prepared: str, bake: Bake, tmp_path: Path
) -> None:
    source = f"sqlite:///{shutil.copy(prepared.removeprefix('sqlite:///'), tmp_path / 'source.sqlite3')}"
    issued = manage("issue_key", "clinic-apps", DATABASE_URL=source)
    with closing(sqlite3.connect(source.removeprefix("sqlite:///"))) as writer:
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with up(tmp_path / "log", obeying=True, DATABASE_URL=bake(source)) as server:
        server.until("Serving on")
        for _ in range(3):
            request = urllib.request.Request(f"http://127.0.0.1:{server.port}/v1/whoami")
            request.add_header("Authorization", f"Bearer {issued.stdout.strip()}")
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                assert json.load(answer)["partner"] == "clinic-apps"
        assert "readonly" not in server.text()
