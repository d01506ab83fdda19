"""Preparing a database: once, by one process at a time; and what is said where it is not prepared."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from django.core.management.base import CommandError
from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from api.management import preparing
from api.management.commands.runserver import Command as RunServer
from api.management.preparing import alone, prepare
from sclero_service.database import from_url
from tests.postgres import started


@pytest.mark.django_db
def test_what_is_published_is_left_as_it_is() -> None:
    lines: list[str] = []
    prepare(lines.append)
    assert lines == ["Release 1 is published"]


@pytest.mark.usefixtures("nothing_published")
def test_what_is_missing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "unapplied", lambda: ["api.0001"])
    lines: list[str] = []
    prepare(lines.append)
    assert [line for line in lines if not line.startswith(" ")] == [
        "Migrating the database",
        "Loading the packaged content",
        "Publishing it",
    ]
    assert preparing.newest() is not None


@pytest.mark.usefixtures("nothing_published")
def test_a_database_that_takes_nothing_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise DatabaseError("read\nonly")

    monkeypatch.setattr(preparing, "load_content", refuse)
    with pytest.raises(CommandError, match=r"^DATABASE_URL: the database lacks a release .*\(read only\).*written\.$"):
        prepare(lambda _: None)


@pytest.fixture(params=["sqlite", "postgres"])
def to_the_same(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], BaseDatabaseWrapper]:
    """Makes connections to one database of its own."""
    url = f"sqlite:///{tmp_path / 'x'}" if request.param == "sqlite" else started(request.addfinalizer)
    return lambda: ConnectionHandler({"default": from_url(url)})["default"]


@pytest.mark.django_db
def test_whoever_comes_second_waits(
    to_the_same: Callable[[], BaseDatabaseWrapper], monkeypatch: pytest.MonkeyPatch
) -> None:
    order = []
    asked = Event()

    def second() -> None:
        asked.set()
        with alone():
            order.append("second")

    monkeypatch.setattr(preparing, "connection", to_the_same())
    with ThreadPoolExecutor(1) as pool:
        with alone():
            waiting = pool.submit(second)
            asked.wait()
            with pytest.raises(TimeoutError):  # however slow this machine is
                waiting.result(timeout=0.5)
            order.append("first")
        waiting.result()
    assert order == ["first", "second"]


def heard_by_runserver() -> str:
    heard = io.StringIO()
    RunServer(stderr=heard, no_color=True).check_migrations()
    return heard.getvalue()


@pytest.mark.django_db
def test_runserver_says_nothing_where_there_is_a_release() -> None:
    assert heard_by_runserver() == ""


@pytest.mark.usefixtures("nothing_published")
def test_runserver_says_what_to_do_where_nothing_is_published(monkeypatch: pytest.MonkeyPatch) -> None:
    line = "The database lacks {}: run `manage.py up`, which makes what is missing and serves.\n"
    assert heard_by_runserver() == line.format("a release")
    monkeypatch.setattr("api.management.commands.runserver.unapplied", lambda: ["api.0001"])
    assert heard_by_runserver() == line.format("migrations")


def test_runserver_says_why_the_database_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise DatabaseError("connection\nrefused")

    monkeypatch.setattr("api.management.commands.runserver.unapplied", refuse)
    assert heard_by_runserver() == "DATABASE_URL: connection refused\n"
