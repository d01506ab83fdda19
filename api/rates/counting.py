"""A policy, whose quota it is, and what a request costs in; out, whether it is admitted, and what is left.

Standard library only, so that whatever answers requests can ask. A quota's window begins with the first request of its
holder. Without a lender, each process counts for itself. With one, a process borrows requests in advance, so that few
requests wait for it; where the lender cannot be reached, the process goes on by itself, and owes what it spent.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import NamedTuple, Protocol

MOST_COUNTERS = 100_000
# A loan is at most this share of what nobody has taken: what a process borrows and does not use is lost to the others.
SHARE = 64
# A loan of this size or more is renewed in the background, before it is used up.
LEAST_RENEWED = 2


@dataclass(frozen=True)
class Policy:
    """So many requests in so many seconds; `who` says of whom, for people."""

    name: str
    who: str
    requests: int
    seconds: int

    @cached_property
    def as_header(self) -> str:
        """As `RateLimit-Policy` has it."""
        return f'"{self.name}";q={self.requests};w={self.seconds}'


@dataclass(slots=True)
class Counter:
    """A window of a quota, as this process knows it.

    Example: of 100 requests, other processes have 40, and this one has spent 9 and borrowed 3 more: `spent` is 9,
    `at_hand` 3, and `beyond` 48.
    """

    ends: float  # by the process's own clock, which nobody sets
    beyond: int  # what no process has, when that was last heard
    at_hand: int = 0  # borrowed and not spent
    spent: int = 0
    reserved: int = 0  # of what was at hand, for a request that waits for more
    loan: int = 0  # the size of the newest
    is_being_renewed: bool = False

    @property
    def held(self) -> int:
        """All of the window that this process has."""
        return self.spent + self.at_hand + self.reserved

    def must_ask(self, cost: int) -> bool:
        """Whether only the lender can tell if so much is left."""
        return self.at_hand < cost and (self.reserved > 0 or cost <= self.at_hand + self.beyond)

    def is_running_low(self) -> bool:
        """Whether the next loan is to be asked for before this one is used up."""
        is_low = LEAST_RENEWED <= self.loan > 2 * self.at_hand
        return is_low and self.beyond >= SHARE and not self.is_being_renewed

    def enter(self, loan: "Loan | None", asked_at: float) -> None:
        """Enter what the lender answered to a question of that time; None: nothing."""
        if loan is None:
            self.loan = 0
            return
        self.at_hand += loan.granted
        self.beyond = loan.beyond
        self.ends = asked_at + loan.seconds
        self.loan = loan.granted or self.loan

    def spend(self, cost: int) -> bool:
        """Spend what is at hand, and what that lacks of what no process has; False: too little."""
        lacking = max(cost - self.at_hand, 0)
        if lacking > self.beyond:
            return False
        self.at_hand -= cost - lacking
        self.beyond -= lacking
        self.spent += cost
        return True

    def unspend(self, cost: int) -> None:
        """Have what was spent at hand again."""
        self.spent -= cost
        self.at_hand += cost


class Loan(NamedTuple):
    """What a lender grants, what no process has afterwards, and the seconds that the window still lasts."""

    granted: int
    beyond: int
    seconds: float


class Lender(Protocol):
    """Counts for several processes."""

    def lend(self, policy: Policy, holder: str, held: int, least: int, most: int) -> Loan | None:
        """A loan of the least or more, or of 0, beside what the process holds already. None: it cannot be reached.

        To ask twice does no harm, nor that an answer is lost: what a process holds is told, not added up.
        """
        ...


class Allowance(NamedTuple):
    """Whether a request is admitted, by which policy, what remains, and in how many seconds the window ends."""

    admitted: bool
    policy: Policy
    remaining: int
    seconds: int
    counter: Counter

    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers has it."""
        return {"RateLimit-Policy": self.policy.as_header, "RateLimit": self.as_header()}

    def as_header(self) -> str:
        """As `RateLimit` has it."""
        return f'"{self.policy.name}";r={self.remaining};t={self.seconds}'


class Counters:
    """The counters of a process; those least recently used are dropped first."""

    def __init__(
        self, lender: Lender | None = None, most: int = MOST_COUNTERS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.lender = lender
        self.most = most
        self.clock = clock
        self.by_holder: OrderedDict[tuple[str, str], Counter] = OrderedDict()
        self.lock = Lock()  # held for as long as numbers are changed
        self.asking = Lock()  # held for as long as the lender is asked, one question at a time
        self.renewals = ThreadPoolExecutor(1, "rates")

    def decide(self, policy: Policy, holder: str, cost: int = 1) -> Allowance:
        """Whether a request of that cost is admitted; what it costs is taken."""
        now = self.clock()
        with self.lock:
            counter = self._counter(policy, holder, now)
            left = counter.at_hand - cost
            if left >= 0 and counter.loan <= 2 * left:  # the short way, which most requests go: there is plenty at hand
                counter.at_hand = left
                counter.spent += cost
                return Allowance(True, policy, left + counter.beyond, _seconds(policy, counter, now), counter)
            if self.lender is None or not counter.must_ask(cost):
                return self._spent(policy, holder, counter, cost, now)
        return self._borrowed(self.lender, policy, holder, cost)

    def give_back(self, allowance: Allowance, cost: int) -> Allowance:
        """The allowance after what was taken is given back."""
        with self.lock:
            allowance.counter.unspend(cost)
        return allowance._replace(remaining=allowance.remaining + cost)

    def _counter(self, policy: Policy, holder: str, now: float) -> Counter:
        """The counter of a holder's window. Of one that begins, all is at hand where there is no lender."""
        key = policy.name, holder
        counter = self.by_holder.get(key)
        if counter is None or counter.ends <= now:
            at_hand, beyond = (policy.requests, 0) if self.lender is None else (0, policy.requests)
            counter = self.by_holder[key] = Counter(now + policy.seconds, beyond, at_hand)
            if len(self.by_holder) > self.most:
                self.by_holder.popitem(last=False)
        self.by_holder.move_to_end(key)
        return counter

    def _spent(self, policy: Policy, holder: str, counter: Counter, cost: int, now: float) -> Allowance:
        """What spending comes to. Where little is left of a loan, the next is asked for in the background."""
        admitted = counter.spend(cost)
        if self.lender is not None and counter.is_running_low():
            counter.is_being_renewed = True
            self.renewals.submit(self._renew, self.lender, policy, holder, counter)
        return Allowance(admitted, policy, counter.at_hand + counter.beyond, _seconds(policy, counter, now), counter)

    def _borrowed(self, lender: Lender, policy: Policy, holder: str, cost: int) -> Allowance:
        """What spending comes to where the lender must be asked first. What is at hand is kept for this request."""
        with self.asking:
            now = self.clock()
            with self.lock:
                counter = self._counter(policy, holder, now)  # the window may have ended while another asked
                if not counter.must_ask(cost):  # or that one has borrowed enough
                    return self._spent(policy, holder, counter, cost, now)
                counter.reserved, counter.at_hand = counter.at_hand, 0
                held, least, most = counter.held, cost - counter.reserved, 2 * counter.loan
            loan = lender.lend(policy, holder, held, least, most)
            with self.lock:
                counter.at_hand += counter.reserved
                counter.reserved = 0
                counter.enter(loan, now)
                return self._spent(policy, holder, counter, cost, now)

    def _renew(self, lender: Lender, policy: Policy, holder: str, counter: Counter) -> None:
        """Borrow before it is needed, where there is plenty. What a window had is nothing to the next."""
        with self.asking:
            now = self.clock()
            if counter.ends <= now:
                return
            loan = lender.lend(policy, holder, counter.held, 0, 2 * counter.loan)
            with self.lock:
                counter.is_being_renewed = False
                counter.enter(loan, now)


def _seconds(policy: Policy, counter: Counter, now: float) -> int:
    """The seconds until a window ends: at least one, and no more than it has, which a sum of floats may be by 1e-8."""
    return max(1, min(math.ceil(counter.ends - now), policy.seconds))
