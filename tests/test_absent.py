"""One rule for what is absent: null, in every answer, whichever version of the service froze it; no text is empty."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from api.models import Area, Source
from api.publishing import publish
from api.releases import FrozenRelease, current
from tests.conftest import SPECIMEN, freeze
from tests.plans import VALIDATE, clinic_plan, plan, post
from tests.test_openapi import DOCUMENT
from tests.test_routes import BODIES, PAGES, ROUTES, path_of

# A JSON Pointer to the whole document is the empty text (RFC 6901), which is a value.
VALUES = ("pointer",)


def empty_texts(node: Any, where: str = "") -> Iterator[str]:
    """Where a document has an empty text."""
    if node == "" and where.rpartition("/")[2] not in VALUES:
        yield where
    for name, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from empty_texts(child, f"{where}/{name}")


NOT_JSON = {*PAGES, "feed", "openapi"}
AS_FROZEN = {"bundle", "changes", "diff"}  # the very rows of which the digest is


@pytest.mark.parametrize("name", sorted(ROUTES.keys() - NOT_JSON))
def test_no_answer_has_an_empty_text(client: Client, release: FrozenRelease, name: str) -> None:
    path = path_of(name, release)
    answer = post(client, BODIES[name], path) if name in BODIES else client.get(path, HTTP_ACCEPT="application/json")
    assert answer.status_code == 200
    assert list(empty_texts(answer.json())) == []


def test_no_answer_to_a_named_plan_or_to_a_bad_one_has_an_empty_text(client: Client, release: FrozenRelease) -> None:
    for body in (*(row["plan"] for row in release.content["plan-examples"]), plan(), clinic_plan("x"), {}, [], ""):
        assert list(empty_texts(post(client, body).json())) == []
    assert list(empty_texts(client.get("/v1/session-limits/resolve?product=fibrovein&jurisdiction=GB").json())) == []


def test_what_an_earlier_version_froze_as_empty_is_read_as_null(client: Client, nothing_published: None) -> None:
    frozen = SPECIMEN.read_text("utf-8").replace('"note": null', '"note": ""')
    assert '"note": ""' in frozen
    freeze(1, "As an earlier version had it", json.loads(frozen))
    for name in ROUTES.keys() - BODIES.keys() - NOT_JSON - AS_FROZEN:
        answer = client.get(path_of(name, current()), HTTP_ACCEPT="application/json")
        assert list(empty_texts(answer.json())) == [], name
    assert list(empty_texts(post(client, clinic_plan(), f"{VALIDATE}?release=1").json())) == []


def test_a_text_that_is_emptied_is_published_as_null(small_content: None, client: Client) -> None:
    Source.objects.filter(slug="article").update(url="", published="", publisher="", note="")
    Area.objects.filter(slug="leg").update(caution="")
    publish("Less is known")
    article = client.get("/v1/sources/article").json()
    assert [article[name] for name in ("url", "published", "publisher", "note")] == [None] * 4
    assert client.get("/v1/areas/leg").json()["caution"] is None


def test_the_document_says_which_texts_may_be_null() -> None:
    shapes = DOCUMENT["components"]["schemas"]
    nullable = {"Source": ("url", "published", "publisher", "note"), "Area": ("caution",), "Citation": ("note",)}
    for shape, members in nullable.items():
        assert all(shapes[shape]["properties"][member]["type"] == ["string", "null"] for member in members)
