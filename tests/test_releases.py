"""Reading releases: what stands when a row is broken, the database is away or does not answer, and who waits for it."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.test import Client

from api import releases
from api.models import Area, Release
from api.publishing import RefusedError, publish
from api.releases import FrozenRelease, Reader, ReleaseNotFoundError
from api.releases.poller import PATIENCE, Poller
from api.releases.store import MOST_IN_MEMORY, Store
from tests.conftest import freeze
from tests.plans import clinic_plan, post
from tests.servers import until

TABLE = Release._meta.db_table
TIMES = 20


def overwrite(number: int, column: str, text: str) -> str:
    """What the column of a release had, which the model refuses to change."""
    before: str = getattr(Release.objects.get(number=number), column)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {TABLE} SET {column} = %s WHERE number = %s", [text, number])  # noqa: S608 - our table
    return before


def cut(payload: str) -> str:
    return payload[: len(payload) // 2]


BREAKS: dict[str, tuple[str, Any]] = {
    "cut": ("payload", cut),
    "empty": ("payload", lambda _: ""),
    "changed": ("payload", lambda payload: payload.replace('"10"', '"100"')),
    "of another release": ("payload", lambda _: Release.objects.get(number=1).payload),
    "nested too deep": ("payload", lambda _: "[" * 100_000 + "]" * 100_000),
    "no number that JSON has": ("payload", lambda _: '{"areas": NaN}'),
    "of another digest": ("digest", lambda _: "0" * 64),
}


@pytest.fixture(params=BREAKS)
def broken(request: pytest.FixtureRequest, specimen: FrozenRelease) -> Callable[[], Callable[[], str]]:
    """Breaks the newest release, 2, of which 1 is the last good one; gives what mends it again."""
    column, spoil = BREAKS[request.param]

    def spoilt() -> Callable[[], str]:
        before = overwrite(2, column, spoil(getattr(Release.objects.get(number=2), column)))
        return lambda: overwrite(2, column, before)

    return spoilt


def test_a_process_that_read_the_release_goes_on_where_its_row_breaks(
    broken: Any, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    read = client.get("/v1/session-limits").content
    freeze(3, "Broken at once", Release.objects.get(number=1).content())
    overwrite(3, "payload", "{}")
    broken()
    caplog.clear()
    for _ in range(3):
        assert client.get("/v1/session-limits").content == read
        assert post(client, clinic_plan("12")).json()["release"] == 2
        assert client.get("/v1/releases").json()["items"][-1]["number"] == 2
    told = [record.getMessage() for record in caplog.records if record.name.startswith("api.releases")]
    assert told == ["release_broken"]


def test_a_fresh_process_shows_nothing_of_a_broken_release_and_passes_no_plan(
    broken: Any, client: Client, empty_memory: None
) -> None:
    mend = broken()
    freshly_read(client, 503)
    assert client.get("/v1/areas?release=2").json()["code"] == "content_unavailable"
    assert client.get("/v1/areas?release=2").json()["code"] == "content_unavailable"  # known to be broken by now
    assert client.get("/v1/areas?release=1").status_code == 200
    assert post(client, clinic_plan("8"), "/v1/session-plans/validate?release=1").status_code == 200
    mend()
    freshly_read(client, 200)


def freshly_read(client: Client, status: int) -> None:
    """Hold every reading of the newest release to the status, in a process that has just begun."""
    releases._reader.store = Store()
    for path in ("/v1", "/v1/areas", "/v1/releases", "/v1/coverage", "/v1/session-limits/resolve", "/readyz"):
        assert client.get(path).status_code == status, path
    assert post(client, clinic_plan("8")).status_code == status


def test_a_later_release_takes_the_place_of_a_broken_one(broken: Any, client: Client) -> None:
    content = Release.objects.get(number=2).content()
    broken()
    freeze(3, "Whole again", content)
    assert client.get("/v1/areas")["Content-Release"] == "3"


@pytest.mark.django_db
def test_a_broken_release_can_be_published_again_as_it_was() -> None:
    overwrite(1, "payload", "{}")
    assert publish("As it was").content() != {}
    with pytest.raises(RefusedError, match="nothing changed since release 2"):
        publish("As it was")


@pytest.mark.django_db
def test_what_a_broken_release_told_is_let_go_by_its_name_only() -> None:
    overwrite(1, "payload", cut(Release.objects.get(number=1).payload))
    Area.objects.filter(slug="leg").update(name="Legs")
    with pytest.raises(RefusedError, match="releases/1: cannot be read by this version"):
        publish("Another name")
    assert publish("Another name", loosens=["releases/1"]).number == 2


def test_an_emptied_database_takes_nothing_from_who_has_read_it(
    specimen: FrozenRelease, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    before = client.get("/v1/areas").content
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE}")  # noqa: S608 - our own table
    assert client.get("/v1/areas").content == client.get("/v1/areas").content == before
    assert [record.getMessage() for record in caplog.records].count("nothing_published") == 1
    with pytest.raises(ReleaseNotFoundError):
        releases.pinned(1)  # which was not read, and is not there any more


def test_memory_holds_a_bounded_number_of_releases(release: FrozenRelease) -> None:
    store = Store()
    for number in range(1, 21):
        store.keep(FrozenRelease(number, release.published_at, "", "same", {}))
        assert store.kept(1, "same") is not None  # what is asked for stays
    assert sum(store.kept(number, "same") is not None for number in range(1, 21)) == MOST_IN_MEMORY
    assert store.kept(20, "same") is not None
    assert store.kept(2, "same") is None


class Database:
    """The database as a poller meets it: it answers, or is away, or is frozen. `asked` counts what it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_away = False
        self.thaw = threading.Event()
        self.thaw.set()

    def __call__(self, execute: Any, *statement: Any) -> Any:
        if threading.current_thread().name != "releases":
            return execute(*statement)
        self.asked += 1
        self.thaw.wait()
        if self.is_away:
            raise OperationalError("away")
        return execute(*statement)


@contextmanager
def polled(monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """The process learns of releases in the background, on the connection of the test."""
    database, shared = Database(), connections["default"]
    monkeypatch.setattr(connections, "create_connection", lambda alias: shared)
    monkeypatch.setattr(shared, "close_if_unusable_or_obsolete", lambda: None)  # in the midst of a transaction
    monkeypatch.setattr(releases, "_reader", Reader())
    shared.inc_thread_sharing()
    with shared.execute_wrapper(database):
        releases.poll()
        try:
            yield database
        finally:
            database.thaw.set()
            releases._reader.end()
            until(lambda: all(thread.name != "releases" for thread in threading.enumerate()))
            shared.dec_thread_sharing()


@pytest.fixture
def database(specimen: FrozenRelease, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    with polled(monkeypatch) as database:
        yield database


@contextmanager
def nobody_waiting() -> Iterator[None]:
    """Hold what is asked so many times to take less than if each had waited, however slow this machine is."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < TIMES * PATIENCE


def next_round(database: Database) -> None:
    """Return as soon as the poller has ended one more round."""
    before = database.asked
    until(lambda: database.asked >= before + 2)


def test_requests_ask_the_database_nothing(database: Database, client: Client) -> None:
    assert client.get("/v1/areas")["Content-Release"] == "2"
    database.thaw.clear()  # so that whoever asks it waits
    with nobody_waiting():
        for _ in range(TIMES):
            assert client.get("/v1/areas?release=2").status_code == client.get("/v1/releases").status_code == 200
            assert post(client, clinic_plan("12")).json()["verdict"] == "outside_limits"


def test_a_new_release_shows_by_itself_and_its_pin_at_once(database: Database, client: Client) -> None:
    content = Release.objects.get(number=1).content()
    assert client.get("/v1/areas")["Content-Release"] == "2"
    freeze(3, "As the first", content)
    assert client.get("/v1/areas?release=3")["Content-Release"] == "3"  # another process may have named it
    freeze(4, "As the second", Release.objects.get(number=2).content())
    until(lambda: client.get("/v1/areas")["Content-Release"] == "4")
    assert client.get("/v1/areas?release=5").status_code == 404


def test_a_database_that_is_away_takes_nothing_and_keeps_nobody_waiting(database: Database, client: Client) -> None:
    before = client.get("/v1/areas").content
    database.is_away = True
    next_round(database)
    with nobody_waiting():
        for _ in range(TIMES):
            assert client.get("/v1/areas").content == client.get("/v1/areas?release=2").content == before
            assert post(client, clinic_plan("12")).json()["verdict"] == "outside_limits"
            for number in (1, 9):  # not read before; not known to be none
                answer = client.get(f"/v1/areas?release={number}")
                assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    database.is_away = False
    until(lambda: client.get("/v1/areas?release=1").status_code == 200)
    assert client.get("/v1/areas?release=9").status_code == 404


def test_a_frozen_database_holds_up_one_request_for_two_seconds_and_then_none(
    database: Database, client: Client
) -> None:
    client.get("/v1/areas")
    database.thaw.clear()

    began = time.monotonic()
    assert client.get("/v1/areas?release=1").status_code == 503
    assert time.monotonic() - began >= PATIENCE
    with nobody_waiting():
        for _ in range(TIMES):
            assert client.get("/v1/areas?release=1").status_code == 503
            assert client.get("/v1/areas").status_code == 200
    database.thaw.set()
    until(lambda: client.get("/v1/areas?release=1").status_code == 200)


def test_a_process_that_begins_while_the_database_is_frozen_says_so(
    specimen: FrozenRelease, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    with polled(monkeypatch) as database:
        database.thaw.clear()
        releases.poll()
        assert client.get("/v1/areas").status_code == 503
        assert client.get("/livez").status_code == 200
        database.thaw.set()
        until(lambda: client.get("/v1/areas").status_code == 200)


class Rounds:
    """A refresh that is counted, and fails in a way that nobody foresaw; the poller that does it."""

    def __init__(self) -> None:
        self.count = 0
        self.poller = Poller(self)

    def __call__(self) -> None:
        self.count += 1
        if self.count > 2:
            self.poller.end()
        raise ZeroDivisionError


def test_what_is_not_foreseen_ends_no_poller(caplog: pytest.LogCaptureFixture) -> None:
    rounds = Rounds()
    rounds.poller.wait_for_the_first()
    with pytest.raises(KeyError):
        rounds.poller.do(lambda: BREAKS["of no kind"])
    assert rounds.poller.do(lambda: "done") == "done"
    until(lambda: rounds.count > 2)
    assert {record.getMessage() for record in caplog.records} == {"refresh_failed"}


def test_many_requests_do_not_keep_a_poller_from_its_round() -> None:
    rounds = Rounds()
    until(lambda: flooded(rounds.poller) and rounds.count > 2)


def flooded(poller: Poller) -> bool:
    with suppress(TimeoutError):  # of the one that comes last
        poller.do(time.monotonic)
    return True


def test_what_a_request_has_given_up_is_not_done() -> None:
    poller = Poller(lambda: None)
    poller.end()
    given_up: Future[None] = Future()
    assert given_up.cancel()
    done: list[str] = []
    poller._serve(given_up, lambda: done.append("it"))
    assert done == []
