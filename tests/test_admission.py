"""What requests cost, who is refused, and what each answer says of it."""

import json
from ipaddress import ip_network
from typing import Any

import pytest
from django.conf import LazySettings
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from api.admission import Admission
from api.keys import Caller
from api.releases import FrozenRelease
from tests.plans import VALIDATE, clinic_plan, post

BATCH, COMPARE = f"{VALIDATE}-batch", "/v1/session-plans/compare"
RATE = 5
pytestmark = pytest.mark.usefixtures("specimen")


@pytest.fixture(autouse=True)
def rate(settings: LazySettings) -> None:
    """Five requests a minute without a key, ten with one."""
    settings.RATE_ANONYMOUS, settings.RATE_KEYED = RATE, 2 * RATE


def statuses(client: Client, times: int, path: str = "/v1/areas", **sent: str) -> list[int]:
    return [client.get(path, **sent).status_code for _ in range(times)]  # type: ignore[arg-type]


def left(response: Any) -> int:
    """What an answer says is left."""
    name, remaining, seconds = response["RateLimit"].split(";")
    assert name == response["RateLimit-Policy"].partition(";")[0]
    assert 1 <= int(seconds.removeprefix("t=")) <= 60
    return int(remaining.removeprefix("r="))


def test_each_answer_says_what_is_left_and_the_one_after_the_last_is_refused(client: Client) -> None:
    paths = ["/v1/areas", "/v1/nowhere", "/", "/docs", "/v1/areas?colour=red"]
    assert [left(client.get(path)) for path in paths] == [4, 3, 2, 1, 0]
    refused = client.get("/v1/areas")
    assert (refused.status_code, refused["Content-Type"]) == (429, "application/problem+json")
    assert refused.json()["code"] == "rate_limited"
    assert "5 requests in 60 seconds" in refused.json()["detail"]
    assert left(refused) == 0
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert refused["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["get", "head", "post", "put", "options", "trace"])
def test_every_method_counts(client: Client, method: str) -> None:
    assert [left(getattr(client, method)("/v1/areas")) for _ in range(2)] == [4, 3]


def test_a_request_for_another_host_and_one_over_plain_http_count(client: Client, behind_proxy: None) -> None:
    assert left(client.get("/v1/areas", HTTP_HOST="another.example")) == 4
    assert left(client.get("/v1/areas")) == 3


def test_whoever_says_to_have_anything_pays_for_being_told_nothing(client: Client) -> None:
    every = [client.get("/v1/areas", HTTP_IF_NONE_MATCH=sent) for sent in ("*", " * ", "*", "*", "*", "*")]
    assert [response.status_code for response in every] == [304] * RATE + [429]


def test_logins_have_a_rate_of_their_own(client: Client, settings: LazySettings) -> None:
    settings.RATE_ANONYMOUS, settings.ADMIN = 1000, True
    every = [client.post("/admin/login/") for _ in range(11)]
    assert [response.status_code for response in every] == [404] * 10 + [429]
    assert every[0]["RateLimit-Policy"] == '"login";q=10;w=60'
    assert client.get("/admin/login/")["RateLimit-Policy"] == '"anonymous";q=1000;w=60'


def test_health_static_files_and_preflights_are_free(client: Client) -> None:
    assert statuses(client, RATE + 1)[-1] == 429
    asked = {"HTTP_ORIGIN": "https://app.example", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET"}
    for response in (
        client.get("/livez"),
        client.get("/readyz"),
        client.get("/static/api/page.css"),
        client.options("/v1/areas", **asked),  # type: ignore[arg-type]
    ):
        assert response.status_code == 200
        assert "RateLimit" not in response
        response.close()


@pytest.mark.parametrize("path", ["/livez/", "/livezz", "/v1/static/x", "/statics"])
def test_what_only_looks_free_counts(client: Client, path: str) -> None:
    assert statuses(client, RATE + 1, path) == [404] * RATE + [429]


def test_a_304_costs_nothing(client: Client) -> None:
    first = client.get("/v1/areas")
    for _ in range(3 * RATE):
        again = client.get("/v1/areas", HTTP_IF_NONE_MATCH=first["ETag"])
        assert (again.status_code, left(again)) == (304, RATE - 1)
    assert left(client.get("/v1/areas", HTTP_IF_NONE_MATCH='"other"')) == RATE - 2


def test_addresses_have_quotas_of_their_own_and_a_subscriber_of_ipv6_has_one(client: Client) -> None:
    assert statuses(client, RATE + 1, REMOTE_ADDR="192.0.2.1") == [200] * RATE + [429]
    assert statuses(client, RATE + 1, REMOTE_ADDR="192.0.2.2") == [200] * RATE + [429]
    assert statuses(client, 1, REMOTE_ADDR="::ffff:192.0.2.2") == [429]
    assert [*(statuses(client, 1, REMOTE_ADDR=f"2001:db8::{k}") for k in range(1, RATE + 2))][-1] == [429]
    assert statuses(client, 1, REMOTE_ADDR="2001:db8:0:1::1") == [200]


def test_a_client_behind_a_proxy_is_counted_by_what_a_trusted_one_says(client: Client, settings: LazySettings) -> None:
    for number in range(RATE + 1):
        response = client.get("/v1/areas", HTTP_X_FORWARDED_FOR=f"192.0.2.{number}")
    assert response.status_code == 429
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.0/8")]
    for number in range(RATE + 1):
        sent = f"198.51.100.{number}, 203.0.113.9, 127.0.0.5"  # its own words, itself, and a proxy
        response = client.get("/v1/areas", HTTP_X_FORWARDED_FOR=sent)
    assert response.status_code == 429
    assert statuses(client, 1, HTTP_X_FORWARDED_FOR="203.0.113.10") == [200]


def test_the_keys_of_a_partner_share_a_rate_and_its_test_keys_another() -> None:
    admission = Admission(lambda request: HttpResponse())

    def send(caller: Caller, address: str) -> Any:
        request: HttpRequest = RequestFactory().get("/v1/areas", REMOTE_ADDR=address)
        request.caller = caller  # type: ignore[attr-defined]
        return admission(request)

    live = [Caller(partner="clinic", key=str(k)) for k in range(2 * RATE)]
    answers = [send(caller, f"192.0.2.{caller.key}") for caller in live]
    assert [left(answer) for answer in answers] == [*reversed(range(2 * RATE))]
    assert answers[0]["RateLimit-Policy"] == '"keyed";q=10;w=60'
    assert send(live[0], "192.0.2.99").status_code == 429
    test = Caller(partner="clinic", key="t", is_test=True)
    assert [send(test, "192.0.2.1").status_code for _ in range(RATE + 1)] == [200] * RATE + [429]
    assert send(Caller(partner="another", key="a"), "192.0.2.1").status_code == 200
    assert send(Caller(), "192.0.2.1")["RateLimit-Policy"] == '"anonymous";q=5;w=60'


def test_a_batch_counts_its_plans_and_is_not_judged_where_too_few_are_left(client: Client) -> None:
    plans = {"plans": [clinic_plan("8"), {}, clinic_plan("12")]}
    assert left(post(client, plans, BATCH)) == RATE - 3
    refused = post(client, plans, BATCH)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert "counts as 3 requests, and of 5 requests in 60 seconds 2 were left" in refused.json()["detail"]
    assert "Retry-After" in refused
    assert left(refused) == 1  # it was read, which counts as one
    assert left(post(client, {"plans": [{}]}, BATCH)) == 0


def test_a_comparison_counts_each_plan_under_both_releases(client: Client) -> None:
    body = {"plans": [clinic_plan("8"), clinic_plan("9")], "from_release": 1, "to_release": 2}
    assert left(post(client, body, COMPARE)) == RATE - 4
    refused = post(client, {**body, "from_release": 99}, COMPARE)
    assert (refused.status_code, left(refused)) == (429, 0)


def test_a_batch_that_never_fits_is_told_so(client: Client) -> None:
    refused = post(client, {"plans": [{}] * (RATE + 1)}, BATCH)
    assert refused.status_code == 429
    assert (
        "counts as 6 requests, and at most 5 requests in 60 seconds are taken: send fewer" in refused.json()["detail"]
    )
    assert left(post(client, {"plans": [{}] * (RATE - 1)}, BATCH)) == 0


def test_a_batch_that_cannot_be_read_counts_as_one(client: Client) -> None:
    for number, body in enumerate(({"plans": []}, {}, json.dumps({"plans": [{}] * 101}), "{")):
        response = post(client, body, BATCH)
        assert (response.status_code, left(response)) == (400, RATE - 1 - number)


def test_a_page_of_another_origin_may_read_why_it_is_refused(client: Client) -> None:
    assert statuses(client, RATE)[-1] == 200
    refused = client.get("/v1/areas", HTTP_ORIGIN="https://app.example")
    assert (refused.status_code, refused["Access-Control-Allow-Origin"]) == (429, "*")
    exposed = refused["Access-Control-Expose-Headers"].split(", ")
    assert {"RateLimit", "RateLimit-Policy", "Retry-After"} <= {*exposed}


def test_the_entry_and_the_page_for_people_say_the_rates(client: Client, release: FrozenRelease) -> None:
    rates = client.get("/v1").json()["rates"]
    assert [(rate["policy"], rate["requests"]) for rate in rates] == [("anonymous", 5), ("keyed", 10), ("test", 5)]
    assert "5 requests in 60 seconds" in client.get("/", HTTP_ACCEPT="text/html").content.decode()
