"""Partner keys: a request in; out, who sends it, or a refusal that tells nothing of the keys there are."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from api import keys
from api.errors import problem_response
from api.keyring import KeysUnavailableError, last_uses, live_keys
from api.keys import Caller
from api.problems import PROBLEMS

__all__ = ["Authenticate", "Caller", "caller_of", "is_for_admin"]

CHALLENGE = 'Bearer realm="sclerotherapy"'  # RFC 6750
ANONYMOUS = Caller()


class Refusal(Exception):
    """Raised where a request is refused: by the code of a problem, with a detail and headers where it has some."""

    def __init__(self, code: str, detail: str = "", **headers: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Authenticate:
    """Middleware that puts `caller` on each request whose key it finds live, and refuses every other key.

    Pages for people, the contract, problems, health and static files are for anybody, whatever key is sent.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if keys.PREFIX.search(unquote(f"{request.path_info}?{request.META.get('QUERY_STRING', '')}")):
            forget_address(request)
            return problem_response(request, PROBLEMS["key_in_url"])
        authorization = request.META.get("HTTP_AUTHORIZATION")
        if (authorization is None and settings.ANONYMOUS) or is_for_anybody(request):
            return self.get_response(request)
        try:
            caller = caller_by(authorization)
            require_scope(request, caller)
        except Refusal as refusal:
            return problem_response(request, PROBLEMS[refusal.code], refusal.detail, headers=refusal.headers)
        request.caller = caller  # type: ignore[attr-defined]
        response = self.get_response(request)
        if not settings.ANONYMOUS:
            keep_private(response)
        # Runs when the answer is out, so that no request waits for it.
        response._resource_closers.append(partial(last_uses.tell, str(caller.key)))  # type: ignore[attr-defined]
        return response


def caller_of(request: HttpRequest) -> Caller:
    """Who sends a request that `Authenticate` let in."""
    caller: Caller = getattr(request, "caller", ANONYMOUS)
    return caller


def forget_address(request: HttpRequest) -> None:
    """Take the address out of a request, so that nobody can log the key in it."""
    request.path = request.path_info = request.META["PATH_INFO"] = "/key-in-url"
    request.META["QUERY_STRING"] = ""


def is_for_admin(request: HttpRequest) -> bool:
    """Whether a request is for the pages where partners and keys are kept, which have accounts of their own."""
    return settings.ADMIN and f"{request.path_info}/".startswith("/admin/")


def is_for_anybody(request: HttpRequest) -> bool:
    """Whether no key is looked at. OPTIONS asks for nothing: browsers send it without a key before they ask."""
    if request.method == "OPTIONS" or request.path_info.startswith(settings.STATIC_URL) or is_for_admin(request):
        return True
    return getattr(view_of(request), "is_for_anybody", False)


def view_of(request: HttpRequest) -> Any:
    """The class of the view that the address leads to, or None."""
    try:
        return getattr(resolve(request.path_info).func, "view_class", None)
    except Resolver404:
        return None


def caller_by(authorization: str | None) -> Caller:
    """Who has the key in the header `Authorization`.

    One that never was, that is wrong in its secret, has ended or was revoked comes to the same, in the same way.

    Raises:
        Refusal: there is no key, or none that is live.
    """
    if authorization is None:
        raise Refusal("key_required", WWW_Authenticate=CHALLENGE)
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise Refusal("invalid_key", WWW_Authenticate=CHALLENGE)
    try:
        caller = live_keys.caller(keys.digest_of(text)) if keys.is_whole(text) else None
    except KeysUnavailableError:
        raise Refusal("keys_unavailable", Retry_After="5") from None
    if caller is None:
        raise Refusal("invalid_key", WWW_Authenticate=f'{CHALLENGE}, error="invalid_token"')
    return caller


def caller_at_hand(authorization: str, scope: str | None) -> Caller | None:
    """Who has the key in the header `Authorization`, where that is known without asking the database, and it may.

    None says nothing of the key.
    """
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return None
    caller = live_keys.at_hand(keys.digest_of(text))
    return caller if caller is not None and (scope is None or scope in caller.scopes) else None


def tell_of_use(key: str) -> None:
    """Tell that a key was used today."""
    last_uses.tell(key)


def require_scope(request: HttpRequest, caller: Caller) -> None:
    """Check that the key is for what is at the address.

    Raises:
        Refusal: it is not.
    """
    scope = getattr(view_of(request), "scope", None)
    if scope is not None and scope not in caller.scopes:
        challenge = f'{CHALLENGE}, error="insufficient_scope", scope="{scope}"'
        raise Refusal("scope_required", f"This key lacks the scope `{scope}`.", WWW_Authenticate=challenge)


def keep_private(response: HttpResponse) -> None:
    """Let no cache that others share keep an answer that needs a key."""
    kept = response.get("Cache-Control", "")
    if kept.startswith("public"):
        response["Cache-Control"] = f"private{kept.removeprefix('public')}"
