"""A caller in; out, the policy that its requests are counted by, and whose quota they take from."""

from functools import cache
from typing import Any

from django.conf import settings

from api.keys import Caller
from api.rates.counting import Policy

WINDOW = 60  # seconds
LOGIN = Policy("login", "Logins to the admin, by client address; IPv6 by /64.", 10, WINDOW)


@cache
def _policies(anonymous: int, keyed: int) -> tuple[Policy, Policy, Policy]:
    """The policies: without a key, with one, and with one for tests."""
    return (
        Policy("anonymous", "Requests without a key, by client address; IPv6 by /64.", anonymous, WINDOW),
        Policy("keyed", "Requests with a key, all keys of a partner together.", keyed, WINDOW),
        Policy("test", "Requests with a key for tests, all such keys of a partner together.", anonymous, WINDOW),
    )


def policy_of(caller: Caller) -> Policy:
    """The policy that a caller's requests are counted by."""
    anonymous, keyed, test = _policies(settings.RATE_ANONYMOUS, settings.RATE_KEYED)
    if caller.partner is None:
        return anonymous
    return test if caller.is_test else keyed


def quota_of(caller: Caller, address: str) -> tuple[Policy, str]:
    """The policy, and whose quota of it a caller's requests take from: its partner's, else that of its address."""
    return policy_of(caller), address if caller.partner is None else caller.partner


def rates_of(caller: Caller) -> list[dict[str, Any]]:
    """The rates of a caller, as they are published."""
    return [_published(policy_of(caller))]


def published_rates() -> list[dict[str, Any]]:
    """Every rate, as it is published."""
    return [_published(policy) for policy in _policies(settings.RATE_ANONYMOUS, settings.RATE_KEYED)]


def _published(policy: Policy) -> dict[str, Any]:
    """A policy as answers have it."""
    return {"policy": policy.name, "who": policy.who, "requests": policy.requests, "seconds": policy.seconds}
