"""Rates: a caller and what a request costs in; out, whether it is admitted, and what is left of the caller's quota."""

from api.rates.accounts import Account, RateLimitedError, account_of
from api.rates.counting import Allowance, Counters, Lender, Policy
from api.rates.policies import LOGIN, policy_of, published_rates, quota_of, rates_of

__all__ = [
    "LOGIN",
    "Account",
    "Allowance",
    "Counters",
    "Lender",
    "Policy",
    "RateLimitedError",
    "account_of",
    "policy_of",
    "published_rates",
    "quota_of",
    "rates_of",
]
