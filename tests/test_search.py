"""What clinics type finds what they mean: by a table that a clinician can read, and by laws."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from api.releases import FrozenRelease
from api.search import LONGEST_EXCERPT, Hit, Index, around, members, terms_of, title_of
from api.views.contract import NEWEST

SEARCH = "/v1/search"
TABLE: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("searches.yaml").read_text("utf-8"))["items"]
EXTRA = settings(max_examples=60, deadline=None, database=None, derandomize=True)


def found(index: Index, query: str, most: int = 20) -> list[Hit]:
    """The first rows that an index finds."""
    all_found = index.find(query)
    return [index.hit(place, all_found.words) for place in all_found.places[:most]]


def names_of(hits: list[dict[str, Any]]) -> list[str]:
    return [f"{hit['resource']}/{hit['slug']}" for hit in hits]


def same(hits: list[Hit]) -> list[tuple[str, str]]:
    return [(hit.resource, hit.row["slug"]) for hit in hits]


@pytest.fixture
def index(release: FrozenRelease) -> Index:
    return release.index


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: entry["query"])
def test_what_a_clinic_types_finds_what_it_means(entry: dict[str, Any], client: Client) -> None:
    items = client.get(SEARCH, {"q": entry["query"]}).json()["items"]
    if "first" in entry:
        assert next(iter(names_of(items)), None) == entry["first"]
    assert {*entry.get("among", [])} <= {*names_of(items)}


def test_every_row_is_found_by_its_title_after_none_but_those_that_are_called_so(
    index: Index, release: FrozenRelease
) -> None:
    for resource in sorted(release.content.keys() - {"plan-examples"}):
        for row in release.content[resource]:
            terms = terms_of(title_of(row))
            all_found = index.find(title_of(row))
            assert all_found.has_every_word
            for place in all_found.places:
                hit = index.hit(place, all_found.words)
                if hit.row is row:
                    break
                assert terms in {terms_of(name) for name in (hit.title, *hit.row.get("synonyms", ()))}, row
            else:
                pytest.fail(f"{row['slug']} is not found by its title")


def test_every_slug_and_synonym_finds_its_row(index: Index, release: FrozenRelease) -> None:
    for resource in ("areas", "vein-types", "products", "ingredients", "contraindications"):
        for row in release.content[resource]:
            for name in (row["slug"], *row["synonyms"]):
                assert row["slug"] in index.having(name, resource), name


def test_case_accents_and_plurals_make_no_difference(index: Index) -> None:
    for one, other in [
        ("stocking", "STOCKINGS"),
        ("aetoxisclerol", "Aetoxisclérol"),
        ("aetoxisclerol", "Aetoxiscle\N{COMBINING ACUTE ACCENT}rol"),
        ("allergy", "allergies"),
        ("0.5 %", "0,5"),
        ("10 cc", "10ml"),
    ]:
        assert same(found(index, one)) == same(found(index, other)) != [], one


def test_a_word_finds_longer_ones_that_it_begins_unless_it_is_short_or_a_number(index: Index) -> None:
    assert same(found(index, "telangiectasia"))[0] in same(found(index, "telan"))
    assert found(index, "te") == []
    assert found(index, "24201")
    assert found(index, "2420") == []


def test_rows_have_every_word_or_as_many_of_them_as_any(index: Index) -> None:
    every = index.find("ankle label")
    assert every.has_every_word
    assert {*every.places} <= {*index.find("ankle").places} & {*index.find("label").places}
    most = index.find("zzzz ankle label")
    assert (most.has_every_word, most.places) == (False, every.places)
    assert index.find("zzzz") == ([], False, [{"zzzz": 1.0}])
    assert index.find("%%") == ([], False, [])


def test_small_words_are_passed_over_unless_there_is_nothing_else(index: Index) -> None:
    assert index.find("is the ankle").places == index.find("ankle").places
    assert index.find("the").places


def test_a_name_stands_for_what_has_it_for_its_own(index: Index) -> None:
    """ "Asclera" is a synonym of its ingredient, which other products have, too."""
    products = [hit.row["slug"] for hit in found(index, "asclera", most=1000) if hit.resource == "products"]
    assert products[0] == "asclera"
    assert "varithena" not in products
    of_ingredient = {hit.row["slug"] for hit in found(index, "lauromacrogol", most=1000)}
    assert {"polidocanol", "asclera", "varithena"} <= of_ingredient


def test_an_excerpt_says_what_was_found_in_the_words_of_the_row(index: Index) -> None:
    for entry in TABLE:
        for hit in found(index, entry["query"]):
            said = dict(members(hit.row)).get(hit.member, [hit.resource])
            assert any(hit.excerpt.strip("…") in text for text in said)
            assert len(hit.excerpt) <= LONGEST_EXCERPT + 2
    assert found(index, "thread veins")[0].excerpt in ("thread vein", "thread veins")


def test_an_excerpt_begins_where_the_words_are_whatever_a_text_is_normalized_to() -> None:
    [row] = index_of = [{"slug": "x", "title": "A title", "answer": f"{'½ ' * 150}zebra {'½ ' * 150}"}]
    hit = Index({"faqs": index_of}).hit(0, [{"zebra": 1.0}])
    assert (hit.row, hit.member) == (row, "answer")
    assert "zebra" in hit.excerpt


@pytest.mark.parametrize("place", [0, 100, 150, 299, 390])
def test_a_long_text_is_cut_between_words_around_its_place(place: int) -> None:
    text = "word " * 80
    cut = around(text, place)
    assert {*cut.strip("…").split()} == {"word"}
    assert (cut.startswith("…"), cut.endswith("…")) == (place > 66, place < 266)
    assert around("x" * 500, place).strip("…") == "x" * LONGEST_EXCERPT
    assert around("short", 0) == "short"


def test_the_order_of_rows_and_members_changes_nothing(index: Index, release: FrozenRelease) -> None:
    facts = {name: rows for name, rows in release.content.items() if name != "plan-examples"}
    again = Index(
        {name: [{member: row[member] for member in [*row][::-1]} for row in facts[name]] for name in [*facts][::-1]}
    )
    for entry in TABLE:
        assert same(found(again, entry["query"])) == same(found(index, entry["query"]))


def test_an_index_of_nothing_finds_nothing() -> None:
    assert Index({}).find("ankle").places == []


@pytest.mark.django_db
def test_no_query_fails(release: FrozenRelease) -> None:
    words = st.sampled_from(["thread veins", "cc", "10", "0,5", "Asclera", "the", "%", "É", "ﬁ", "½", "lower limb"])

    @EXTRA
    @given(st.lists(st.text(max_size=12) | words, max_size=12).map(" ".join))
    def holds(query: str) -> None:
        hits = found(release.index, query)
        assert all(hit.excerpt and hit.title for hit in hits)

    holds()


@pytest.mark.django_db
def test_another_word_finds_no_more(release: FrozenRelease) -> None:
    words = st.sampled_from(sorted({word for entry in TABLE for word in entry["query"].split()}))

    @EXTRA
    @given(words, words)
    def holds(one: str, other: str) -> None:
        both = release.index.find(f"{one} {other}")
        if both.has_every_word:
            assert len(both.places) <= max(len(release.index.find(each).places) for each in (one, other))

    holds()


def test_pages_belong_together_and_pin_the_release(client: Client) -> None:
    first = client.get(SEARCH, {"q": "asclera", "limit": "7"}).json()
    items, following = first["items"], first["next"]
    assert (len(items), "release=1" in following) == (7, True)
    while following:
        page = client.get(following)
        assert "immutable" in page["Cache-Control"]
        items += page.json()["items"]
        following = page.json()["next"]
    assert len(items) == len({*names_of(items)}) == first["total"] > 7
    assert items == client.get(SEARCH, {"q": "asclera", "limit": "100"}).json()["items"]


def test_rows_of_one_resource_come_in_the_order_of_all(client: Client) -> None:
    every = client.get(SEARCH, {"q": "asclera", "limit": "100"}).json()["items"]
    limits = client.get(SEARCH, {"q": "asclera", "limit": "100", "resource": "session-limits"}).json()
    assert limits["items"] == [hit for hit in every if hit["resource"] == "session-limits"]
    assert limits["total"] == len(limits["items"]) < len(every)


def test_what_is_found_is_there(client: Client) -> None:
    for hit in client.get(SEARCH, {"q": "foam"}).json()["items"]:
        row = client.get(hit["href"]).json()
        assert hit["title"] == title_of(row)


def test_an_answer_is_kept_as_other_answers_of_a_release(client: Client) -> None:
    answer = client.get(SEARCH, {"q": "ankle"})
    assert answer["Content-Release"] == "1"
    assert answer["Cache-Control"] == NEWEST.format(60)
    assert client.get(SEARCH, {"q": "ankle"}, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert client.get(SEARCH, {"q": "ankle", "release": "9"}).json()["code"] == "release_not_found"


@pytest.mark.parametrize(
    ("query", "parameter", "code"),
    [
        ("", "q", "required"),
        ("?resource=faqs", "q", "required"),
        ("?q=", "q", "wrong_length"),
        ("?q=%20%20", "q", "wrong_length"),
        ("?q=" + "x" * 201, "q", "wrong_length"),
        ("?q=%00", "q", "not_a_text"),
        ("?q=%ff", "q", "not_a_text"),
        ("?q=a&q=b", "q", "doubled_parameter"),
        ("?q=a&resource=plan-examples", "resource", "not_a_choice"),
        ("?q=a&limit=101", "limit", "out_of_range"),
        ("?q=a&after=0", "after", "out_of_range"),
        ("?q=a&topic=cost", "topic", "unknown_parameter"),
    ],
)
def test_a_query_that_cannot_be_read_is_refused(client: Client, query: str, parameter: str, code: str) -> None:
    answer = client.get(f"{SEARCH}{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_query")
    assert [(error["parameter"], error["code"]) for error in answer.json()["errors"]] == [(parameter, code)]


@pytest.mark.parametrize("words", ["' OR 1=1 --", "<script>", "%", "\\", "☂ ☃", "a" * 200, "a b " * 50, "(((((*", "ß"])
def test_what_is_odd_finds_little_and_fails_nowhere(client: Client, words: str) -> None:
    answer = client.get(f"{SEARCH}?q={quote(words[:200].strip())}")
    assert answer.status_code == 200
    assert answer.json().keys() == {"items", "total", "has_every_word", "next", "release", "content_status"}
