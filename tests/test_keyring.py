"""Keys in memory: read and written in the background, whatever becomes of the database meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from threading import Event
from time import sleep
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from api import keys
from api.keyring import Keyring, KeysUnavailableError, issue, revoke, write_use
from api.keys import Caller
from api.models import Partner, PartnerKey
from tests.partners import SAMPLE, stored
from tests.servers import until

pytestmark = pytest.mark.django_db
DIGEST = keys.digest_of(SAMPLE)
CALLER = Caller("clinic-apps", "SampleKey1")
TODAY = datetime.now(UTC).date()


@contextmanager
def away(failure: type[Exception] = OperationalError) -> Iterator[list[str]]:
    """The database fails; gives what it was asked."""
    asked: list[str] = []

    def refuse(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        raise failure("the database is away")

    with connection.execute_wrapper(refuse):
        yield asked


def test_a_new_key_is_written_by_its_digest_and_nothing_else_of_it() -> None:
    key = PartnerKey(partner=Partner.objects.create(slug="clinic-apps"), scopes="content")
    text = issue(key)
    assert Keyring().caller(keys.digest_of(text)) == Caller("clinic-apps", key.id, False, frozenset({"content"}))
    row = PartnerKey.objects.values().get()
    assert row["id"] == keys.id_of(text)
    assert not any(text[19:] in str(value) for value in row.values())


@pytest.mark.parametrize(
    "wrong",
    [{"scopes": "banana"}, {"scopes": ""}, {"expires_at": timezone.now() - timedelta(seconds=1)}],
    ids=["unknown", "none", "past"],
)
def test_a_key_that_may_not_be_is_not_issued(wrong: dict[str, Any]) -> None:
    partner = Partner.objects.create(slug="clinic-apps")
    with pytest.raises(ValidationError):
        issue(PartnerKey(partner=partner, **{"scopes": "content", **wrong}))
    assert not PartnerKey.objects.exists()


def test_a_key_is_revoked_once() -> None:
    key = stored(SAMPLE)
    assert revoke(key)
    at = PartnerKey.objects.get().revoked_at
    assert not revoke(key)
    assert PartnerKey.objects.get().revoked_at == at


@pytest.mark.parametrize(
    ("columns", "state"),
    [
        ({}, "live"),
        ({"expires_at": "2100-01-01"}, "live"),
        ({"expires_at": "2026-01-02"}, "expired"),
        ({"revoked_at": "2026-01-02"}, "revoked"),
        ({"expires_at": "2026-01-02", "revoked_at": "2026-01-03"}, "revoked"),
    ],
)
def test_a_key_is_live_expired_or_revoked(columns: dict[str, str], state: str) -> None:
    days: dict[str, Any] = {name: datetime.fromisoformat(day).replace(tzinfo=UTC) for name, day in columns.items()}
    key = stored(SAMPLE, created_at=datetime(2026, 1, 1, tzinfo=UTC), **days)
    assert key.state(timezone.now()) == state
    assert (Keyring().caller(DIGEST) is not None) is (state == "live")


class Source:
    """Where keys are read and days written, as a database does it: it takes its time, or fails, where it is told to."""

    def __init__(self) -> None:
        self.has = {DIGEST: CALLER}
        self.failure: type[Exception] | None = None
        self.let = Event()
        self.let.set()
        self.reads = 0
        self.days: list[tuple[str, date]] = []

    def read(self) -> dict[str, Caller]:
        """The live keys."""
        self.reads += 1
        assert self.let.wait(60)
        if self.failure:
            raise self.failure
        return dict(self.has)

    def write(self, key: str, day: date) -> None:
        """Take the day of a key."""
        if self.failure:
            raise self.failure
        self.days.append((key, day))


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def ring(source: Source) -> Iterator[Keyring]:
    """Keys as a process has them that serves."""
    ring = Keyring(source.read, source.write)
    ring.poll()
    yield ring
    source.let.set()
    ring.end()


def next_round(source: Source) -> None:
    """Return as soon as keys were read once more, from the beginning."""
    before = source.reads
    until(lambda: source.reads >= before + 2)


def test_a_key_ends_by_the_clock_of_utc_and_not_when_keys_are_read(source: Source) -> None:
    source.has = {DIGEST: Caller("clinic-apps", "SampleKey1", expires_at=timezone.now() + timedelta(seconds=1))}
    ring = Keyring(source.read, source.write)
    assert ring.caller(DIGEST) is not None
    sleep(1)
    assert ring.caller(DIGEST) is None


def test_a_revocation_and_a_new_key_are_learned_of_in_the_background(source: Source, ring: Keyring) -> None:
    assert ring.caller(DIGEST) == CALLER
    source.has = {"another": CALLER}
    until(lambda: ring.caller(DIGEST) is None)
    assert ring.caller("another") == CALLER


def test_no_request_waits_while_the_database_is_frozen(source: Source, ring: Keyring) -> None:
    assert ring.caller(DIGEST) == CALLER
    source.let.clear()
    before = source.reads
    until(lambda: source.reads > before)  # it is asked, and says nothing until the end
    for _ in range(100):
        assert ring.caller(DIGEST) == CALLER
        ring.note_use("SampleKey1")


@pytest.mark.parametrize("failure", [OperationalError, InterfaceError])
def test_while_the_database_is_away_the_last_copy_goes_on(
    source: Source, ring: Keyring, failure: type[Exception]
) -> None:
    assert ring.caller(DIGEST) == CALLER
    source.failure = failure
    next_round(source)
    assert ring.caller(DIGEST) == CALLER
    source.has, source.failure = {}, None
    until(lambda: ring.caller(DIGEST) is None)


def test_where_no_keys_were_ever_read_none_is_told_from_another(source: Source) -> None:
    source.failure = OperationalError
    ring = Keyring(source.read, source.write)
    ring.poll()
    with pytest.raises(KeysUnavailableError):
        ring.caller(DIGEST)
    source.failure = None
    next_round(source)
    assert ring.caller(DIGEST) == CALLER
    ring.end()


def test_a_process_that_does_not_serve_asks_each_time(source: Source) -> None:
    ring = Keyring(source.read, source.write)
    ring.end()  # which ends nothing
    for number in range(1, 4):
        assert ring.caller(DIGEST) == CALLER
        assert source.reads == number


@pytest.mark.parametrize("before", [None, TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=1)])
def test_the_day_of_the_last_use_never_goes_back(before: date | None) -> None:
    key = stored(SAMPLE, last_used_on=before)
    write_use(key.id, TODAY)
    assert PartnerKey.objects.get().last_used_on == max(TODAY, before or TODAY)


def test_a_day_is_written_once(source: Source, ring: Keyring) -> None:
    for _ in range(5):
        ring.note_use("SampleKey1")
    next_round(source)
    next_round(source)
    assert source.days == [("SampleKey1", TODAY)]


def test_a_day_that_the_database_refuses_is_written_later(source: Source, ring: Keyring) -> None:
    source.failure = OperationalError
    ring.note_use("SampleKey1")
    next_round(source)
    assert source.days == []
    source.failure = None
    until(lambda: source.days == [("SampleKey1", TODAY)])


def test_a_use_that_the_database_refuses_fails_nothing() -> None:
    key = stored(SAMPLE)
    ring = Keyring()
    with away():
        ring.note_use(key.id)
    transaction.set_rollback(False)
    ring.note_use(key.id)
    assert PartnerKey.objects.get().last_used_on == TODAY
