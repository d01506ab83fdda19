"""The page for people: what a browser shows at `/`."""

import re
from html import unescape

from django.test import Client

from api.releases import FrozenRelease
from api.serializers import FACTS


def page_at(client: Client, path: str) -> str:
    """The page, as a browser asks for it."""
    response = client.get(path, HTTP_ACCEPT="text/html")
    assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8")
    return response.content.decode()


def test_the_page_for_people_shows_the_two_limits_of_the_article(client: Client) -> None:
    page = page_at(client, "/")
    [limits] = re.findall(r'<dl class="limits">(.*?)</dl>', page, re.DOTALL)
    shown = re.findall(r'<dt><a href="/facts/limits#([^"]+)">[^<]+</a></dt><dd>([^<]+)</dd>', limits)
    assert shown == [("clinic-session-volume-max", "10 mL"), ("clinic-vial-count-max", "5 vials")]


def test_the_page_for_people_lists_every_resource_with_what_it_has(client: Client) -> None:
    page = page_at(client, "/")
    rows = re.findall(r'<td role="cell"><a href="([^"]+)">[^<]+</a></td><td role="cell">([^<]+)</td></tr>', page)
    of_facts = sorted((f"/v1/{name}", resource.text) for name, resource in FACTS.items())
    assert [(path, unescape(text)) for path, text in rows[:-1]] == of_facts
    assert rows[-1][0] == "/v1/releases"


def test_the_page_for_people_names_the_release_and_the_address_that_was_asked(
    client: Client, release: FrozenRelease
) -> None:
    page = page_at(client, "/")
    assert f"Release {release.number} ·" in page
    assert "curl -s http://localhost/v1/session-plans/validate" in page


def test_the_page_for_people_is_kept_by_their_browser_alone_and_for_a_minute(client: Client) -> None:
    response = client.get("/", HTTP_ACCEPT="text/html")
    assert (response["Cache-Control"], response["Vary"]) == ("private, max-age=60", "Accept, Accept-Encoding")


def test_a_program_gets_the_entry_where_people_get_the_page(client: Client) -> None:
    index = client.get("/", HTTP_ACCEPT="application/json")
    assert index.json() == client.get("/v1").json()
    assert "Accept" in index["Vary"]


def test_the_terms_and_the_contact_are_on_the_page_for_people(client: Client) -> None:
    page = page_at(client, "/")
    assert '<h2 id="terms">' in page
    assert '<h3 id="contact">' in page
