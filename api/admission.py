"""A request in; out, its answer with what is left of its caller's quota, or a 429 where nothing is."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from api import metrics
from api.access import HEALTH, is_preflight
from api.addresses import client_address
from api.authentication import caller_of, is_for_admin
from api.errors import rate_limited
from api.rates import LOGIN, Account, Counters, Lender, RateLimitedError, quota_of

# What stands in a WSGI environ: the account of its request, for whoever called Django; and, from whoever called it,
# that nobody asks, so that it is neither counted nor told.
ACCOUNT, REHEARSED = "sclero.account", "sclero.rehearsed"


class Admission:
    """Middleware that counts requests. Health, static files and what browsers ask before a request are free.

    A 304 is given back, so that whoever keeps what it has read is not stopped.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.counters = Counters(lender())

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_counted(request):
            return self.get_response(request)
        policy, holder = quota_of(caller_of(request), address_of(request))
        account = Account(self.counters, LOGIN if is_login(request) else policy, holder)
        if account.allowance.admitted:
            request.account = request.META[ACCOUNT] = account  # type: ignore[attr-defined]
            response = self.get_response(request)
            if response.status_code == 304 and names_what_it_has(request.META.get("HTTP_IF_NONE_MATCH")):
                account.give_back()
        else:
            metrics.count_refusal(account.policy.name)
            response = rate_limited(request, RateLimitedError(account.allowance, 1))
        for name, text in account.allowance.headers().items():
            response[name] = text
        return response


def lender() -> Lender | None:
    """What counts for all processes, where the settings name it."""
    if settings.CACHE_URL is None:
        return None
    from api.rates.lending import SharedCounts  # here, since its client takes a while to load

    return SharedCounts(settings.CACHE_URL, settings.SECRET_KEY)


def is_counted(request: HttpRequest) -> bool:
    """Whether the request takes from a quota."""
    path = request.path_info
    is_free = path in HEALTH or path.startswith(settings.STATIC_URL) or is_preflight(request)
    return not (is_free or REHEARSED in request.META)


def names_what_it_has(if_none_match: str | None) -> bool:
    """Whether `If-None-Match` names an answer that was read before; `*` does not, and would make everything free."""
    return (if_none_match or "").strip() != "*"


def is_login(request: HttpRequest) -> bool:
    """Whether somebody tries to log in to the admin."""
    return request.method == "POST" and is_for_admin(request) and request.path_info == "/admin/login/"


def address_of(request: HttpRequest) -> str:
    """The address that the request is counted by."""
    sent = request.META
    return client_address(sent.get("REMOTE_ADDR", ""), sent.get("HTTP_X_FORWARDED_FOR", ""), settings.TRUSTED_PROXIES)
