"""How a request came in: by which host, over TLS or not, from a page of which origin; out, what is made of that."""

from collections.abc import Callable, Sequence
from threading import BoundedSemaphore
from typing import Any

from corsheaders.conf import conf
from corsheaders.middleware import CorsMiddleware
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DataError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.cache import patch_vary_headers

from api.authentication import is_for_admin
from api.errors import FORM_POLICY, problem_response
from api.problems import PROBLEMS
from api.schema import HEADERS

HEALTH = ("/livez", "/readyz")
READING = ("GET", "HEAD")
OF_FUNCTIONS = ("GET", "HEAD", "POST")  # the methods of a view that is no class, and so does not say which it has
ANY = ("*",)
MOST_ADMIN_PAGES = 4  # at once, of 16 threads


class HostAndTls:
    """Middleware that lets whoever checks health in by any host and over plain http.

    Behind a proxy that ends TLS, all else that came over plain http is refused. A redirect would make a POST a GET, and
    what went unprotected would never be noticed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in HEALTH:  # balancers ask by address
            request.META["HTTP_HOST"] = settings.ALLOWED_HOSTS[0]
        elif settings.SECURE_PROXY_SSL_HEADER and not request.is_secure():
            return problem_response(request, PROBLEMS["https_required"])
        return self.get_response(request)


class AllowedMethods:
    """Middleware that refuses what an address has no method for, whether or not HTTP has it: TRACE, CONNECT, `get`.

    What no route has is a 404 whatever the method, unless it is a static file.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sent = request.META["REQUEST_METHOD"]
        methods = methods_at(request)
        if methods and sent not in methods:
            return problem_response(request, PROBLEMS["method_not_allowed"], headers={"Allow": ", ".join(methods)})
        if sent != sent.upper():
            request.method = sent  # Django wrote it in capitals, and would read a static file for `get`
        return self.get_response(request)


class AdminPages:
    """Middleware, where the admin is served: its pages may send forms to it, and nothing else reads a cookie.

    They ask the database, and a login takes a while on purpose: so few are made at once, and others go on beside them.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.room = BoundedSemaphore(MOST_ADMIN_PAGES)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_for_admin(request):
            request.META.pop("HTTP_COOKIE", None)
            return self.get_response(request)
        if not self.room.acquire(blocking=False):
            detail = "Other pages of the admin are being made."
            return problem_response(request, PROBLEMS["rate_limited"], detail, headers={"Retry-After": "1"})
        try:
            response = self.get_response(request)
        finally:
            self.room.release()
        response["Content-Security-Policy"] = FORM_POLICY
        response.setdefault("Cache-Control", "no-store")
        return response

    def process_exception(self, request: HttpRequest, failure: Exception) -> HttpResponse | None:
        """The problem for what a page of the admin cannot read, or a database that is away; None for other failures.

        Django's admin hands values of queries, cookies and forms to the database as they came.
        """
        if is_for_admin(request) and isinstance(failure, OperationalError | InterfaceError):
            detail = "The database of accounts and keys cannot be reached."
            return problem_response(request, PROBLEMS["content_unavailable"], detail, headers={"Retry-After": "5"})
        if is_for_admin(request) and isinstance(failure, DataError | ValueError | ValidationError):
            return problem_response(request, PROBLEMS["bad_request"])
        return None


class CrossOrigin(CorsMiddleware):
    """Middleware that tells browsers which pages may read an answer, failures included, by what is at the address.

    What is read is for pages of every origin; it says so to everybody, so that one kept copy serves all. Plans are for
    the origins that `CORS_PLAN_ORIGINS` names. No credentials are taken from any, and no pages of the admin are read.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = self.get_response(request)  # type: ignore[assignment]
        if is_for_admin(request):
            return response
        # What the address has against a preflight is its method; of a path that nothing has, the failure can be read.
        if is_preflight(request) and response.status_code in (404, 405):
            response = self.check_preflight(request) or problem_response(request, PROBLEMS["origin_not_allowed"])
        return self.add_response_headers(request, response)

    def is_enabled(self, request: HttpRequest) -> bool:
        """Whether a page of the request's origin may read the answer."""
        origins = origins_for(methods_for(request))
        return "*" in origins or request.headers.get("Origin") in origins

    def add_response_headers(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """The answer with what the browser is told of it."""
        methods = methods_for(request)
        is_for_any = "*" in origins_for(methods)
        if not is_for_any:
            patch_vary_headers(response, ["Origin"])
        if self.is_enabled(request):
            response["Access-Control-Allow-Origin"] = "*" if is_for_any else request.headers["Origin"]
            response["Access-Control-Expose-Headers"] = ", ".join(HEADERS)
            if is_preflight(request):
                response["Access-Control-Allow-Methods"] = ", ".join(methods)
                response["Access-Control-Allow-Headers"] = ", ".join(conf.CORS_ALLOW_HEADERS)
                response["Access-Control-Max-Age"] = str(conf.CORS_PREFLIGHT_MAX_AGE)
        return response


def is_preflight(request: HttpRequest) -> bool:
    """Whether a browser asks if a page may send a request."""
    asked = {"Origin", "Access-Control-Request-Method"}
    return request.method == "OPTIONS" and all(name in request.headers for name in asked)


def methods_at(request: HttpRequest) -> Sequence[str] | None:
    """The methods of the address asked for; None where no route has it, such as a static file."""
    try:
        view: Any = (request.resolver_match or resolve(request.path_info)).func
    except Resolver404:
        return None
    if not hasattr(view, "view_class"):
        return OF_FUNCTIONS
    return [name.upper() for name in view.view_class.http_method_names]


def methods_for(request: HttpRequest) -> Sequence[str]:
    """The methods of the address asked for; those that read, where no route has it."""
    return methods_at(request) or READING


def origins_for(methods: Sequence[str]) -> Sequence[str]:
    """The origins whose pages may use these methods; `*` stands for any."""
    return ANY if set(methods) <= {*READING} else settings.CORS_PLAN_ORIGINS
