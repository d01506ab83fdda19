"""A request and its answer in; one line of the log, and what the metrics count of it, out."""

import logging
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from api import metrics
from api.access import HEALTH
from api.admission import REHEARSED
from api.errors import request_id

log = logging.getLogger(__name__)

STATIC, NO_ROUTE = "static", "none"


class AccessLog:
    """Middleware that tells each request in a line, once it is answered; checks of health at DEBUG only."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        got_request_exception.connect(log_failure)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if REHEARSED in request.META:
            return self.get_response(request)
        began = perf_counter()
        response = self.get_response(request)
        seconds = perf_counter() - began
        about = about_request(request)
        method, route = about["method"], about["route"]
        metrics.count_request(method, route, response.status_code, seconds)
        level = logging.WARNING if response.status_code >= 500 else logging.INFO
        if request.path_info in HEALTH:
            level = logging.DEBUG
        told = {
            "status": response.status_code,
            "milliseconds": round(seconds * 1000, 1),
            "release": int(response["Content-Release"]) if "Content-Release" in response else None,
            "error": getattr(request, "_error", None),
        }
        log.log(level, "request", extra={**about, **told})
        return response


def about_request(request: HttpRequest) -> dict[str, Any]:
    """What a line says of a request: nothing that the client sent, but an id that is a plain one."""
    caller = getattr(request, "caller", None)
    return {
        "request_id": request_id(request),
        "method": metrics.method_of(request.method),
        "route": route_of(request),
        "partner": getattr(caller, "partner", None),
    }


def route_of(request: HttpRequest) -> str:
    """The name of the URL pattern of the request, also where it was refused before it came there."""
    try:
        return (request.resolver_match or resolve(request.path_info)).view_name
    except Resolver404:
        return STATIC if request.path_info.startswith(settings.STATIC_URL) else NO_ROUTE


def log_failure(sender: Any, request: HttpRequest, **more: Any) -> None:
    """Tell of a failure that was not foreseen, while it is handled."""
    kind, _, _ = sys.exc_info()
    request._error = kind and kind.__qualname__  # type: ignore[attr-defined]
    metrics.count_failure()
    log.error("unforeseen_failure", exc_info=True, extra=about_request(request))
