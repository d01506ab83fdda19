"""Every route: which methods it has, and that no parameter is read past."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from api.releases import FrozenRelease
from api.urls import urlpatterns
from tests.contract import DOCUMENT, needed
from tests.plans import clinic_plan

pytestmark = pytest.mark.usefixtures("security_contact")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
# The routes that take a body, each with one; all others are read, and of these some take a form, too.
BODIES: dict[str, Any] = {
    "validate": clinic_plan("8"),
    "validate-batch": {"plans": [clinic_plan("8")]},
    "compare": {"plans": [clinic_plan("8")], "from_release": 1},
}
FORMS = {"try": "/sessions/0/treatments/0/area=leg"}
ROUTES = {str(pattern.name): tuple(pattern.pattern.converters) for pattern in urlpatterns}
# Pages for people: no operation of the contract.
VIEWS: dict[str, Any] = {str(pattern.name): pattern.callback for pattern in urlpatterns}
PAGES = {name for name, view in VIEWS.items() if not view.cls(**view.initkwargs).operation.id}
OF_PAGES = ("product", "contraindication")  # what a page of facts may be about, of which the routes name a row


def path_of(name: str, release: FrozenRelease) -> str:
    """An address of the route at which something is."""
    rows = release.content.get(name.removesuffix("-detail"), [{"slug": None}])
    slug = "errors" if name.startswith("guide") else rows[0]["slug"]
    known = {"slug": slug, "number": release.number, "other": release.number, "code": "invalid_plan"}
    known |= {"group": "plans", "page": "areas"}
    known |= {name: row["slug"] for name in OF_PAGES for row in release.content.get(f"{name}s", ())[:1]}
    path = reverse(name, kwargs={argument: known[argument] for argument in ROUTES[name]})
    query = needed(DOCUMENT["paths"].get(path, {}).get("get", {}))
    return f"{path}?{urlencode(query)}" if query else path


def joined(path: str, query: str) -> str:
    """An address with more in its query."""
    return f"{path}{'&' if '?' in path else '?'}{query}"


def ask(client: Client, name: str, path: str, method: str) -> Any:
    if name in FORMS and method == "POST":
        return client.generic(method, path, FORMS[name], content_type="application/x-www-form-urlencoded")
    body = json.dumps(BODIES[name]) if name in BODIES else ""
    return client.generic(method, path, body, content_type="application/json" if body else "")


def test_every_route_has_a_name_of_its_own() -> None:
    assert len(ROUTES) == len(urlpatterns)
    assert BODIES.keys() < ROUTES.keys()


@pytest.mark.parametrize("name", ROUTES)
def test_a_route_has_its_methods_and_names_them_where_another_is_tried(
    client: Client, release: FrozenRelease, name: str
) -> None:
    allowed = ("POST",) if name in BODIES else ("GET", "HEAD", "POST") if name in FORMS else ("GET", "HEAD")
    path = path_of(name, release)
    for method in METHODS:
        response = ask(client, name, path, method)
        if method in allowed:
            assert response.status_code == 200, (method, path)
        else:
            assert response.status_code == 405, (method, path)
            assert response["Content-Type"] == "application/problem+json"
            assert response["Allow"] == ", ".join(allowed)


UNKNOWN = (("relase=1", "relase"), ("colour=red&colour=blue", "colour"), ("utm_source=x", "utm_source"))
# Pages for people, and health checks: links that are shared and probes get parameters added.
LENIENT = {*PAGES, "livez", "readyz"}


@pytest.mark.parametrize("name", sorted(ROUTES.keys() - LENIENT))
def test_a_parameter_that_a_route_does_not_know_is_refused_by_name(
    client: Client, release: FrozenRelease, name: str
) -> None:
    for query, parameter in UNKNOWN:
        response = ask(client, name, joined(path_of(name, release), query), "POST" if name in BODIES else "GET")
        assert (response.status_code, response.json()["code"]) == (400, "invalid_query")
        [error] = response.json()["errors"]
        assert (error["parameter"], error["code"]) == (parameter, "unknown_parameter")


@pytest.mark.parametrize("accept", ["text/html,*/*;q=0.8", "application/json", "*/*"])
@pytest.mark.parametrize("name", sorted(LENIENT))
def test_a_page_for_people_and_a_health_check_read_no_query(
    client: Client, release: FrozenRelease, name: str, accept: str
) -> None:
    path = path_of(name, release)
    plain = client.get(path, HTTP_ACCEPT=accept)
    assert plain.status_code == 200
    for query in ("utm_source=newsletter&fbclid=x", "_=1", "a=1&a=2", "q=%zz", "%00", "&".join("abc" * 500)):
        asked = client.get(f"{path}?{query}", HTTP_ACCEPT=accept)
        assert (asked.status_code, asked.content) == (200, plain.content)


def test_the_page_of_a_problem_reads_no_query_and_its_json_is_strict(client: Client) -> None:
    path = "/v1/problems/not_found?utm_source=newsletter"
    assert client.get(path, HTTP_ACCEPT="text/html,*/*;q=0.8").status_code == 200
    assert client.get(path, HTTP_ACCEPT="application/json").json()["errors"][0]["parameter"] == "utm_source"
