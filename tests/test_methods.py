"""Methods: each address answers to its own, whatever else is sent is a 405 that names them."""

import json
from typing import Any

import pytest
from django.conf import LazySettings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from api.releases import FrozenRelease
from tests.asking import Answer, ask
from tests.test_routes import BODIES, FORMS, ROUTES, path_of

STATIC = "/static/api/page.css"
NOWHERE = ("/nowhere", "/v1/areas/nowhere/at-all", "/static/nowhere.css", "//", "*")
FOREIGN = (
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "QUERY",
    "SPAM",
    "get",
    "Get",
    "post",
    "G",
    "-",
    "GET/POST",
    "X" * 5000,
    "\xff",
)


def refused(answer: Answer, methods: str) -> None:
    """Hold the answer to be a 405 that names these methods, and repeats nothing of the request."""
    assert (answer.status, answer.headers["Allow"]) == (405, methods)
    problem = json.loads(answer.body)
    assert (problem["code"], answer.headers["Cache-Control"]) == ("method_not_allowed", "no-store")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert b"canary" not in answer.body


@pytest.mark.parametrize("name", ROUTES)
def test_what_a_route_has_no_method_for_is_refused(name: str, release: FrozenRelease) -> None:
    methods = "POST" if name in BODIES else "GET, HEAD, POST" if name in FORMS else "GET, HEAD"
    target = path_of(name, release)
    for method in {*FOREIGN, "PUT", "DELETE", "OPTIONS", "GET", "POST"} - {*methods.split(", ")}:
        refused(ask(method, f"{target}?canary", b"canary", HTTP_X_CANARY="canary"), methods)


@pytest.mark.django_db
def test_static_files_and_what_is_nowhere_have_no_more_methods() -> None:
    for method in (*FOREIGN, "PUT", "DELETE", "OPTIONS", "POST"):
        refused(ask(method, STATIC, b"canary"), "GET, HEAD")
        for target in NOWHERE:
            answer = ask(method, target, b"canary")
            assert (answer.status, json.loads(answer.body)["code"]) == (404, "not_found"), (method, target)
    assert ask("GET", STATIC).status == ask("HEAD", STATIC).status == 200


def spoken(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.method)


urlpatterns = [path("spoken", spoken)]


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("POST", 200), ("TRACE", 405), ("PUT", 405)])
def test_a_view_that_is_a_function_has_the_methods_of_a_form(
    method: str, status: int, client: Client, settings: LazySettings
) -> None:
    settings.ROOT_URLCONF = __name__
    answer: Any = client.generic(method, "/spoken")
    assert answer.status_code == status
    assert status == 200 or answer["Allow"] == "GET, HEAD, POST"
