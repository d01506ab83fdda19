"""Keys in memory: how old a copy may be, who waits while it is read, and what goes on while the database is away."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from threading import Event, Thread, Timer
from time import monotonic, sleep
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from api import keyring, keys
from api.keyring import KeysUnavailableError, LastUses, LiveKeys, issue, revoke
from api.keys import Caller
from api.models import Partner, PartnerKey
from tests.partners import READER, SAMPLE, stored

pytestmark = pytest.mark.django_db
DIGEST = keys.digest_of(SAMPLE)


class Clock:
    """Shows the time that it is set to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def live(clock: Clock) -> LiveKeys:
    return LiveKeys(clock=clock)


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
    assert LiveKeys().caller(keys.digest_of(text)) == Caller("clinic-apps", key.id, False, frozenset({"content"}))
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
    assert (LiveKeys().caller(DIGEST) is not None) is (state == "live")


def test_a_key_ends_by_the_clock_of_utc_and_not_when_keys_are_read(live: LiveKeys) -> None:
    stored(SAMPLE, expires_at=timezone.now() + timedelta(seconds=2))
    assert live.caller(DIGEST) is not None
    with CaptureQueriesContext(connection) as seen:
        sleep(2)
        assert live.caller(DIGEST) is None
    assert not seen.captured_queries


@pytest.mark.parametrize(("age", "questions"), [(0.0, 0), (0.99, 0), (1.0, 1), (1.5, 1), (60.0, 1)])
def test_keys_are_read_again_when_they_are_a_second_old(
    live: LiveKeys, clock: Clock, age: float, questions: int
) -> None:
    stored(SAMPLE)
    live.caller(DIGEST)
    clock.now += age
    with CaptureQueriesContext(connection) as seen:
        for _ in range(20):
            assert live.caller(DIGEST) is not None
            assert live.caller(keys.digest_of(READER)) is None
    assert len(seen.captured_queries) == questions


def test_an_old_copy_tells_nothing_of_a_revocation_for_a_second_and_a_new_one_does(
    live: LiveKeys, clock: Clock
) -> None:
    key = stored(SAMPLE)
    assert live.caller(DIGEST) is not None
    revoke(key)
    clock.now += 0.99
    assert live.caller(DIGEST) is not None
    clock.now += 0.01
    assert live.caller(DIGEST) is None


@pytest.mark.parametrize("failure", [OperationalError, InterfaceError])
def test_while_the_database_is_away_the_last_copy_goes_on_and_it_is_asked_once_a_second(
    live: LiveKeys, clock: Clock, failure: type[Exception]
) -> None:
    stored(SAMPLE)
    live.caller(DIGEST)
    with away(failure) as asked:
        for second in range(1, 4):
            clock.now += 1
            for _ in range(20):
                assert live.caller(DIGEST) is not None
                assert live.caller(keys.digest_of(READER)) is None
            assert len(asked) == second
    PartnerKey.objects.update(revoked_at=timezone.now())
    clock.now += 1
    assert live.caller(DIGEST) is None


def test_where_no_keys_were_ever_read_none_is_told_from_another(live: LiveKeys, clock: Clock) -> None:
    stored(SAMPLE)
    with away() as asked:
        for _ in range(20):
            with pytest.raises(KeysUnavailableError):
                live.caller(DIGEST)
    assert len(asked) == 1
    clock.now += 1
    assert live.caller(DIGEST) is not None


class Source:
    """Where keys are read, as a database that takes its time: whoever reads has started, and ends when it is let."""

    def __init__(self) -> None:
        self.started, self.let = Event(), Event()
        self.let.set()
        self.has: dict[str, Caller] | None = {DIGEST: CALLER}
        self.reads = 0

    def __call__(self) -> dict[str, Caller]:
        self.reads += 1
        self.started.set()
        assert self.let.wait(20)
        if self.has is None:
            raise OperationalError
        return dict(self.has)


CALLER = Caller("clinic-apps", "SampleKey1")


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def slow(source: Source, clock: Clock) -> LiveKeys:
    """Keys that were read once; whoever reads them next waits until the source lets it."""
    live = LiveKeys(source, clock)
    assert live.caller(DIGEST) == CALLER
    source.started.clear()
    source.let.clear()
    return live


@contextmanager
def beside(live: LiveKeys, source: Source, count: int = 1) -> Iterator[list[Caller | None]]:
    """Others ask for the sample key, of whom one reads; in the end the source lets it, and all have their answers."""
    answers: list[Caller | None] = []
    threads = [Thread(target=lambda: answers.append(live.caller(DIGEST))) for _ in range(count)]
    for thread in threads:
        thread.start()
    assert source.started.wait(20)
    yield answers
    source.let.set()
    for thread in threads:
        thread.join()


def test_others_go_on_with_a_young_copy_while_one_reads(
    slow: LiveKeys, source: Source, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "PATIENCE", 20)
    clock.now += 1.9
    source.has = {}
    with beside(slow, source) as answers:
        late = Timer(2, source.let.set)  # whoever waits is given the new copy
        late.start()
        assert slow.caller(DIGEST) == CALLER
        late.cancel()
    assert answers == [None]
    assert slow.caller(DIGEST) is None


def test_others_wait_with_an_old_copy_so_that_a_revocation_holds(
    slow: LiveKeys, source: Source, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "PATIENCE", 20)
    clock.now += 2
    source.has = {}
    with beside(slow, source, 4) as answers:
        sleep(0.2)
        assert answers == []
    assert answers == [None] * 4
    assert source.reads == 2


def test_who_waited_for_one_who_failed_does_not_ask_again(
    slow: LiveKeys, source: Source, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "PATIENCE", 20)
    clock.now += 2
    source.has = None
    with beside(slow, source, 4) as answers:
        sleep(0.2)
    assert answers == [CALLER] * 4
    assert source.reads == 2


def test_nobody_waits_for_long(slow: LiveKeys, source: Source, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "PATIENCE", 0.05)
    clock.now += 3600
    with beside(slow, source):
        assert slow.caller(DIGEST) == CALLER


def test_nobody_waits_for_a_database_that_is_known_to_be_away(
    slow: LiveKeys, source: Source, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "PATIENCE", 20)
    clock.now += 3600
    source.has = None
    source.let.set()
    assert slow.caller(DIGEST) == CALLER
    source.started.clear()
    source.let.clear()
    clock.now += 3600
    before = monotonic()
    with beside(slow, source):
        assert slow.caller(DIGEST) == CALLER
    assert monotonic() - before < 10


TODAY = datetime.now(UTC).date()


@pytest.mark.parametrize(
    ("before", "questions"), [(None, 1), (TODAY - timedelta(days=1), 1), (TODAY, 1), (TODAY + timedelta(days=1), 1)]
)
def test_the_day_of_the_last_use_is_told_once_and_never_goes_back(before: date | None, questions: int) -> None:
    key = stored(SAMPLE, last_used_on=before)
    uses = LastUses()
    with CaptureQueriesContext(connection) as seen:
        for _ in range(5):
            uses.tell(key.id)
    assert len(seen.captured_queries) == questions
    assert PartnerKey.objects.get().last_used_on == max(TODAY, before or TODAY)


def test_a_use_that_the_database_refuses_is_not_told_that_day() -> None:
    key = stored(SAMPLE)
    uses = LastUses()
    with away() as asked:
        for _ in range(5):
            uses.tell(key.id)
    transaction.set_rollback(False)
    uses.tell(key.id)
    assert len(asked) == 1
    assert PartnerKey.objects.get().last_used_on is None
