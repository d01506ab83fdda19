"""What is answered without Django: the same as by Django, to whom it may be given, within bounds, and told of."""

import logging
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from api import releases
from api.errors import size_of_headers
from api.keyring import Keyring
from api.models import PartnerKey, Release
from api.problems import MOST_OF_HEADERS
from api.ready import keep, today
from api.releases import FrozenRelease
from api.representations import CODINGS
from api.shelf import Shelf
from api.views.contract import NEWEST, ContractView
from tests import odd
from tests.asking import ask, connection_kept, django
from tests.conftest import freeze
from tests.contract import OPERATIONS, whole
from tests.partners import READER, SAMPLE, stored
from tests.promises import differing
from tests.ready import Asked, left
from tests.scrapes import Scrape, labelled
from tests.servers import until

pytestmark = pytest.mark.usefixtures("specimen")
AREAS = "/v1/areas"
PATHS = [
    path.format(**{each["name"]: each["example"] for each in map(whole, operation.get("parameters", ()))})
    for path, _, operation in OPERATIONS
]
PAGES = [
    *("/", "/docs", "/guides", "/docs/arazzo.yaml", "/v1/nowhere", "/v1/problems/not_found", "/static/api/page.css"),
    "/.well-known/security.txt",
]
QUERIES = [
    "",
    "release=1",
    "release=2",
    "release=99",
    "limit=1",
    "limit=1&release=1",
    "after=ankle",
    "colour=red",
    "q=leg",
    "q=leg&resource=faqs",
]
HEADERS = {
    **{name: ["", *texts] for name, texts in odd.HEADERS.items() if name.startswith("HTTP_")},
    "HTTP_ACCEPT": ["*/*", "application/json", "application/ld+json", "text/html", *odd.HEADERS["HTTP_ACCEPT"]],
    "HTTP_ACCEPT_ENCODING": ["br", "gzip, br;q=0.5", "zstd", *odd.HEADERS["HTTP_ACCEPT_ENCODING"]],
    "HTTP_AUTHORIZATION": [f"Bearer {SAMPLE}", f"bearer {READER}", f"Bearer {SAMPLE} ", *odd.KEYS],
}


@pytest.fixture
def ready(asked: Asked) -> Asked:
    """The layer, which has an answer ready."""
    asked.ask()
    asked.times = 0
    return asked


REQUESTS = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "GET", "GET", "HEAD", "POST", "OPTIONS"]),
        "path": st.sampled_from([*PATHS, *PAGES]),
        "query": st.sampled_from(QUERIES),
        "sent": st.lists(
            st.sampled_from([*HEADERS]).flatmap(lambda name: st.tuples(st.just(name), st.sampled_from(HEADERS[name]))),
            max_size=4,
        ).map(dict),
        "names_it": st.booleans(),
    }
)


@pytest.mark.usefixtures("partner_keys")
@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(request=REQUESTS)
def test_it_answers_as_django_does(asked: Asked, request: dict[str, Any]) -> None:
    target = f"{request['path']}?{request['query']}" if request["query"] else request["path"]
    sent = request["sent"]
    if request["names_it"]:
        sent = {**sent, "HTTP_IF_NONE_MATCH": ask("GET", target, of=django, **sent).headers.get("ETag", '"none"')}
    by_django = ask(request["method"], target, of=django, **sent)
    for _ in range(3):
        assert [*differing(by_django, asked.ask(target, request["method"], **sent))] == []


def test_every_address_is_answered_the_same_in_every_coding_first_and_again_and_from_release_to_release(
    asked: Asked, partner_keys: None
) -> None:
    for number in (3, 4):
        for path in (*PATHS, *PAGES):
            for coding in ("identity", *CODINGS):
                sent: dict[str, Any] = {"HTTP_ACCEPT_ENCODING": coding}
                whole_answer = ask("GET", path, of=django, **sent)
                named = {**sent, "HTTP_IF_NONE_MATCH": whole_answer.headers.get("ETag", "")}
                for more in (sent, named, {**sent, "HTTP_AUTHORIZATION": f"Bearer {SAMPLE}"}):
                    for method in ("GET", "HEAD"):
                        by_django = ask(method, path, of=django, **more)
                        again = [asked.ask(path, method, **more) for _ in range(2)]
                        assert [each for answer in again for each in differing(by_django, answer)] == [], (path, more)
        freeze(number, f"As the first, {number}", {**Release.objects.get(number=1).content(), "faqs": []})


def test_what_lasts_is_asked_of_django_once(asked: Asked) -> None:
    first = asked.ask()
    etag = first.headers["ETag"]
    assert {asked.ask().body for _ in range(3)} == {first.body}
    assert [asked.ask(HTTP_IF_NONE_MATCH=etag).status for _ in range(3)] == [304] * 3
    assert {asked.ask(method="HEAD").body for _ in range(3)} == {first.body}  # which the server leaves out
    assert asked.times == 3


@pytest.mark.usefixtures("security_contact")
@pytest.mark.parametrize(
    ("path", "more"),
    [
        *((path, {}) for path in ("/v1/whoami", "/livez", "/readyz", "/v1/nowhere", "/v1/areas?colour=red")),
        *((path, {}) for path in ("/static/api/page.css", "/.well-known/security.txt")),
        ("/", {"HTTP_ACCEPT": "text/html"}),  # which names the host, and is this client's own
        ("/guides/errors", {}),  # as do guides
        (f"{AREAS}?q={'a' * 150}", {"HTTP_ACCEPT": f"application/json, {'a/b, ' * 200}"}),  # by a key that is too long
        ("/v1/releases/1/diff/2", {}),  # which counts as many requests as there are named plans
        (AREAS, {"HTTP_ACCEPT_ENCODING": "identity;q=0, *;q=0"}),
        (AREAS, {"HTTP_HOST": "another.example"}),
    ],
)
def test_what_does_not_last_is_asked_of_django_each_time(asked: Asked, path: str, more: dict[str, Any]) -> None:
    assert [asked.ask(path, **more).status for _ in range(3)]
    assert asked.times == 3


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "get", "TRACE"])
def test_what_does_not_read_is_asked_of_django(ready: Asked, method: str) -> None:
    assert [ready.ask(method=method).status for _ in range(2)]
    assert ready.times == 2


def test_a_request_has_an_id_of_its_own(ready: Asked) -> None:
    ids = {ready.ask().headers["X-Request-ID"] for _ in range(20)}
    assert len(ids) == 20
    assert ready.ask(HTTP_X_REQUEST_ID="partner-4711").headers["X-Request-ID"] == "partner-4711"
    assert ready.ask(HTTP_X_REQUEST_ID="no id").headers["X-Request-ID"] != "no id"
    assert ready.times == 0


def test_headers_that_are_too_large_are_refused_with_words(ready: Asked) -> None:
    for length, status in ((MOST_OF_HEADERS // 2, 200), (MOST_OF_HEADERS, 431)):
        assert ready.ask(HTTP_X_LONG="a" * length).status == status


def test_the_size_of_headers_is_that_of_all_wherever_they_stand() -> None:
    headers = {"HTTP_A": "12", "HTTP_BC": "3"}
    assert size_of_headers({"HTTP_B": "4", "PATH_INFO": "/", **headers}) == 23
    assert size_of_headers({"SERVER_SOFTWARE": "Granian", "PATH_INFO": "/", **headers}) == 16  # which puts them last


# Who asks.


def test_hits_and_misses_take_from_one_quota_and_then_it_is_a_429(asked: Asked, settings: LazySettings) -> None:
    settings.RATE_ANONYMOUS = 4
    me = {"REMOTE_ADDR": "192.0.2.1"}
    asked = Asked()
    answers = [asked.ask(**me) for _ in range(3)]
    assert [left(answer) for answer in answers] == [3, 2, 1]
    etag = answers[0].headers["ETag"]
    assert [left(asked.ask(HTTP_IF_NONE_MATCH=etag, **me)) for _ in range(5)] == [1] * 5  # which cost nothing
    assert left(asked.ask("/v1/nowhere", **me)) == 0
    asked.times = 0
    for more in ({}, {"HTTP_IF_NONE_MATCH": etag}):
        refused = asked.ask(**more, **me)
        assert (refused.status, left(refused)) == (429, 0)
    assert asked.times == 2
    assert left(asked.ask(REMOTE_ADDR="192.0.2.2")) == 3


def test_a_client_behind_a_proxy_is_counted_by_what_the_proxy_says(settings: LazySettings) -> None:
    for peer, trusted, expected in (
        ("127.0.0.1", [], [8, 7, 6]),
        ("127.0.0.2", [ip_network("127.0.0.2/32")], [9, 9, 8]),
    ):
        settings.TRUSTED_PROXIES, settings.RATE_ANONYMOUS = trusted, 10
        asked = Asked()
        asked.ask(REMOTE_ADDR=peer)
        hops = ("198.51.100.1", f"{'1.2.3.4, ' * 50}198.51.100.2", "198.51.100.1")
        answers = [asked.ask(REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=each) for each in hops]
        assert [left(answer) for answer in answers] == expected


def bearer(key: str) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"Bearer {key}"}


@pytest.mark.usefixtures("partner_keys")
def test_a_key_is_looked_up_for_what_is_ready_and_counted_by_its_partner(ready: Asked) -> None:
    first = ready.ask(**bearer(SAMPLE))
    for scheme in ("Bearer", "bearer", "BEARER"):
        again = ready.ask(HTTP_AUTHORIZATION=f"{scheme} {SAMPLE}")
        assert again.headers["RateLimit-Policy"].startswith('"test"')
    assert left(again) == left(first) - 3
    assert ready.times == 0
    assert [ready.ask("/docs", **bearer("nobody's")).status for _ in range(2)] == [200, 200]
    ready.times = 0
    for wrong in (f"Bearer {SAMPLE[:-1]}", f"Token {SAMPLE}", "Bearer", f"Bearer  {SAMPLE}"):
        assert ready.ask(HTTP_AUTHORIZATION=wrong).status == 401
    assert ready.times == 4


@pytest.mark.usefixtures("specimen")
def test_a_key_that_lacks_the_scope_or_has_ended_gets_nothing_that_is_ready(ready: Asked) -> None:
    stored(SAMPLE, scopes="validate")
    ended = stored(READER, scopes="content")
    assert ready.ask(**bearer(READER)).status == 200
    for _ in range(2):
        refused = ready.ask(**bearer(SAMPLE))
        assert refused.status == 403
    PartnerKey.objects.filter(pk=ended.pk).update(revoked_at=timezone.now())
    until(lambda: ready.ask(**bearer(READER)).status == 401)


@pytest.mark.usefixtures("partner_keys", "keys_alone")
def test_where_nobody_is_answered_without_a_key_what_is_ready_is_not_either() -> None:
    asked = Asked()
    answers = [asked.ask(**bearer(SAMPLE)) for _ in range(3)]
    assert {answer.headers["Cache-Control"] for answer in answers} == {NEWEST.format(60).replace("public", "private")}
    assert asked.times < 3
    assert asked.ask().status == 401


# Until when.


def test_another_release_is_shown_at_once(ready: Asked) -> None:
    freeze(3, "As the first", Release.objects.get(number=1).content())
    assert [ready.ask().headers["Content-Release"] for _ in range(2)] == ["3", "3"]
    assert ready.times == 1


def test_on_another_day_other_reviews_may_be_overdue(ready: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    tomorrow = today() + 1
    monkeypatch.setattr("api.ready.today", lambda: tomorrow)
    assert [ready.ask().status for _ in range(2)] == [200, 200]
    assert ready.times == 1


@pytest.mark.parametrize("second", [0, 86399])
def test_what_says_something_else_from_midnight_on_is_asked_of_django_until_then(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, second: int
) -> None:
    due = releases.current().content["areas"][0]["review_due"]
    last = datetime.fromisoformat(f"{due}T00:00:00+00:00") + timedelta(seconds=second)
    monkeypatch.setattr(ContractView, "now", lambda self: last)
    assert [asked.ask().status for _ in range(3)] == [200] * 3
    assert asked.times == 3


def test_what_was_made_while_another_release_became_the_newest_is_not_kept(asked: Asked) -> None:
    content = Release.objects.get(number=1).content()
    asked.meanwhile = lambda: freeze(3, "Meanwhile", content)
    assert asked.ask().headers["Content-Release"] == "2"
    asked.meanwhile = lambda: None
    assert asked.ask().headers["Content-Release"] == "3"


def prepare(asked: Asked, newest: releases.Newest) -> None:
    """Have the layer prepare a release."""
    with connection_kept():
        asked.layer.prepare(newest)


def test_what_is_asked_for_again_and_again_is_ready_before_a_release_is_the_newest(
    ready: Asked, caplog: pytest.LogCaptureFixture, scrape: Scrape
) -> None:
    before = left(ready.ask(REMOTE_ADDR="203.0.113.1"))
    now = releases.newest()
    coming = releases.Newest(FrozenRelease(3, now.release.published_at, "", "3" * 64, now.release.content), now.history)
    caplog.clear()
    counted = scrape()
    prepare(ready, coming)
    assert (caplog.records, scrape()) == ([], counted)
    [key] = ready.layer.shelf.hottest(9)
    assert dict(ready.layer.next_shelf.by_key[key].headers)["Content-Release"] == "3"
    assert left(ready.ask(REMOTE_ADDR="203.0.113.1")) == before - 1
    assert ready.ask().headers["Content-Release"] == "2"  # not yet


def test_what_is_prepared_is_what_is_shown_next(ready: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    ready.ask()
    coming = releases.newest()._replace(history=[])
    prepare(ready, coming)
    monkeypatch.setattr(releases, "known", lambda: coming)
    ready.times = 0
    assert ready.ask().status == 200
    assert ready.times == 0
    prepare(ready, coming)  # as at the start, when it is the newest already
    assert ready.layer.next_shelf is ready.layer.shelf


def test_before_anything_was_answered_plain_addresses_are_compressed_alone(asked: Asked) -> None:
    prepare(asked, releases.newest())
    assert asked.layer.next_shelf.by_key == {}


def test_behind_a_proxy_that_ends_tls_plain_addresses_are_prepared_as_it_asks(
    ready: Asked, behind_proxy: None, settings: LazySettings
) -> None:
    prepare(ready, releases.newest()._replace(history=[]))
    assert len(ready.layer.next_shelf.by_key) > 30


@pytest.mark.parametrize("coding", CODINGS)
def test_the_bundle_is_compressed_before_anybody_asks_for_it(ready: Asked, coding: str) -> None:
    prepare(ready, releases.newest())
    ready.times = 0
    answer = ready.ask("/v1/releases/2/bundle", SCRIPT_NAME="", HTTP_ACCEPT="*/*", HTTP_ACCEPT_ENCODING=coding)
    assert answer.headers["Content-Encoding"] == coding
    assert ready.times == 0


def test_a_failure_is_not_kept_whatever_marked_it(ready: Asked) -> None:
    [entry] = ready.layer.shelf.by_key.values()
    shelf = Shelf(None)
    keep(shelf, ("GET",), ("500 Internal Server Error", []), b"", entry.lasting, entry.counters)
    assert shelf.by_key == {}


# Who is told.


def test_hits_are_told_in_one_line_and_counted(ready: Asked, caplog: pytest.LogCaptureFixture, scrape: Scrape) -> None:
    caplog.set_level(logging.INFO)
    caplog.clear()
    for _ in range(3):
        ready.ask()
    assert caplog.records == []
    ready.layer.tell_of_hits()
    ready.layer.tell_of_hits()
    [record] = caplog.records
    told = {name: getattr(record, name) for name in ("method", "route", "status", "release", "partner", "requests")}
    assert record.getMessage() == "requests"
    assert told == {"method": "GET", "route": "areas", "status": 200, "release": 2, "partner": None, "requests": 3}
    assert scrape()[labelled("sclero_requests_total", method="GET", route="areas", status="200")] == 3


def test_hits_are_not_counted_where_nobody_counts(ready: Asked) -> None:
    ready.ask("/docs")
    ready.ask("/docs")  # of no release
    ready.layer.tell_of_hits()
    assert not ready.layer.hits


def test_at_debug_each_hit_is_a_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        asked = Asked()
        answers = [asked.ask() for _ in range(3)]
        asked.layer.tell_of_hits()
    records = [record.__dict__ for record in caplog.records if record.name == "api.ready"]
    assert [record["request_id"] for record in records] == [each.headers["X-Request-ID"] for each in answers[1:]]


@pytest.mark.usefixtures("partner_keys")
def test_the_day_of_use_of_a_key_is_told_afterwards(ready: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        ready.ask(**bearer(SAMPLE))
    PartnerKey.objects.update(last_used_on=None)
    monkeypatch.setattr("api.ready.keyring", Keyring())
    ready.layer.tell_of_hits()
    assert [*PartnerKey.objects.exclude(last_used_on=None).values_list("id", flat=True)] == [SAMPLE[9:19]]


def test_the_background_goes_on_after_what_nobody_foresaw(asked: Asked, caplog: pytest.LogCaptureFixture) -> None:
    asked.layer.to_prepare.put(releases.newest())
    asked.layer.shelf = None  # type: ignore[assignment]  # so that preparing fails
    asked.layer.begin()
    until(lambda: [record.getMessage() for record in caplog.records] == ["work_failed"])
    asked.layer.ended.set()
