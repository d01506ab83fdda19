"""A request in; what it takes of its caller's quota, or its refusal, out."""

from typing import Any

from api.rates.counting import Allowance, Counters, Policy


class RateLimitedError(Exception):
    """A request that its caller's quota does not admit, with words for the caller."""

    def __init__(self, allowance: Allowance, cost: int, spent: int = 0) -> None:
        policy = allowance.policy
        rate = f"{policy.requests} requests in {policy.seconds} seconds"
        if cost > policy.requests:
            detail = f"This counts as {cost} requests, and at most {rate} are taken: send fewer plans at once."
        elif cost > 1:
            detail = f"This counts as {cost} requests, and of {rate} {allowance.remaining + spent} were left."
        else:
            detail = f"At most {rate} are taken."
        super().__init__(detail)
        self.detail = detail
        # What costs more than a window has is never admitted, however long a client waits.
        self.headers = {} if cost > policy.requests else {"Retry-After": str(allowance.seconds)}


class Account:
    """What a request takes of a holder's quota: one, where that is admitted, and more where it is charged."""

    def __init__(self, counters: Counters, policy: Policy, holder: str) -> None:
        self.counters = counters
        self.policy = policy
        self.holder = holder
        self.allowance = counters.decide(policy, holder)
        self.spent = 1

    def charge(self, cost: int) -> None:
        """Make the request cost as much as that in all.

        Raises:
            RateLimitedError: not enough remains. What it cost before stays spent, for having been read.
        """
        self.allowance = self.counters.decide(self.policy, self.holder, cost - self.spent)
        if not self.allowance.admitted:
            raise RateLimitedError(self.allowance, cost, self.spent)
        self.spent = cost

    def give_back(self) -> None:
        """Let the request cost nothing."""
        self.allowance = self.counters.give_back(self.allowance, self.spent)


def account_of(request: Any) -> Account:
    """The account of a request that is counted."""
    account: Account = request.account
    return account
