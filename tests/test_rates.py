"""Counting in one process: as many as a policy says in each window, of each holder, and what is told of it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import LazySettings

from api.keys import Caller
from api.rates import Counters, Policy, published_rates, quota_of, rates_of

POLICY = Policy("anonymous", "Of anybody.", 10, 60)
ME, YOU = "192.0.2.1", "192.0.2.2"


class Clock:
    """A clock that stands still until it is set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def counters(clock: Clock) -> Counters:
    return Counters(clock=clock)


def admitted(counters: Counters, times: int, holder: str = ME, policy: Policy = POLICY) -> int:
    """How many of so many requests are admitted."""
    return sum(counters.decide(policy, holder).admitted for _ in range(times))


def test_a_window_admits_as_many_as_the_policy_says(counters: Counters) -> None:
    remaining = [counters.decide(POLICY, ME).remaining for _ in range(12)]
    assert remaining == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0]
    assert admitted(counters, 5) == 0


@pytest.mark.parametrize("now", [0.1, 3.3, 1000.7, 12345.678, 98765.4321])
def test_no_more_seconds_are_told_than_a_window_has_whatever_the_clock_says(
    counters: Counters, clock: Clock, now: float
) -> None:
    for k in range(100):
        clock.now = now + k * 0.037
        assert counters.decide(POLICY, str(k)).seconds == 60


def test_a_window_begins_with_the_first_request_and_ends_after_its_seconds(counters: Counters, clock: Clock) -> None:
    assert (admitted(counters, 20), counters.decide(POLICY, ME).seconds) == (10, 60)
    clock.now += 59.5
    assert (admitted(counters, 20), counters.decide(POLICY, ME).seconds) == (0, 1)
    clock.now += 0.5
    assert (admitted(counters, 20), counters.decide(POLICY, ME).seconds) == (10, 60)
    clock.now += 1000
    assert admitted(counters, 20) == 10


def test_every_holder_and_every_policy_has_a_quota_of_its_own(counters: Counters) -> None:
    other = Policy("test", "Of others.", 3, 60)
    assert admitted(counters, 20) == 10
    assert admitted(counters, 20, YOU) == 10
    assert admitted(counters, 20, ME, other) == 3


def test_a_cost_is_taken_whole_or_not_at_all(counters: Counters) -> None:
    assert counters.decide(POLICY, ME, 8).admitted
    refused = counters.decide(POLICY, ME, 3)
    assert (refused.admitted, refused.remaining) == (False, 2)
    assert counters.decide(POLICY, ME, 2).admitted
    assert not counters.decide(POLICY, YOU, 11).admitted
    assert counters.decide(POLICY, YOU, 10).admitted


def test_what_is_given_back_is_there_again_in_its_own_window_alone(counters: Counters, clock: Clock) -> None:
    for _ in range(30):
        assert counters.give_back(counters.decide(POLICY, ME), 1).remaining == 10
    last = [counters.decide(POLICY, ME) for _ in range(10)][-1]
    clock.now += 60
    assert counters.decide(POLICY, ME).remaining == 9
    counters.give_back(last, 1)
    assert counters.decide(POLICY, ME).remaining == 8


def test_however_many_ask_no_more_counters_are_kept_and_the_least_recent_goes(clock: Clock) -> None:
    counters = Counters(most=100, clock=clock)
    assert admitted(counters, 20) == 10
    for number in range(1000):
        counters.decide(POLICY, f"2001:db8:{number:x}::/64")
        assert not counters.decide(POLICY, ME).admitted
    assert len(counters.by_holder) == 100
    for number in range(100):
        counters.decide(POLICY, str(number))
    assert counters.decide(POLICY, ME).admitted


def test_threads_are_admitted_no_more_than_the_policy_says(clock: Clock) -> None:
    counters = Counters(clock=clock)
    policy = Policy("anonymous", "Of anybody.", 5000, 60)
    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(lambda _: admitted(counters, 1000, policy=policy), range(16))) == 5000


def test_headers_say_the_policy_and_what_remains_as_the_draft_has_it(counters: Counters, clock: Clock) -> None:
    counters.decide(POLICY, ME)
    clock.now += 17.2
    assert counters.decide(POLICY, ME).headers() == {
        "RateLimit-Policy": '"anonymous";q=10;w=60',
        "RateLimit": '"anonymous";r=8;t=43',
    }


def test_who_is_counted_by_what(settings: LazySettings) -> None:
    settings.RATE_ANONYMOUS, settings.RATE_KEYED = 7, 70
    anonymous, keyed = Caller(), Caller(partner="clinic", key="a")
    another, test = Caller(partner="clinic", key="b"), Caller(partner="clinic", key="c", is_test=True)
    told = {
        caller: (policy.name, policy.requests, holder)
        for caller in (anonymous, keyed, another, test)
        for policy, holder in [quota_of(caller, ME)]
    }
    assert told == {
        anonymous: ("anonymous", 7, ME),
        keyed: ("keyed", 70, "clinic"),
        another: ("keyed", 70, "clinic"),
        test: ("test", 7, "clinic"),
    }


def test_rates_are_published_all_of_them_and_a_caller_s_own(settings: LazySettings) -> None:
    settings.RATE_ANONYMOUS, settings.RATE_KEYED = 7, 70
    every = published_rates()
    assert [(rate["policy"], rate["requests"], rate["seconds"]) for rate in every] == [
        ("anonymous", 7, 60),
        ("keyed", 70, 60),
        ("test", 7, 60),
    ]
    callers = (Caller(), Caller(partner="clinic"), Caller(partner="clinic", is_test=True))
    assert [rates_of(caller) for caller in callers] == [[rate] for rate in every]
