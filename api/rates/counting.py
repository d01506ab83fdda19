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
LEAST_RENEWED = 4


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
    """A window of a quota, as this process knows it."""

    ends: float  # by the process's own clock, which nobody sets
    beyond: int  # what nobody has taken, when that was last heard
    at_hand: int = 0  # borrowed and not spent
    owed: int = 0  # spent without the lender knowing
    loan: int = 0  # the size of the newest
    is_being_renewed: bool = False

    def must_ask(self, cost: int) -> bool:
        """Whether the lender must be asked before it is known that so much is left, or is not."""
        return self.at_hand < cost <= self.at_hand + self.beyond

    def is_running_low(self) -> bool:
        """Whether the next loan is to be asked for before this one is used up."""
        is_low = LEAST_RENEWED <= self.loan > 2 * self.at_hand
        return is_low and self.beyond >= SHARE and not self.is_being_renewed

    def enter(self, loan: "Loan | None", asked_at: float, paid: int) -> None:
        """Enter what the lender answered to a question of that time, which told it what was owed."""
        if loan is None:
            self.loan = 0
            return
        self.at_hand += loan.granted
        self.beyond = loan.beyond
        self.owed -= paid
        self.ends = asked_at + loan.seconds
        self.loan = loan.granted or self.loan

    def spend(self, cost: int) -> bool:
        """Take the cost from what is at hand, and what that lacks from what nobody has taken; False: too little."""
        lacking = max(cost - self.at_hand, 0)
        if lacking > self.beyond:
            return False
        self.at_hand -= cost - lacking
        self.beyond -= lacking
        self.owed += lacking
        return True


class Loan(NamedTuple):
    """What a lender grants, what nobody has taken afterwards, and the seconds that the window still lasts."""

    granted: int
    beyond: int
    seconds: float


class Lender(Protocol):
    """Counts for several processes."""

    def lend(self, policy: Policy, holder: str, owed: int, least: int, most: int) -> Loan | None:
        """A loan of the least or more, or of 0; what is owed is entered first. None: it cannot be reached."""
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
            key = policy.name, holder
            counter = self.by_holder.get(key)
            if counter is None or counter.ends <= now:
                counter = self._begun(key, policy, now)
            self.by_holder.move_to_end(key)
            left = counter.at_hand - cost
            if left >= 0 and counter.loan <= 2 * left:  # the short way, which most requests go: there is plenty at hand
                counter.at_hand = left
                return Allowance(True, policy, left + counter.beyond, math.ceil(counter.ends - now), counter)
            if self.lender is None or not counter.must_ask(cost):
                return self._spent(policy, holder, counter, cost, now)
        return self._borrowed(self.lender, policy, holder, counter, cost)

    def give_back(self, allowance: Allowance, cost: int) -> Allowance:
        """The allowance after what was taken is given back."""
        with self.lock:
            allowance.counter.at_hand += cost
        return allowance._replace(remaining=allowance.remaining + cost)

    def _begun(self, key: tuple[str, str], policy: Policy, now: float) -> Counter:
        """The counter of a window of a holder that begins. Without a lender, all of it is at hand."""
        at_hand, beyond = (policy.requests, 0) if self.lender is None else (0, policy.requests)
        counter = self.by_holder[key] = Counter(now + policy.seconds, beyond, at_hand)
        if len(self.by_holder) > self.most:
            self.by_holder.popitem(last=False)
        return counter

    def _spent(self, policy: Policy, holder: str, counter: Counter, cost: int, now: float) -> Allowance:
        """What spending comes to. Where little is left of a loan, the next is asked for in the background."""
        admitted = counter.spend(cost)
        if self.lender is not None and counter.is_running_low():
            counter.is_being_renewed = True
            self.renewals.submit(self._renew, self.lender, policy, holder, counter)
        seconds = max(math.ceil(counter.ends - now), 1)
        return Allowance(admitted, policy, counter.at_hand + counter.beyond, seconds, counter)

    def _borrowed(self, lender: Lender, policy: Policy, holder: str, counter: Counter, cost: int) -> Allowance:
        """What spending comes to where the lender must be asked first. Nobody else spends from the counter then."""
        with self.asking:
            now = self.clock()
            with self.lock:
                if not counter.must_ask(cost):  # whoever asked before has borrowed enough
                    return self._spent(policy, holder, counter, cost, now)
                held, counter.at_hand = counter.at_hand, 0
                owed = counter.owed
            loan = lender.lend(policy, holder, owed, cost - held, 2 * counter.loan)
            with self.lock:
                counter.at_hand += held
                counter.enter(loan, now, owed)
                return self._spent(policy, holder, counter, cost, now)

    def _renew(self, lender: Lender, policy: Policy, holder: str, counter: Counter) -> None:
        """Borrow before it is needed, where there is plenty."""
        with self.asking:
            now, owed = self.clock(), counter.owed
            loan = lender.lend(policy, holder, owed, 0, 2 * counter.loan)
            with self.lock:
                counter.is_being_renewed = False
                counter.enter(loan, now, owed)
