"""Coverage: what is known of each product where it is sold, and what is not. No cell of the grid is silent."""

from itertools import product as product_of_all

import pytest
from django.test import Client

from api.releases import FrozenRelease
from api.rules.book import Profile
from api.rules.coverage import KNOWLEDGE, QUESTIONS


def test_the_grid_has_a_row_for_each_product_country_form_and_vein_type(release: FrozenRelease) -> None:
    vein_types = [row["slug"] for row in release.content["vein-types"]]
    cells = {
        (row["slug"], jurisdiction, form, vein_type)
        for row in release.content["products"]
        for jurisdiction, form, vein_type in product_of_all(row["jurisdictions"] or [None], row["forms"], vein_types)
    }
    rows = [(row["product"], row["jurisdiction"], row["form"], row["vein_type"]) for row in release.coverage]
    assert len(rows) == len(cells)
    assert set(rows) == cells


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_cell_is_absent_in_silence(question: str, release: FrozenRelease) -> None:
    silent = [row["slug"] for row in release.coverage if not row[question]["limits"]]
    assert silent == []


def test_each_strength_of_each_cell_has_a_row_of_its_own_product(release: FrozenRelease) -> None:
    book = release.book
    for row in release.coverage:
        in_force = book.in_force(row["jurisdiction"] or "", frozenset(("label", "guideline", "policy")))
        product = book.products[row["product"]]
        for strength in product.strengths:
            shape = (product.slug, product.sclerosant, strength, row["form"], row["vein_type"], None, "calf", None)
            matches = in_force.match(Profile(*shape))
            for question, (measures, direction) in QUESTIONS.items():
                found = [
                    limit
                    for slug, rule in book.rules.items()
                    if rule.measure in measures and rule.topic
                    for limit in matches.of(slug).limits
                    if limit.names_product and limit.direction == direction
                ]
                assert found, (row["slug"], strength, question)


def test_a_cell_without_a_number_is_unconfirmed_and_one_with_a_label_confirmed(client: Client) -> None:
    [asclera] = items(client, "product=asclera&vein_type=telangiectasia")
    assert {question: asclera[question]["status"] for question in QUESTIONS} == dict.fromkeys(QUESTIONS, "confirmed")
    [wider] = items(client, "product=asclera&vein_type=saphenous-trunk")
    assert wider["strength"]["status"] == "unconfirmed"
    assert wider["volume"] == {"status": "confirmed", "limits": ["asclera-session-volume-max"]}
    foam = items(client, "product=fibrovein&jurisdiction=GB&form=foam")
    assert {row["volume"]["status"] for row in foam} <= set(KNOWLEDGE[1:])


def test_coverage_is_paged_pinned_and_refuses_what_it_does_not_know(client: Client) -> None:
    first = client.get("/v1/coverage?limit=2").json()
    assert [len(first["items"]), first["next"]] == [
        2,
        f"/v1/coverage?limit=2&after={first['items'][1]['slug']}&release=1",
    ]
    assert client.get(first["next"]).json()["items"][0]["slug"] > first["items"][1]["slug"]
    wrong = client.get("/v1/coverage?product=nothing&colour=red").json()
    assert {error["parameter"] for error in wrong["errors"]} == {"product", "colour"}
    response = client.get("/v1/coverage?release=1")
    assert response["Content-Release"] == "1"
    assert client.get("/v1/coverage?release=1", headers={"If-None-Match": response["ETag"]}).status_code == 304


def items(client: Client, query: str) -> list[dict[str, dict[str, object]]]:
    rows: list[dict[str, dict[str, object]]] = client.get(f"/v1/coverage?{query}").json()["items"]
    return rows
