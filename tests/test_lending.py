"""Counting for several processes in a real Valkey: exact while it answers, and hardly waited for where it does not."""

import logging
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from threading import Thread
from typing import Any

import pytest
from django.conf import LazySettings
from django.http import HttpResponse
from django.test import RequestFactory

from api.admission import Admission
from api.rates import Counters, Policy
from api.rates.counting import LEAST_RENEWED, SHARE, Counter
from api.rates.lending import SECONDS_BETWEEN_TRIES, SLICES, SharedCounts
from tests.valkeys import Cache, cache

POLICY = Policy("anonymous", "Of anybody.", 2000, 60)
ME = "192.0.2.1"
SECRETS = (f"secret {number}" for number in count())
PATIENCE = 10


@pytest.fixture(scope="module")
def server() -> Iterator[Cache]:
    with cache() as running:
        yield running


def until(holds: Callable[[], object]) -> None:
    """Return as soon as it holds."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def processes(url: str, many: int) -> list[Counters]:
    """Counters as so many processes have them, which share a cache and a secret that nobody had before."""
    secret = next(SECRETS)
    lenders = [SharedCounts(url, secret) for _ in range(many)]
    until(lambda: all(lender.is_reached for lender in lenders))
    return [Counters(lender) for lender in lenders]


def reached(counters: Counters) -> bool:
    """Whether the cache is known to answer."""
    assert isinstance(counters.lender, SharedCounts)
    return counters.lender.is_reached


def asked(server: Cache) -> int:
    """How often it was asked for a loan."""
    told: Any = server.client.info("commandstats")
    return int(told["cmdstat_evalsha"]["calls"])


def admitted(counters: Counters, times: int, holder: str = ME, policy: Policy = POLICY) -> int:
    """How many of so many requests are admitted."""
    return sum(counters.decide(policy, holder).admitted for _ in range(times))


def test_processes_together_admit_exactly_as_many_as_the_policy_says(server: Cache) -> None:
    every = processes(server.url, 4) * 4
    with ThreadPoolExecutor(len(every)) as pool:
        told = [*pool.map(lambda counters: admitted(counters, 1000), every)]
    assert sum(told) == POLICY.requests
    assert not any(counters.decide(POLICY, ME).admitted for counters in every)


def test_few_requests_wait_for_the_cache(server: Cache) -> None:
    [one] = processes(server.url, 1)
    before = asked(server)
    assert admitted(one, POLICY.requests + 100) == POLICY.requests
    assert asked(server) - before < POLICY.requests / 5


def test_a_process_that_is_asked_no_more_holds_little_back(server: Cache) -> None:
    once, often, other = processes(server.url, 3)
    assert admitted(once, 1) == 1
    assert admitted(other, 100) == 100
    told = 1 + 100 + admitted(often, 3000)
    assert POLICY.requests - 2 * POLICY.requests / SHARE <= told <= POLICY.requests
    assert told + admitted(once, 1000) + admitted(other, 1000) == POLICY.requests


def test_the_last_requests_are_counted_one_by_one(server: Cache) -> None:
    few = Policy("anonymous", "Of anybody.", 5, 60)
    one, other = processes(server.url, 2)
    turns = [each.decide(few, ME).admitted for _ in range(4) for each in (one, other)]
    assert turns == [True] * 5 + [False] * 3


def test_a_cost_is_taken_whole_or_not_at_all(server: Cache) -> None:
    few = Policy("anonymous", "Of anybody.", 100, 60)
    one, other = processes(server.url, 2)
    assert admitted(one, 3, policy=few) == 3
    assert one.decide(few, ME, 60).admitted
    refused = other.decide(few, ME, 60)
    assert (refused.admitted, refused.remaining > 30) == (False, True)
    assert other.decide(few, ME, 30).admitted


def test_what_is_at_hand_counts_where_more_is_asked_for(server: Cache) -> None:
    [one] = processes(server.url, 1)
    assert admitted(one, 2) == 2
    assert one.by_holder["anonymous", ME].at_hand == 1
    assert one.decide(POLICY, ME, 600).admitted
    assert admitted(one, 2000) == 1398


def test_a_loan_is_renewed_before_it_is_used_up(server: Cache) -> None:
    [one] = processes(server.url, 1)
    for _ in range(200):
        counter = one.decide(POLICY, ME).counter
        until(partial(has_enough, counter))
    assert counter.loan > LEAST_RENEWED


def has_enough(counter: Counter) -> bool:
    """Whether a counter need not be renewed."""
    return counter.loan < LEAST_RENEWED or 2 * counter.at_hand >= counter.loan


def test_what_is_given_back_is_there_for_its_process(server: Cache) -> None:
    few = Policy("anonymous", "Of anybody.", 5, 60)
    one, other = processes(server.url, 2)
    for _ in range(20):
        one.give_back(one.decide(few, ME), 1)
    assert admitted(other, 10, policy=few) + admitted(one, 10, policy=few) == 5


def test_a_window_ends_for_all_by_the_clock_of_the_server(server: Cache) -> None:
    short = Policy("anonymous", "Of anybody.", 100, 1)
    one, other = processes(server.url, 2)
    began = time.monotonic()
    assert admitted(one, 50, policy=short) + admitted(other, 200, policy=short) <= 100
    time.sleep(1.1)
    assert admitted(one, 200, policy=short) + admitted(other, 200, policy=short) >= 100
    assert admitted(one, 200, policy=short) + admitted(other, 200, policy=short) <= 100 * (time.monotonic() - began)


def test_a_window_that_a_jump_of_the_clock_made_longer_begins_anew(server: Cache) -> None:
    one, other = processes(server.url, 2)
    assert admitted(one, 3000) == POLICY.requests
    for key in server.client.scan_iter("sclero:rate:*"):
        server.client.pexpire(key, 3_600_000)
    allowance = other.decide(POLICY, ME)
    assert (allowance.admitted, allowance.seconds) == (True, 60)


def test_the_cache_is_told_of_nobody(server: Cache) -> None:
    one, other = processes(server.url, 2)
    server.client.flushdb()
    one.decide(POLICY, ME)
    [key] = (key.decode() for key in server.client.scan_iter())
    assert ME not in key
    assert len(key) < 50
    other.decide(POLICY, ME)
    assert [*server.client.scan_iter()] == [key.encode()]
    assert server.client.ttl(key) in range(61)
    processes(server.url, 1)[0].decide(POLICY, ME)  # of another secret
    assert len([*server.client.scan_iter("sclero:rate:*")]) == 3  # its own, and the one that it is tried by


def test_a_frozen_cache_stalls_one_request_for_a_moment_and_no_other(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with cache() as own:
        [one] = processes(own.url, 1)
        one.decide(POLICY, ME)
        own.freeze()
        waits = waits_of(one, 500)
        stalled = [wait for wait in waits if wait > sum(SLICES) / 2]
        assert len(stalled) == 1
        assert stalled[0] < 4 * sum(SLICES)
        assert admitted(one, 3000) <= POLICY.requests
        until(lambda: "cache_away" in caplog.text)
        assert max(waits_of(one, 100)) < sum(SLICES)
        own.thaw()
        until(lambda: reached(one))
    told = [record.getMessage() for record in caplog.records if record.name == "api.rates.lending"]
    assert told[-2:] == [
        "cache_away",
        "cache_reached",
    ]


def waits_of(counters: Counters, times: int) -> list[float]:
    """How long each of so many requests of new clients waits, all of which are admitted."""
    waits = []
    for number in range(times):
        began = time.perf_counter()
        assert counters.decide(POLICY, f"{number}").admitted
        waits.append(time.perf_counter() - began)
    return waits


def test_an_answer_that_is_late_is_waited_for_by_nobody_and_brings_the_cache_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with cache() as own:
        [one] = processes(own.url, 1)
        own.freeze()
        assert admitted(one, 300) == 300
        own.thaw()
        until(lambda: reached(one))
        assert one.decide(POLICY, ME).remaining == POLICY.requests - 301
    assert "cache_away" not in caplog.text


def test_a_cache_that_is_always_late_is_gone_without(server: Cache) -> None:
    with delayed(server.port, 2 * sum(SLICES)) as port:
        one = Counters(SharedCounts(f"redis://127.0.0.1:{port}/0", next(SECRETS)))
        end = time.monotonic() + 4 * SECONDS_BETWEEN_TRIES
        while time.monotonic() < end:
            assert waits_of(one, 1)[0] < sum(SLICES)
            time.sleep(0.01)
        assert admitted(one, 3000) == POLICY.requests


@contextmanager
def delayed(port: int, seconds: float) -> Iterator[int]:
    """A port on which all that is sent to another, and comes back, takes so long."""

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                time.sleep(seconds)
                target.sendall(data)

    def accept() -> None:
        with suppress(OSError):
            while True:
                near, far = listener.accept()[0], socket.create_connection(("127.0.0.1", port))
                open_ones.extend((near, far))
                for pair in ((near, far), (far, near)):
                    Thread(target=pass_on, args=pair, daemon=True).start()

    open_ones: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        for each in (listener, *open_ones):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def test_a_process_that_went_on_by_itself_pays_what_it_owes() -> None:
    with cache() as own:
        one, other = processes(own.url, 2)
        own.kill()
        assert admitted(one, 300) == 300
        assert not reached(one)
        assert admitted(one, 3000, "192.0.2.2") == POLICY.requests
        own.start()
        until(lambda: reached(one))
        assert admitted(one, 1) == 1
        other.decide(POLICY, "192.0.2.3")  # which tells it that its connection is gone
        until(lambda: reached(other))
        told = admitted(other, 3000)
        assert POLICY.requests - 301 - POLICY.requests / SHARE <= told <= POLICY.requests - 301


def test_a_cache_that_forgot_everything_is_told_again(server: Cache) -> None:
    one, other = processes(server.url, 2)
    told = admitted(one, 150) + admitted(other, 150)
    server.client.flushdb()
    untold = other.by_holder["anonymous", ME].held  # until it asks again
    told += sum(admitted(counters, 2000) for counters in (one, other))
    assert POLICY.requests <= told <= POLICY.requests + untold
    assert not one.decide(POLICY, ME).admitted
    assert not other.decide(POLICY, ME).admitted


def test_one_process_keeps_its_count_though_the_cache_forgets(server: Cache) -> None:
    [one] = processes(server.url, 1)
    told = 0
    for _ in range(10):
        told += admitted(one, 150)
        server.client.flushdb()
    assert told + admitted(one, 2000) == POLICY.requests


def test_what_fits_waits_for_another_that_borrows(server: Cache) -> None:
    counter = Counter(ends=1060.0, beyond=2, reserved=10)
    assert counter.must_ask(5)
    counter.reserved, counter.at_hand = 0, 10
    assert not counter.must_ask(5)


def test_a_renewal_that_comes_when_its_window_is_over_asks_for_nothing(server: Cache) -> None:
    short = Policy("anonymous", "Of anybody.", 1000, 1)
    [one] = processes(server.url, 1)
    assert isinstance(one.lender, SharedCounts)
    with one.asking:  # so that what is renewed has to wait
        counter = one.by_holder["anonymous", ME] = Counter(one.clock() + 1, 900, at_hand=8, loan=16)
        assert one.decide(short, ME).counter is counter
        assert counter.is_being_renewed
        time.sleep(1.1)
    one.renewals.shutdown()
    assert (counter.at_hand, counter.ends <= one.clock()) == (7, True)


def test_what_was_used_up_stays_so_without_the_cache() -> None:
    with cache() as own:
        [one] = processes(own.url, 1)
        assert admitted(one, 3000) == POLICY.requests
        own.kill()
        assert admitted(one, 100) == 0
        assert admitted(one, 3000, "192.0.2.2") == POLICY.requests


def test_a_cache_that_never_was_and_one_that_is_something_else_are_gone_without(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for url in ("redis://127.0.0.1:1/0", "redis://u:hush@127.0.0.1:1/0", "redis://no-such-host.invalid/0"):
        one = Counters(SharedCounts(url, "secret"))
        assert admitted(one, 3000) == POLICY.requests
        until(lambda: any("cache_away" in record.getMessage() for record in caplog.records))
        assert "hush" not in caplog.text
        caplog.clear()


@pytest.mark.parametrize(
    ("harm", "repair"),
    [
        (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")),
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
        (("SCRIPT", "FLUSH"), ("PING",)),
        (("CLIENT", "KILL", "SKIPME", "yes"), ("PING",)),
    ],
    ids=["full", "a replica", "without scripts", "cut off"],
)
def test_a_cache_that_cannot_count_is_gone_without_until_it_can(harm: tuple[str, ...], repair: tuple[str, ...]) -> None:
    with cache() as own:
        [one] = processes(own.url, 1)
        own.command(*harm)
        assert admitted(one, 100) == 100
        own.command(*repair)
        until(lambda: reached(one))
        assert admitted(one, 3000) == POLICY.requests - 100


def test_the_service_counts_in_the_cache_that_its_settings_name(settings: LazySettings, server: Cache) -> None:
    settings.CACHE_URL, settings.SECRET_KEY, settings.RATE_ANONYMOUS = server.url, next(SECRETS), 5
    both = [Admission(lambda request: HttpResponse()) for _ in range(2)]
    until(lambda: all(reached(each.counters) for each in both))
    told = [each(RequestFactory().get("/v1/areas")).status_code for _ in range(5) for each in both]
    assert told == [200] * 5 + [429] * 5
