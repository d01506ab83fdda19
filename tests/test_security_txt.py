"""`/.well-known/security.txt` (RFC 9116): who is told of a weakness, where somebody is."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.test import Client

PATH = "/.well-known/security.txt"


@pytest.mark.parametrize("contact", ["mailto:security@example.org", "https://example.org/security"])
def test_it_names_the_contact_and_when_it_expires(client: Client, settings: LazySettings, contact: str) -> None:
    settings.SECURITY_CONTACT = contact
    response = client.get(PATH)
    assert (response.status_code, response["Content-Type"]) == (200, "text/plain; charset=utf-8")
    fields = [line.split(": ", 1) for line in response.content.decode().splitlines()]
    told = dict(fields)
    assert len(told) == len(fields)  # RFC 9116 has `Expires` and `Preferred-Languages` once at most
    assert told["Contact"] == contact
    assert told.keys() == {"Contact", "Expires", "Preferred-Languages"}
    expires = datetime.fromisoformat(told["Expires"])
    assert timedelta(days=90) < expires - datetime.now(UTC) < timedelta(days=365)


@pytest.mark.usefixtures("security_contact")
def test_it_is_the_same_all_day(client: Client) -> None:
    first = client.get(PATH)
    assert re.search(r"^Expires: \d{4}-\d\d-\d\dT00:00:00Z$", first.content.decode(), re.MULTILINE)
    assert client.get(PATH, headers={"If-None-Match": first["ETag"]}).status_code == 304


@pytest.mark.usefixtures("security_contact")
def test_it_is_for_pages_and_programs_of_any_kind(client: Client) -> None:
    for accept in ("text/html,*/*;q=0.8", "application/json", "text/plain"):
        response = client.get(PATH, HTTP_ACCEPT=accept)
        assert response["Content-Type"] == "text/plain; charset=utf-8"
        assert response["Access-Control-Allow-Origin"] == "*"


def test_without_a_contact_there_is_none(client: Client) -> None:
    response = client.get(PATH)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.usefixtures("security_contact")
@pytest.mark.parametrize("path", ["/security.txt", "/.well-known/security.txt/", "/.well-known/", "/.well-known/x"])
def test_it_is_at_no_other_address(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404
