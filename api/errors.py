"""Failures in, problems out: one shape (RFC 9457), with a `type` that is served, and every fault at once."""

import json
import os
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from api.house import HouseLimitsUnfitError
from api.parsers import CONTROL_CHARACTER, BodyFaults, QueryFaults
from api.problems import MOST_OF_HEADERS, MOST_OF_TARGET, PROBLEMS, Problem
from api.rates import RateLimitedError
from api.releases import ContentUnavailableError, WithdrawnError
from api.rules import Fault, PlanFaults

PROBLEM_JSON = "application/problem+json"
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
FORM_POLICY = CONTENT_SECURITY_POLICY.replace("form-action 'none'", "form-action 'self'")  # of pages that have forms


class RequestBoundary:
    """Middleware that gives each response the id of its request, and security headers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["X-Request-ID"] = request_id(request)
        response.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response


class ProblemsOnly:
    """Middleware that gives a problem document to what is refused without one, and refuses what nobody is to read.

    That is a path that is no text, or an address or headers that are too long. What is longer still, granian refuses
    itself, without a document.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sent = request.META
        if len(sent["PATH_INFO"]) + len(sent.get("QUERY_STRING", "")) > MOST_OF_TARGET:
            return problem_response(request, PROBLEMS["uri_too_long"])
        if size_of_headers(sent) > MOST_OF_HEADERS:
            return problem_response(request, PROBLEMS["headers_too_large"])
        # Where a percent sign is left, an escape was broken, or what it stood for no UTF-8. No address of ours has one.
        if "%" in request.path_info or CONTROL_CHARACTER.search(request.path_info):
            fault = Fault("path", "not_a_text", "Send percent-encoded UTF-8 without control characters.")
            return problem_response(request, PROBLEMS["bad_request"], errors=[fault_as_json(fault, "parameter")])
        response = self.get_response(request)
        if response.status_code == 405 and response.get("Content-Type") != PROBLEM_JSON:  # of a static file
            return problem_response(request, PROBLEMS["method_not_allowed"], headers={"Allow": response["Allow"]})
        return response


def request_id(request: HttpRequest) -> str:
    """The id of the request: the client's own where it is a plain one, else a new one."""
    if not hasattr(request, "_id"):
        request._id = id_by(request.META.get("HTTP_X_REQUEST_ID"))  # type: ignore[attr-defined]
    return str(request._id)  # type: ignore[attr-defined]


class _Ids:
    """Ids of requests: drawn by chance for each process, and counted from there, which is quick and never the same."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Draw anew."""
        self.process, self.number = secrets.token_hex(6), count(secrets.randbits(20))

    def new(self) -> str:
        """One that no request has had."""
        return f"{self.process}{next(self.number):08x}"


_ids = _Ids()
os.register_at_fork(after_in_child=_ids.begin)


def id_by(sent: str | None) -> str:
    """The id of a request by its `X-Request-ID`."""
    return sent if sent is not None and REQUEST_ID.fullmatch(sent) else _ids.new()


def size_of_headers(environ: dict[str, Any]) -> int:
    """How many characters the names and values of a request's headers have in all.

    Granian puts the headers after all else, so that there is no need to look through what was there before.
    """
    size, come_last = 0, environ.get("SERVER_SOFTWARE") == "Granian"
    for name in reversed(environ):
        if name[:5] == "HTTP_":
            size += len(name) + len(environ[name])
        elif come_last:
            break
    return size


def problem_response(
    request: HttpRequest,
    problem: Problem,
    detail: str = "",
    errors: Iterable[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """The problem as application/problem+json; `more` has members of its own."""
    body: dict[str, Any] = {
        "type": f"/v1/problems/{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": detail or problem.text,
        "code": problem.code,
        "request_id": request_id(request),
        **(more or {}),
    }
    errors = list(errors)
    if errors:
        body["errors"] = errors
    response = HttpResponse(json.dumps(body), status=problem.status, content_type=PROBLEM_JSON)
    response["Cache-Control"] = "no-store"
    response["Content-Length"] = str(len(response.content))
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def fault_as_json(fault: Fault, where: str = "pointer") -> dict[str, Any]:
    """A fault as `errors` has it; `where` is the member that says where it is: `pointer` or `parameter`."""
    shown: dict[str, Any] = {where: fault.pointer, "code": fault.code, "detail": fault.detail}
    if fault.allowed:
        shown["allowed"] = list(fault.allowed)
    if fault.did_you_mean:
        shown["did_you_mean"] = fault.did_you_mean
    return shown


def handle(failure: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """The problem for a failure in a view, or None for one that was not foreseen, which `server_error` gets."""
    request = context["request"]._request
    if isinstance(failure, PlanFaults | BodyFaults):
        problem = PROBLEMS["invalid_plan" if isinstance(failure, PlanFaults) else "invalid_json"]
        errors = [fault_as_json(fault) for fault in failure.faults]
        return problem_response(request, problem, _counted(failure.faults), errors)
    if isinstance(failure, QueryFaults):
        errors = [fault_as_json(fault, "parameter") for fault in failure.faults]
        return problem_response(request, PROBLEMS["invalid_query"], _counted(failure.faults), errors)
    if isinstance(failure, RateLimitedError):
        return rate_limited(request, failure)
    if isinstance(failure, Http404):
        return problem_response(request, PROBLEMS["not_found"])
    code = getattr(failure, "default_code", None)
    if code not in PROBLEMS:
        return None
    headers = {"Retry-After": "5"} if isinstance(failure, ContentUnavailableError) else {}
    more = {"last_release": failure.last_release} if isinstance(failure, WithdrawnError) else {}
    errors = [fault_as_json(fault) for fault in failure.faults] if isinstance(failure, HouseLimitsUnfitError) else []
    return problem_response(request, PROBLEMS[code], errors=errors, headers=headers, more=more)


def rate_limited(request: HttpRequest, failure: RateLimitedError) -> HttpResponse:
    """The problem for a request that its caller's quota does not admit."""
    return problem_response(request, PROBLEMS["rate_limited"], failure.detail, headers=failure.headers)


def _counted(faults: list[Fault]) -> str:
    """How many faults there are, as a sentence."""
    return "One fault was found." if len(faults) == 1 else f"{len(faults)} faults were found."


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The problem for what Django refuses before a view: a bad Host header, a suspicious path."""
    return problem_response(request, PROBLEMS["bad_request"])


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The problem for a path that no route has."""
    return problem_response(request, PROBLEMS["not_found"])


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The problem for a page of the admin that this account may not see: nothing is there for it."""
    return problem_response(request, PROBLEMS["not_found"])


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The problem for a form of the admin that none of its own pages sent."""
    detail = "This form was not sent by a page of this service, or the browser keeps no cookies. Load the page again."
    return problem_response(request, PROBLEMS["bad_request"], detail)


def server_error(request: HttpRequest) -> HttpResponse:
    """The problem for a failure that was not foreseen."""
    return problem_response(request, PROBLEMS["server_error"])
