"""Partner keys: a request in; out, who sends it, or a refusal that tells nothing of the keys there are."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from api import keys
from api.errors import problem_response
from api.keyring import KeysUnavailableError, keyring
from api.keys import Caller
from api.problems import PROBLEMS

CHALLENGE = 'Bearer realm="sclerotherapy"'  # RFC 6750
NOBODY = Caller()
MOST_ESCAPES = 4


class Refusal(Exception):
    """Raised where a request is refused: by the code of a problem, with a detail and headers where it has some."""

    def __init__(self, code: str, detail: str = "", **headers: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Authenticate:
    """Middleware that finds who sends a request: it puts `caller` on one whose key is live, else `refusal`.

    Pages for people, the contract, problems, health and static files are for anybody, whatever key is sent.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        authorization = request.META.get("HTTP_AUTHORIZATION")
        try:
            if has_key(f"{request.path_info}?{request.META.get('QUERY_STRING', '')}"):
                forget_address(request)
                raise Refusal("key_in_url")
            if not ((authorization is None and settings.ANONYMOUS) or is_for_anybody(request)):
                request.caller = caller_by(authorization)  # type: ignore[attr-defined]
        except Refusal as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]
        return self.get_response(request)


class Authorize:
    """Middleware that lets a request in, or says why not: after it was counted, and not over plain http."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        caller, refusal = caller_of(request), getattr(request, "refusal", None)
        if refusal is None and caller.key is not None:
            refusal = lack_of_scope(request, caller)
        if refusal is not None:
            return problem_response(request, PROBLEMS[refusal.code], refusal.detail, headers=refusal.headers)
        response = self.get_response(request)
        if caller.key is not None:
            keyring.note_use(caller.key)
            if not settings.ANONYMOUS:
                keep_private(response)
        return response


def caller_of(request: HttpRequest) -> Caller:
    """Who sends a request that `Authenticate` let in."""
    caller: Caller = getattr(request, "caller", NOBODY)
    return caller


def has_key(address: str) -> bool:
    """Whether a partner key may stand in an address, escaped as often as software escapes by mistake."""
    for _ in range(MOST_ESCAPES):
        address = unquote(address)
    return keys.PREFIX.search(address) is not None


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
        caller = keyring.caller(keys.digest_of(text)) if keys.is_whole(text) else None
    except KeysUnavailableError:
        raise Refusal("keys_unavailable", Retry_After="5") from None
    if caller is None:
        raise Refusal("invalid_key", WWW_Authenticate=f'{CHALLENGE}, error="invalid_token"')
    return caller


def caller_in_brief(authorization: str, scope: str | None) -> Caller | None:
    """Who has the key in the header `Authorization`, where it is for the scope; None does not say what is wrong."""
    try:
        caller = caller_by(authorization)
    except Refusal:
        return None
    return caller if scope is None or scope in caller.scopes else None


def lack_of_scope(request: HttpRequest, caller: Caller) -> Refusal | None:
    """The refusal where a key is not for what is at the address."""
    scope = getattr(view_of(request), "scope", None)
    if scope is None or scope in caller.scopes:
        return None
    challenge = f'{CHALLENGE}, error="insufficient_scope", scope="{scope}"'
    return Refusal("scope_required", f"This key lacks the scope `{scope}`.", WWW_Authenticate=challenge)


def keep_private(response: HttpResponse) -> None:
    """Let no cache that others share keep an answer that needs a key."""
    kept = response.get("Cache-Control", "")
    if kept.startswith("public"):
        response["Cache-Control"] = f"private{kept.removeprefix('public')}"
