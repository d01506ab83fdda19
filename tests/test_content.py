"""The GET side: lists, details, filters, paging, ETag, pinning."""

import re
from typing import Any

import pytest
from django.test import Client

from api.models import Area
from api.parsers import SLUG
from api.publishing import publish
from api.serializers import RESOURCES
from api.views.contract import NEWEST
from tests.plans import pages

PATHS = [f"/v1/{name}" for name in RESOURCES if name != "plan-examples"] + ["/v1/session-plans/examples"]


def slugs(body: dict[str, Any]) -> list[str]:
    return [row["slug"] for row in body["items"]]


@pytest.mark.parametrize("path", PATHS)
def test_a_list_is_an_object_with_items_in_order(client: Client, path: str) -> None:
    response = client.get(path)
    body = response.json()
    assert slugs(body) == sorted(slugs(body))
    assert body["total"] == len(body["items"]) > 0
    assert body["next"] is None
    assert body["content_status"] == "draft for clinical review"
    assert response["Content-Release"] == str(body["release"]) == "1"


@pytest.mark.parametrize("path", [path for path in PATHS if "session-plans" not in path])
def test_a_detail_is_the_row_of_the_list(client: Client, path: str) -> None:
    row = client.get(path).json()["items"][-1]
    detail = client.get(f"{path}/{row['slug']}").json()
    assert row.items() <= detail.items()
    assert client.get(f"{path}/nothing-of-that-name").json()["code"] == "not_found"


@pytest.mark.parametrize("path", [*PATHS, "/v1", "/v1/releases", "/v1/releases/1", "/v1/session-limits/face-excluded"])
def test_a_representation_has_a_strong_etag_and_answers_304(client: Client, path: str) -> None:
    first = client.get(path)
    etag = first["ETag"]
    assert etag.startswith('"')
    for sent in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        again = client.get(path, HTTP_IF_NONE_MATCH=sent, HTTP_CACHE_CONTROL="no-cache")
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
        assert (again["Content-Release"], again["Cache-Control"]) == ("1", first["Cache-Control"])
    assert client.get(path, HTTP_IF_NONE_MATCH='"other"').status_code == 200


@pytest.mark.parametrize("path", [*PATHS, "/v1/areas/leg", "/v1/coverage", "/v1/session-limits/resolve"])
def test_the_newest_release_is_kept_for_a_minute_and_a_pinned_one_for_a_day(client: Client, path: str) -> None:
    assert client.get(path)["Cache-Control"] == NEWEST.format(60)
    assert client.get(f"{path}?release=1")["Cache-Control"] == "public, max-age=86400, immutable"


def test_what_a_release_holds_is_kept_for_a_day_and_which_there_are_for_a_minute(client: Client) -> None:
    for path in ("/v1/releases/1", "/v1/releases/1/vectors?limit=1"):
        assert client.get(path)["Cache-Control"] == "public, max-age=86400, immutable"
    for path in ("/v1", "/v1/releases"):
        assert client.get(path)["Cache-Control"] == NEWEST.format(60)


def test_the_clinics_limits_show_ten_ml_and_five_vials(client: Client) -> None:
    rows = client.get("/v1/session-limits?rule_set=clinic").json()["items"]
    shown = {row["slug"]: (row["value"], row["unit"], row["severity"], row["status"]) for row in rows}
    assert shown["clinic-session-volume-max"] == ("10", "mL", "error", "disputed")
    assert shown["clinic-vial-count-max"] == ("5", "{vial}", "error", "disputed")


def test_unconfirmed_limits_have_no_number(client: Client) -> None:
    rows = client.get("/v1/session-limits").json()["items"]
    unconfirmed = [row for row in rows if row["status"] == "unconfirmed"]
    assert unconfirmed
    assert all(row["value"] is None and row["values"] == [] for row in unconfirmed)


@pytest.mark.parametrize(
    ("query", "member", "values"),
    [
        ("product=asclera", "product", {"asclera", None}),
        ("jurisdiction=DE", "jurisdiction", {"DE"}),
        ("rule_set=guideline", "rule_set", {"guideline"}),
        ("quantity=session-volume", "quantity", {"session-volume"}),
        ("form=foam", "form", {"foam"}),
        ("vein_type=telangiectasia", "vein_type", {"telangiectasia"}),
        ("area=ankle", "area", {"ankle"}),
    ],
)
def test_limits_are_filtered(client: Client, query: str, member: str, values: set[str | None]) -> None:
    rows = client.get(f"/v1/session-limits?{query}").json()["items"]
    assert {row[member] for row in rows} == values
    assert {row["sclerosant"] for row in rows if row["product"] is None and member == "product"} <= {"polidocanol"}


def test_filters_narrow_together(client: Client) -> None:
    rows = client.get("/v1/session-limits?product=asclera&quantity=session-volume&jurisdiction=US").json()
    assert slugs(rows) == [
        "asclera-session-volume-caution",
        "asclera-session-volume-max",
    ]


@pytest.mark.parametrize(
    ("query", "parameter", "code"),
    [
        ("bogus=1", "bogus", "unknown_parameter"),
        ("limit=1&limit=2", "limit", "doubled_parameter"),
        ("limit=0", "limit", "out_of_range"),
        ("limit=1001", "limit", "out_of_range"),
        ("limit=\u0661", "limit", "out_of_range"),
        ("product=asclear", "product", "unknown_slug"),
        ("product=%00", "product", "not_a_text"),
        ("product=%zz", "product", "not_a_text"),
        ("product=%", "product", "not_a_text"),
        ("product=%ff", "product", "not_a_text"),
        ("product=%ed%a0%80", "product", "not_a_text"),
        ("product=%0a", "product", "not_a_text"),
        ("product=%7f", "product", "not_a_text"),
        ("product=%c2%85", "product", "not_a_text"),
        ("colour=%zz&colour=%00", "colour", "unknown_parameter"),
        ("limit=%zz&limit=1", "limit", "doubled_parameter"),
        ("%zz=1", "?", "unknown_parameter"),
        ("release=%31%00", "release", "not_a_text"),
        ("jurisdiction=us", "jurisdiction", "not_a_choice"),
        ("release=x", "release", "out_of_range"),
        ("release=0", "release", "out_of_range"),
        ("after=", "after", "not_a_slug"),
        ("&".join(f"a{k}=1" for k in range(101)), "?", "too_many_parameters"),
        ("&".join(f"a{k}=1" for k in range(1000)), "?", "too_many_parameters"),
        ("%3Cscript%3E=1", "?", "unknown_parameter"),
    ],
)
def test_a_wrong_parameter_is_a_400_that_names_it(client: Client, query: str, parameter: str, code: str) -> None:
    response = client.get(f"/v1/session-limits?{query}")
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert (error["parameter"], error["code"]) == (parameter, code)


@pytest.mark.parametrize(
    "cursor", ["LEG", "%00", "%ff", "/", "%2F", "leg%20", "leg-", "-", "a--b", "a:", "l%C3%A9g", "a" * 201]
)
@pytest.mark.parametrize("path", [*PATHS, "/v1/coverage", "/v1/releases", "/v1/releases/1/vectors"])
def test_a_cursor_that_is_no_slug_is_refused(client: Client, path: str, cursor: str) -> None:
    response = client.get(f"{path}?limit=2&after={cursor}")
    assert (response.status_code, response.json()["code"]) == (400, "invalid_query")
    [error] = response.json()["errors"]
    assert error["parameter"] == "after"


@pytest.mark.parametrize("path", [*PATHS, "/v1/coverage", "/v1/releases/1/vectors"])
def test_every_row_is_a_cursor(client: Client, path: str) -> None:
    rows = client.get(path).json()["items"]
    for row in rows:
        assert re.fullmatch(SLUG, row["slug"])
        assert len(row["slug"]) <= 200
    assert client.get(f"{path}?after={rows[0]['slug']}&limit=1").json()["items"] == rows[1:2]


def test_the_last_page_has_no_next_also_where_it_is_full(client: Client) -> None:
    total = client.get("/v1/areas").json()["total"]
    assert client.get(f"/v1/areas?limit={total}").json()["next"] is None
    assert client.get(f"/v1/areas?limit={total - 1}").json()["next"] is not None


def test_words_are_sent_as_they_are_or_percent_encoded(client: Client) -> None:
    asked = ("q=30%25+walk", "q=walk%2030%25", "q=walk+30%25&", "&q=walk+30%25")
    assert len({client.get(f"/v1/faqs?{query}").json()["total"] for query in asked}) == 1
    assert client.get("/v1/faqs?q=\u00e9").status_code == client.get("/v1/faqs?q=%C3%A9").status_code == 200


def test_a_release_that_is_not_there_is_told_where_the_rest_of_the_query_can_be_read(client: Client) -> None:
    assert client.get("/v1/areas?release=9999").json()["code"] == "release_not_found"
    for query in ("release=9999&release=1", "release=9999&x=1"):
        wrong = client.get(f"/v1/areas?{query}")
        assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid_query")


def test_all_wrong_parameters_are_named_at_once(client: Client) -> None:
    errors = client.get("/v1/session-limits?foo=1&limit=x&rule_set=labels").json()["errors"]
    assert {error["parameter"] for error in errors} == {"foo", "limit", "rule_set"}
    assert next(error for error in errors if error["parameter"] == "rule_set")["did_you_mean"] == "label"


def test_pages_belong_together_and_hold_every_row_once(client: Client) -> None:
    seen: list[str] = []
    for body in pages(client, "/v1/sources?limit=50"):
        seen += slugs(body)
        assert body["next"] is None or "release=1" in body["next"]
    assert seen == slugs(client.get("/v1/sources").json())


def test_a_pinned_release_stays_as_it_was(small_content: None, client: Client) -> None:
    Area.objects.filter(slug="leg").update(name="The leg")
    publish("A better name")
    assert client.get("/v1/areas/leg").json()["name"] == "The leg"
    pinned = client.get("/v1/areas/leg?release=1")
    assert (pinned.json()["name"], pinned["Content-Release"]) == ("Leg", "1")
    assert "immutable" in pinned["Cache-Control"]
    assert client.get("/v1/areas?release=3").json()["code"] == "release_not_found"
    releases = client.get("/v1/releases").json()
    assert [row["number"] for row in releases["items"]] == [1, 2]
    paged = client.get("/v1/releases?limit=1").json()
    assert client.get(paged["next"]).json()["items"] == releases["items"][1:]
    assert client.get("/v1/releases/2").json()["note"] == "A better name"


def test_a_content_get_asks_the_database_one_question(client: Client, django_assert_num_queries: Any) -> None:
    client.get("/v1/session-limits")
    with django_assert_num_queries(1):
        client.get("/v1/session-limits")


def test_the_entry_names_the_release_the_licence_and_what_this_is_not(client: Client) -> None:
    body = client.get("/v1").json()
    assert body["release"]["number"] == 1
    assert "Not medical advice" in body["notice"]
    for link in body["links"].values():
        posts = link in ("/v1/session-plans/validate", "/v1/session-plans/validate-batch", "/v1/session-plans/compare")
        assert client.get(link).status_code == (405 if posts else 400 if link == "/v1/search" else 200)
