"""The admin, as a person uses it in a browser: keys are issued, shown once and revoked there, and never changed."""

import re
import shutil
import time
import urllib.request
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DataError, InterfaceError, OperationalError
from django.http import HttpResponse
from django.test import Client, RequestFactory

from api import keys
from api.access import MOST_ADMIN_PAGES, AdminPages
from api.errors import CONTENT_SECURITY_POLICY, FORM_POLICY, forbidden, forged
from tests.browsing import Browser, Page
from tests.commands import manage
from tests.partners import SAMPLE, bearer
from tests.servers import Up, up

ACCOUNT = {"username": "keeper", "password": "a long word of nobody"}
KEYS, PARTNERS = "/admin/api/partnerkey/", "/admin/api/partner/"
CHOSEN = {"partner": "clinic-apps", "scopes": "content", "expires_at_0": "2100-01-01", "expires_at_1": "12:30"}


@pytest.fixture(scope="module")
def server(prepared: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A server with the admin and one account, on a database that was made without."""
    folder = tmp_path_factory.mktemp("admin")
    url = f"sqlite:///{shutil.copy(prepared.removeprefix('sqlite:///'), folder)}"
    chosen: dict[str, Any] = {"ADMIN": "on", "DATABASE_URL": url}
    with up(folder / "log", **chosen) as started:
        assert "Migrating" in started.until("Serving on").text()
        password: dict[str, Any] = {"DJANGO_SUPERUSER_PASSWORD": ACCOUNT["password"]}
        told = {"--username": ACCOUNT["username"], "--email": "keeper@example.org"}
        options = [part for pair in told.items() for part in pair]
        made = manage("createsuperuser", "--noinput", *options, **chosen, **password)
        assert made.returncode == 0, made.stderr
        yield started


@pytest.fixture(scope="module")
def keeper(server: Up) -> Browser:
    """A browser whose account is logged in, and who added a partner."""
    browser = Browser(server)
    assert "Log out" in browser.send("/admin/login/?next=/admin/", {**ACCOUNT, "next": "/admin/"}).text
    assert "was added successfully" in browser.send(f"{PARTNERS}add/", {"slug": "clinic-apps", "name": "Apps"}).text
    return browser


def issued(keeper: Browser, **changes: str) -> Page:
    """The page that a new key comes to."""
    return keeper.send(f"{KEYS}add/", {**CHOSEN, **changes})


def key_on(page: Page) -> str:
    """The key that a page shows."""
    [text] = map(str, re.findall(r"scl_(?:live|test)_\w+", page.text))
    assert keys.is_whole(text)
    return text


def test_a_new_key_is_shown_once_and_works(keeper: Browser) -> None:
    page = issued(keeper, is_test="on")
    text = key_on(page)
    time.sleep(2)
    assert text.startswith("scl_test_")
    assert "ends 2100-01-01 12:30 UTC" in page.text
    assert "no-store" in page.headers["Cache-Control"]
    told = keeper.ask("/v1/whoami", Authorization=f"Bearer {text}").text
    assert '"partner":"clinic-apps"' in told
    assert '"expires_at":"2100-01-01T12:30:00Z"' in told
    for path in (KEYS, f"{KEYS}{keys.id_of(text)}/change/", f"{KEYS}{keys.id_of(text)}/history/", "/admin/"):
        later = keeper.ask(path)
        assert later.status == 200
        assert keys.id_of(text) in later.text
        assert text not in later.text
        assert keys.digest_of(text) not in later.text


def test_a_key_is_revoked_and_refused(keeper: Browser) -> None:
    text = key_on(issued(keeper))
    time.sleep(2)
    assert keeper.ask("/v1/areas", Authorization=f"Bearer {text}").status == 200
    done = keeper.send(KEYS, {"action": "revoke", "_selected_action": keys.id_of(text), "index": "0"})
    assert "1 revoked." in done.text
    again = keeper.send(KEYS, {"action": "revoke", "_selected_action": keys.id_of(text), "index": "0"})
    assert "0 revoked." in again.text
    time.sleep(2)
    assert keeper.ask("/v1/areas", Authorization=f"Bearer {text}").status == 401
    assert "Revoked" in keeper.ask(f"{KEYS}{keys.id_of(text)}/history/").text


def test_a_key_is_never_changed_and_a_partner_keeps_the_slug(keeper: Browser) -> None:
    name = keys.id_of(key_on(issued(keeper)))
    shown = keeper.ask(f"{KEYS}{name}/change/").text
    assert "<input" not in shown.partition('id="content"')[2].replace('<input type="hidden"', "")
    with_token = {"csrfmiddlewaretoken": next(c.value or "" for c in keeper.jar if c.name == "csrftoken")}
    for path in (f"{KEYS}{name}/change/", f"{KEYS}{name}/delete/"):
        refused = keeper.ask(path, {**with_token, "scopes": "validate", "digest": "0" * 64, "post": "yes"})
        assert (refused.status, refused.headers["Content-Type"]) == (404, "application/problem+json")
    assert "content validate" not in keeper.ask(f"{KEYS}{name}/change/").text
    partner = keeper.send(f"{PARTNERS}clinic-apps/change/", {"slug": "others", "name": "Renamed"})
    assert "was changed successfully" in partner.text
    assert "others" not in keeper.ask(PARTNERS).text
    assert "Cannot delete partner" in keeper.send(f"{PARTNERS}clinic-apps/delete/", {"post": "yes"}).text
    assert "clinic-apps" in keeper.ask(PARTNERS).text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"expires_at_0": "2026-01-01"}, "A key must end in the future."),
        ({"scopes": "banana"}, "Select a valid choice"),
        ({"partner": "nobody"}, "Select a valid choice"),
    ],
)
def test_a_key_that_may_not_be_is_not_issued(keeper: Browser, wrong: dict[str, str], words: str) -> None:
    page = issued(keeper, **wrong)
    assert page.status == 200
    assert words in page.text
    assert not re.search("scl_(live|test)_[0-9A-Za-z]", page.text)


def test_a_form_that_no_page_of_the_admin_sent_is_refused(keeper: Browser) -> None:
    for path in (f"{KEYS}add/", KEYS, "/admin/login/"):
        refused = keeper.ask(path, CHOSEN)
        assert (refused.status, refused.headers["Content-Type"]) == (400, "application/problem+json")
        assert "This form was not sent by a page of this service" in refused.text
    hidden = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', keeper.ask(f"{KEYS}add/").text)
    assert hidden is not None
    token = {"csrfmiddlewaretoken": hidden[1]}
    assert keeper.ask(f"{KEYS}add/", {**CHOSEN, **token}, Origin="https://evil.example").status == 400


def test_nobody_gets_in_without_an_account(server: Up) -> None:
    stranger = Browser(server)
    assert "Log in" in stranger.ask("/admin").text
    for path in ("/admin/", KEYS, f"{KEYS}add/", PARTNERS):
        assert 'name="password"' in stranger.ask(path).text
        assert 'name="password"' in stranger.ask(path, Authorization=f"Bearer {SAMPLE}").text
    wrong = stranger.send("/admin/login/", {**ACCOUNT, "password": "another"})
    assert "Please enter the correct username and password" in wrong.text


def test_its_pages_have_no_inline_script_or_style_and_are_for_nobody_else(keeper: Browser) -> None:
    pages = [keeper.ask(path, Accept_Encoding="gzip", Origin="https://evil.example") for path in PAGES]
    pages.append(issued(keeper))
    for page in pages:
        assert page.headers["Content-Security-Policy"] == FORM_POLICY
        assert "unsafe" not in FORM_POLICY
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page.text)
        assert all(" src=" in tag or 'type="application/json"' in tag for tag in re.findall("<script[^>]*>", page.text))
        assert "Content-Encoding" not in page.headers
        assert not [name for name in page.headers if name.startswith("Access-Control-")]
        assert "no-store" in page.headers["Cache-Control"]
        assert page.headers["X-Frame-Options"] == "DENY"
        assert page.headers["X-Request-ID"]
        for path in re.findall('(?:src|href)="(/static/[^"]+)"', page.text):
            assert keeper.ask(path).status == 200, path


PAGES = (
    "/admin/",
    KEYS,
    f"{KEYS}add/",
    PARTNERS,
    f"{PARTNERS}add/",
    "/admin/password_change/",
    "/admin/auth/user/add/",
    "/admin/api/reviewstep/",
    "/admin/api/sessionlimit/",
    "/admin/api/sessionlimit/asclera-session-volume-max/change/",
    "/admin/api/contraindication/pregnancy/change/",
)


def test_no_other_page_reads_or_sets_a_cookie(keeper: Browser) -> None:
    assert {cookie.path for cookie in keeper.jar} == {"/admin"}
    stranger = Browser.__new__(Browser)
    stranger.base, stranger.opener = keeper.base, urllib.request.build_opener()
    for path in ("/", "/docs", "/v1", "/v1/areas", "/livez", "/static/api/page.css", "/v1/nowhere", "/adminx"):
        for cookie in ("csrftoken=wrong; sessionid=wrong", "messages=wrong", "csrftoken="):
            page = stranger.ask(path, Cookie=cookie)
            assert "Set-Cookie" not in page.headers
            assert "Cookie" not in page.headers.get("Vary", "")
            assert page.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    plan = '{"sessions":[{"treatments":[{"area":"leg","amount":{"value":"12","unit":"cc"}}]}]}'
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{keeper.base}/v1/session-plans/validate", plan.encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        assert answer.status == 200


def test_behind_https_its_cookies_go_over_https_alone(prepared: str, tmp_path: Path) -> None:
    file = shutil.copy(prepared.removeprefix("sqlite:///"), tmp_path)
    proxy: dict[str, Any] = {"BEHIND_HTTPS_PROXY": "on", "TRUSTED_PROXIES": "127.0.0.1"}
    with up(tmp_path / "log", ADMIN="on", DATABASE_URL=f"sqlite:///{file}", **proxy) as server:
        browser = Browser(server.until("Serving on"))
        assert '"https_required"' in browser.ask("/admin/login/").text
        page = browser.ask("/admin/login/", X_Forwarded_Proto="https")
        [cookie] = SimpleCookie(page.headers["Set-Cookie"]).values()
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (
            *(True, True),
            *("Strict", "/admin"),
        )


@pytest.mark.parametrize("path", ["/admin", "/admin/", "/admin/login/", KEYS, "/static/admin/css/base.css"])
def test_where_it_is_off_nothing_is_there(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert response["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("is_on", [True, False])
def test_a_request_outside_comes_without_its_cookies_and_one_for_the_admin_with_them(
    settings: Any, rf: RequestFactory, is_on: bool
) -> None:
    settings.ADMIN = is_on
    seen = AdminPages(lambda request: HttpResponse(str(request.COOKIES)))
    for path, is_for_admin in (
        ("/admin/", is_on),
        ("/admin", is_on),
        ("/administration", False),
        ("/v1/admin/", False),
    ):
        response = seen(rf.get(path, HTTP_COOKIE="a=b"))
        assert response.content == (b"{'a': 'b'}" if is_for_admin else b"{}")
        assert ("Content-Security-Policy" in response) is is_for_admin


def test_few_pages_of_the_admin_are_made_at_once_and_others_go_on(settings: Any, rf: RequestFactory) -> None:
    settings.ADMIN = True
    pages = AdminPages(lambda request: HttpResponse())
    for _ in range(2 * MOST_ADMIN_PAGES):
        assert pages(rf.get("/admin/")).status_code == 200
    for _ in range(MOST_ADMIN_PAGES):
        assert pages.room.acquire(blocking=False)
    refused = pages(rf.get("/admin/"))
    assert (refused.status_code, refused["Retry-After"]) == (429, "1")
    assert pages(rf.get("/v1/areas")).status_code == 200


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (OperationalError("away"), 503),
        (InterfaceError("away"), 503),
        (DataError("NUL"), 400),
        (ValueError("year 99999 is out of range"), 400),
        (ValidationError("no date"), 400),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_page_of_the_admin_cannot_read_is_told(
    settings: Any, rf: RequestFactory, failure: Exception, status: int
) -> None:
    settings.ADMIN = True
    pages = AdminPages(lambda request: HttpResponse())
    told = pages.process_exception(rf.get("/admin/"), failure)
    assert told is not None
    assert told.status_code == status
    assert pages.process_exception(rf.get("/v1/areas"), failure) is None
    assert pages.process_exception(rf.get("/admin/"), RuntimeError()) is None


@pytest.mark.parametrize(
    "path",
    [
        "/admin/auth/user/?date_joined__year=99999",
        f"{KEYS}add/?expires_at=zzz",
        f"{KEYS}?scopes=%00",
        f"{KEYS}?partner__slug__in=%00",
    ],
)
def test_no_query_of_the_admin_is_a_fault_of_ours(keeper: Browser, path: str) -> None:
    assert keeper.ask(path).status in (200, 400)


def test_no_cookie_is_a_fault_of_ours(server: Up) -> None:
    stranger = Browser(server)
    stranger.opener = urllib.request.build_opener()
    for value in ('"aaaaaaaaaaaaaa\\000a"', "a" * 4000, "\xff", ";;=", '"'):
        assert stranger.ask("/admin/login/", Cookie=f"sessionid={value}").status in (200, 302, 400)


def test_pages_of_the_admin_are_not_for_other_origins_nor_compressed(client: Client, settings: Any) -> None:
    settings.ADMIN = True
    settings.ANONYMOUS = False
    response = client.get("/admin/", HTTP_ORIGIN="https://evil.example", HTTP_ACCEPT_ENCODING="gzip", **bearer(SAMPLE))
    assert response.status_code == 404
    assert not [name for name in response.headers if name.startswith(("Access-Control", "Vary"))]


def test_what_the_admin_refuses_is_a_problem(rf: RequestFactory) -> None:
    assert forbidden(rf.get("/admin/"), PermissionError()).status_code == 404
    assert forged(rf.post("/admin/")).status_code == 400
