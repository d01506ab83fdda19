"""What a client accepts decides which form it gets; what it sends must be what it says it is."""

import json

import pytest
from django.test import Client

from api.negotiation import coding_for, media_type_for
from tests.plans import VALIDATE, clinic_plan

BROWSERS = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
    "application/signed-exchange;v=b3;q=0.7",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "text/html, application/xhtml+xml, image/jxr, */*",
)
JSON, HTML = "application/json", "text/html"
# What is accepted, and what of JSON and HTML is sent, where JSON comes first in the house.
ACCEPTED = [
    ("", JSON),
    ("*/*", JSON),
    ("application/*", JSON),
    ("text/*", HTML),
    ("application/json;q=0.9, text/html;q=0.1", JSON),
    ("application/json;q=0.1, text/html;q=0.9", HTML),
    ("text/html;q=1, application/json;q=0.1", HTML),
    ("text/html;q=0.5, */*;q=0.4", HTML),
    ("text/html;q=0.4, */*;q=0.5", JSON),
    ("*/*;q=1, application/json;q=0.2", HTML),
    ("*/*, application/json;q=0", HTML),
    ("application/*;q=0, */*", HTML),
    ("text/*;q=0.3, text/html;q=0.7, */*;q=0.5", HTML),
    ("text/*;q=0.9, text/html;q=0.1, application/json;q=0.5", JSON),
    ("APPLICATION/JSON;Q=0.1, Text/HTML", HTML),
    ("application/json;charset=utf-8", JSON),
    ("application/json; indent=4", JSON),
    ("application/json;version=1;q=1, application/json;q=0.1, text/html;q=0.5", HTML),
    ('text/html;title="a, b;q=0", application/json;q=0.5', HTML),
    ('text/html;title="a \\" b', HTML),
    ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", HTML),  # the default of old Java
    ("text/html;q=0.001, application/json;q=0.000", HTML),
    ("text/html;q=2, application/json;q=0.1", JSON),  # no quality, so not there
    (";;;,,,", JSON),
    ("json", JSON),
    ("application/problem+json, application/json;q=0.9", JSON),
    ("application/json;q=0", None),
    ("*/*;q=0", None),
    ("text/html;q=0, application/json;q=0.0, */*", None),
    ("application/xml", None),
    ("application/problem+json", None),
    *((browser, HTML) for browser in BROWSERS),
]


@pytest.mark.parametrize(("accept", "sent"), ACCEPTED)
def test_the_form_is_chosen_by_weight_and_the_more_specific_range_speaks(accept: str, sent: str | None) -> None:
    assert media_type_for(accept, (JSON, HTML)) == sent


@pytest.mark.parametrize(("accept", "sent"), ACCEPTED)
def test_every_address_with_two_forms_chooses_so(client: Client, accept: str, sent: str | None) -> None:
    given = {"HTTP_ACCEPT": accept} if accept else {}
    for path in ("/v1/problems/not_found", "/"):
        # The page is the first form of `/`, so what prefers neither gets the page.
        first = HTML if path == "/" and media_type_for(accept, (HTML, JSON)) == HTML else sent
        response = client.get(path, **given)  # type: ignore[arg-type]
        assert response.status_code == (200 if sent else 406), path
        assert response["Content-Type"].partition(";")[0] == (first or "application/problem+json")
        assert "Accept" in response["Vary"].split(", ")


@pytest.mark.parametrize(("accept", "sent"), ACCEPTED)
def test_an_address_with_one_form_serves_it_to_all_who_take_it(client: Client, accept: str, sent: str | None) -> None:
    given = {"HTTP_ACCEPT": accept} if accept else {}
    response = client.get("/v1/rules/session-volume", **given)  # type: ignore[arg-type]
    takes = media_type_for(accept, (JSON,)) is not None
    assert response.status_code == (200 if takes else 406)
    assert response["Content-Type"] == ("application/json" if takes else "application/problem+json")


@pytest.mark.parametrize("accept", ["application/problem+json", "text/html", "image/png", "*/*;q=0"])
def test_a_problem_is_sent_whatever_is_accepted(client: Client, accept: str) -> None:
    response = client.get("/v1/nowhere", HTTP_ACCEPT=accept)
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    ("accepted", "sent"),
    [
        (None, "identity"),
        ("", "identity"),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP", "gzip"),
        ("deflate", "identity"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate, zstd", "zstd"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br;q=0, *", "zstd"),
        ("*", "br"),
        ("*;q=0.1", "br"),
        ("identity, *;q=0.1", "identity"),
        ("identity;q=0.5, gzip;q=0.4", "identity"),
        ("identity;q=0.4, gzip;q=0.5", "gzip"),
        ("identity;q=0, gzip", "gzip"),
        ("gzip;q=0", "identity"),
        ("gzip;q=nonsense", "identity"),
        ("identity;q=0", None),
        ("*;q=0", None),
        ("*;q=0, gzip;q=0", None),
        ("identity;q=0, br;q=0, gzip;q=0, zstd;q=0", None),
    ],
)
def test_a_coding_is_chosen_by_weight(accepted: str | None, sent: str | None) -> None:
    assert coding_for(accepted, ("br", "zstd", "gzip"), is_worth_it=True) == sent


@pytest.mark.parametrize(("accepted", "sent"), [("gzip", "identity"), ("identity;q=0, gzip", "gzip"), ("*;q=0", None)])
def test_a_small_body_is_compressed_only_for_a_client_that_takes_no_other(accepted: str, sent: str | None) -> None:
    assert coding_for(accepted, ("br", "gzip"), is_worth_it=False) == sent


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("Application/JSON", 200),
        ("application/json;", 200),
        ("application/json; charset=utf-8", 200),
        ("application/json; charset=UTF-8", 200),
        ("application/json; charset=utf8", 200),
        ('application/json; Charset="Utf_8"', 200),
        ("application/json; charset=csUTF8", 200),
        ("application/json; profile=x", 200),
        ('application/json; profile="; charset=utf-16"', 200),
        ("*/*", 415),
        ("application/*", 415),
        ("*/json", 415),
        ("", 415),
        (";charset=utf-8", 415),
        ("text/json", 415),
        ("application/problem+json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/json, application/json", 415),  # how a server shows two headers
        ("application/json,text/plain", 415),
        ("application/json; charset=utf-16", 415),
        ("application/json; charset=latin-1", 415),
        ("application/json; charset=", 415),
        ("application/json; charset=utf-8; charset=utf-16", 415),
        ("application/json; charset=hex", 415),
        ("application/json; charset=utf-7", 415),
    ],
)
@pytest.mark.parametrize("path", [VALIDATE, f"{VALIDATE}-batch", "/v1/session-plans/compare"])
def test_a_body_is_json_in_utf_8_and_says_so(client: Client, path: str, content_type: str, status: int) -> None:
    bodies = {VALIDATE: clinic_plan("8"), f"{VALIDATE}-batch": {"plans": [clinic_plan("8")]}}
    body = json.dumps(bodies.get(path, {"plans": [clinic_plan("8")], "from_release": 1}))
    response = client.generic("POST", path, body, content_type=content_type)
    assert response.status_code == status
    assert status == 200 or response.json()["code"] == "unsupported_media_type"
