"""Pages of facts: each row of the release is there with its numbers and sources; plots hold what can be compared."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import pairwise
from typing import Any
from urllib.parse import urldefrag

import pytest
from django.test import Client

from api.models import Release
from api.pages.facts import COUNTRIES, LAYOUTS, span
from api.pages.limits import FLAGS
from api.pages.told import PAGES
from api.releases import FrozenRelease, current
from api.rules.coverage import QUESTIONS
from api.rules.plan import JURISDICTIONS
from api.serializers import FACTS
from tests.conftest import SPECIMEN, freeze
from tests.elements import Element, read_html
from tests.ready import Asked

BROWSER = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"
OF_PLOTS = ("quantity", "unit", "form", "concentration_percent", "vein_type", "vein", "area", "first_exposure")


def paths() -> list[str]:
    """The path of every page of facts."""
    products = [row["slug"] for row in current().content["products"]]
    return [
        "/facts",
        *(f"/facts/{name}" for name in PAGES),
        *(f"/facts/{kind}/{slug}" for kind in ("products", "limits") for slug in products),
        *(f"/facts/contraindications/{row['slug']}" for row in current().content["contraindications"]),
    ]


@cache
def page_at(path: str) -> Element:
    """A page of the packaged content, which no test changes."""
    response = Client(SERVER_NAME="localhost").get(path, HTTP_ACCEPT=BROWSER)
    assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8"), path
    return read_html(response.content.decode())


def place_of(resource: str, row: Any) -> Element:
    """The element that shows a row."""
    slug = row["slug"]
    if resource in ("products", "contraindications"):
        return page_at(f"/facts/{resource}/{slug}").by_id["content"]
    page = {"session-limits": "limits", "faqs": "questions"}.get(resource, resource)
    product = f"/{row['product']}" if resource == "session-limits" and row["product"] else ""
    return page_at(f"/facts/{page}{product}").by_id[slug]


def cited(row: Any, sources: dict[str, Any]) -> Iterator[str]:
    """What a page must say of the citations of a row."""
    for citation in row.get("citations", ()):
        yield f"{sources[citation['source']]['title']}, {citation['locator']} {citation['stance']}"
        yield citation["note"] or ""


def of_a_limit(row: Any) -> Iterator[str]:
    """The same of a limit: its bound with its unit, the strength, and who says it."""
    unit = {"{vial}": "vial", "1": "", "d": "day", "a": "year", "min": "minute", "h": "hour"}
    if row["value"] in FLAGS:
        yield FLAGS[row["value"]]
    elif row["value"] is not None:
        how = {"<=": "at most", ">=": "at least", "=": "exactly"}[row["comparator"]]
        yield f"{how} {row['value']} {unit.get(row['unit'], row['unit'])}".strip()
    for value in row["values"]:
        yield value if row["value"] is None and row["unit"] != "1" else value.replace("-", " ")
    if row["concentration_percent"]:
        yield f"{row['concentration_percent']} %"
    yield f"{row['rule_set']} {row['severity']} {row['status']}"


def of_a_product(row: Any) -> Iterator[str]:
    """The same of a product: its strengths, and what they come in."""
    for strength in row["strengths"]:
        yield f"{strength['concentration_percent']} %:"
        for container in strength["containers"]:
            yield f"{container['kind']} of {container['volume_ml']} mL"
    if row["foam_mg_per_ml"]:
        yield f"{row['foam_mg_per_ml']} mg/mL"


def of_a_vein_type(row: Any) -> Iterator[str]:
    """The same of a vein type: the ends of its diameter."""
    for name in ("diameter_min_mm", "diameter_over_mm", "diameter_max_mm"):
        if row[name] is not None:
            yield f"{row[name]} mm"


# What a page must say of the numbers of a row, made here of the row alone.
NUMBERS: dict[str, Callable[[Any], Iterable[str]]] = {
    "session-limits": of_a_limit,
    "products": of_a_product,
    "vein-types": of_a_vein_type,
    "result-durations": lambda row: [span(row["low"], row["high"], row["unit"])],
    "faqs": lambda row: [f"{each['label']} {span(each['low'], each['high'], each['unit'])}" for each in row["figures"]],
}


@pytest.mark.parametrize("resource", FACTS)
def test_each_row_is_shown_with_its_numbers_sources_review_and_json(resource: str, release: FrozenRelease) -> None:
    sources = {row["slug"]: row for row in release.content["sources"]}
    for row in release.content[resource]:
        shown = place_of(resource, row)
        wanted = [*NUMBERS.get(resource, lambda _: ())(row), *(cited(row, sources) if resource != "rules" else ())]
        for ruling in row.get("rulings", ()):
            wanted += [ruling["summary"], ruling["severity"], *cited(ruling, sources)]
        for figure in row.get("figures", ()):
            wanted += cited(figure, sources)
        for name in (*LAYOUTS[resource].texts, LAYOUTS[resource].title) if resource in LAYOUTS else ("title", "note"):
            wanted.append(row[name] or "")
        wanted.append(f"Reviewed {row['reviewed_on']}, next by {row['review_due']}")
        for text in wanted:
            assert re.sub(r"\s+", " ", text).strip() in shown.text, (row["slug"], text)
        assert f"/v1/{resource}/{row['slug']}" in shown.links


def test_no_number_of_a_limit_stands_elsewhere_than_in_its_row(release: FrozenRelease) -> None:
    limits = {row["slug"]: row for row in release.content["session-limits"]}
    for path in paths():
        if path.startswith("/facts/limits"):
            page = page_at(path)
            for slug in page.by_id.keys() & limits.keys():
                number = re.search(r"(?:at most|at least|exactly) ([0-9.]+)", page.by_id[slug].text)
                if number and limits[slug]["value"] not in (None, *FLAGS):
                    assert number[1] == limits[slug]["value"], slug


@pytest.mark.parametrize("resource", LAYOUTS)
def test_no_member_of_a_row_is_left_out_unseen(resource: str, release: FrozenRelease) -> None:
    layout = LAYOUTS[resource]
    told = {layout.title, *layout.texts, *layout.details}
    made = {"diameter": {"diameter_min_mm", "diameter_over_mm", "diameter_max_mm"}, "span": {"low", "high", "unit"}}
    told |= {name for detail in layout.details for name in made.get(detail, ())} - made.keys()
    beside = {"slug", "citations", "reviewed_on", "review_due", "rulings", "figures"}
    of_limits = {"limits"} if resource == "rules" else set()  # they are on the pages of limits, each with its rule
    assert set(release.content[resource][0]) - beside - of_limits <= told


def test_every_country_has_a_name() -> None:
    assert tuple(COUNTRIES) == JURISDICTIONS


def test_every_link_between_pages_leads_to_what_is_there(release: FrozenRelease) -> None:
    known = {f"/v1/{name}/{row['slug']}" for name in FACTS for row in release.content[name]}
    known |= {f"/v1/{page.resource}" for page in PAGES.values()} | {"/v1", "/v1/problems"}
    pages = paths()
    for path in pages:
        page = page_at(path)
        ids = [each.given["id"] for each in page.all() if "id" in each.given]
        assert len(ids) == len(set(ids)), path
        for link in {link for link in page.by_id["content"].links if not link.startswith("http")}:
            place, anchor = urldefrag(link)
            if place.startswith("/v1"):
                assert place.partition("?")[0] in known, (path, link)
            else:
                assert (place or path) in pages, (path, link)
                assert not anchor or anchor in page_at(place or path).by_id, (path, link)


def test_coverage_says_what_is_known_and_by_which_limits(release: FrozenRelease) -> None:
    page = page_at("/facts/coverage")
    limits = {row["slug"]: row for row in release.content["session-limits"]}
    for row in release.coverage:
        shown = page.by_id[row["slug"]]
        links = [link.partition("#")[2] for link in shown.links if link.startswith("/facts/limits")]
        assert links == [slug for question in QUESTIONS for slug in row[question]["limits"]]
        known = re.findall(r"\b(?:confirmed|policy|unconfirmed)\b", shown.text)
        assert known == [row[question]["status"] for question in QUESTIONS]
        for slug in links:
            assert (limits[slug]["value"] or "") in shown.text


class Drawn:
    """A plot of a page: the slugs of its limits, what it writes, and how wide its bars are."""

    def __init__(self, elements: list[Element]) -> None:
        self.svg = next(each for each in elements if each.tag == "svg")
        self.desc = next(each.text for each in elements if each.tag == "desc")
        self.slugs = [
            each.given["id"].removeprefix("bar-") for each in elements if each.given.get("id", "")[:4] == "bar-"
        ]
        texts = [each.text for each in elements if each.tag == "text"]
        self.who, self.values = texts[::2], texts[1::2]
        self.widths = {
            int(each.given["y"]): float(each.given["width"])
            for each in elements
            if each.given.get("class", "").startswith("bar")
        }
        self.places = [int(each.given["y"]) for each in elements if each.given.get("class") == "track"]


def plots_of(product: str) -> list[Drawn]:
    """The plots on the page of a product."""
    elements = page_at(f"/facts/products/{product}").all()
    starts = [k for k, each in enumerate(elements) if each.tag == "figure"]
    return [Drawn(elements[start:end]) for start, end in pairwise([*starts, len(elements)])]


PRODUCTS = [row["slug"] for row in json.loads(SPECIMEN.read_text("utf-8"))["products"]]


def maxima_of(product: Any, release: FrozenRelease) -> list[Any]:
    """The published maxima of a product in its forms, by its name or that of its sclerosant where it is sold."""
    return [
        row
        for row in release.content["session-limits"]
        if row["comparator"] == "<=" and row["unit"] in ("mL", "mg", "mg/kg")
        if row["form"] in (None, *product["forms"])
        if row["product"] == product["slug"]
        or (
            row["product"] is None
            and row["sclerosant"] == product["sclerosant"]
            and row["jurisdiction"] in (None, *product["jurisdictions"])
        )
    ]


def test_each_published_maximum_of_a_product_is_drawn_once_or_said_to_be_unconfirmed(release: FrozenRelease) -> None:
    for product in release.content["products"]:
        drawn = [slug for plot in plots_of(product["slug"]) for slug in plot.slugs]
        content = page_at(f"/facts/products/{product['slug']}").by_id["content"]
        listed = {link.partition("#")[2] for link in content.links if link.startswith("/facts/limits")} - {*drawn}
        wanted = maxima_of(product, release)
        assert len(drawn) == len(set(drawn))
        assert {*drawn} | (listed - {""}) == {row["slug"] for row in wanted}
        assert {row["slug"] for row in wanted if row["value"]} <= {*drawn}


def test_a_plot_holds_only_what_can_be_compared_and_draws_the_rows(release: FrozenRelease) -> None:
    for product in release.content["products"]:
        for plot in plots_of(product["slug"]):
            rows = [release.item("session-limits", slug) for slug in plot.slugs]
            assert len({tuple(row[name] for name in OF_PLOTS) for row in rows if row}) == 1
            most = max(float(row["value"] or 0) for row in rows if row)
            assert len(rows) == len(plot.places) == len(plot.who)
            for row, who, value, place in zip(rows, plot.who, plot.values, plot.places, strict=True):
                assert row
                assert value == (f"{row['value']} {row['unit']}" if row["value"] else "unconfirmed")
                assert who.startswith(f"{COUNTRIES.get(row['jurisdiction'], 'Any country')} · {row['rule_set']}")
                assert f"{who}: {value}" in plot.desc
                share = float(row["value"] or 0) / most
                assert plot.widths.get(place, 0) == pytest.approx(300 * share, abs=0.01)


def test_a_plot_is_an_image_with_a_name_and_a_description(client: Client) -> None:
    for plot in plots_of("aethoxysklerol"):
        named = plot.svg.given["aria-labelledby"].split()
        page = page_at("/facts/products/aethoxysklerol")
        assert plot.svg.given["role"] == "img"
        assert [page.by_id[name].tag for name in named] == ["title", "desc"]


@pytest.mark.parametrize("path", ["/facts", "/facts/coverage", "/facts/products/asclera", "/facts/limits"])
def test_a_page_has_no_style_or_script_of_its_own_and_its_files_are_served(client: Client, path: str) -> None:
    for element in page_at(path).all():
        assert element.tag != "style"
        assert "style" not in element.given
        if element.tag in ("link", "script"):
            assert not element.inside
            served = client.get(element.given["src" if element.tag == "script" else "href"])
            assert (served.status_code, bool(served.getvalue())) == (200, True)


@pytest.mark.parametrize(
    "path", ["/facts/nowhere", "/facts/products/nothing", "/facts/limits/nothing", "/facts/contraindications/nothing"]
)
def test_what_is_not_there_is_a_page_for_people_and_a_problem_for_programs(client: Client, path: str) -> None:
    page = client.get(path, HTTP_ACCEPT=BROWSER)
    assert (page.status_code, page["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert page["Cache-Control"] == "no-store"
    assert page["X-Request-ID"] in page.content.decode()
    assert 'href="/facts"' in page.content.decode()
    for accept in ("application/json", "*/*", ""):
        problem = client.get(path, HTTP_ACCEPT=accept)
        assert (problem.status_code, problem["Content-Type"]) == (404, "application/problem+json")
        assert problem.json()["code"] == "not_found"


def test_a_product_that_was_withdrawn_says_which_release_had_it(client: Client, release: FrozenRelease) -> None:
    products = [row for row in release.content["products"] if row["slug"] != "asclera"]
    withdrawn = {"products": {"asclera": 1}}
    freeze(2, "Without Asclera", {**release.content, "products": products}, withdrawn=withdrawn)
    page = client.get("/facts/products/asclera", HTTP_ACCEPT=BROWSER)
    assert page.status_code == 410
    assert "Release 1 was the last that had it" in page.content.decode()


@pytest.mark.usefixtures("nothing_published")
def test_before_anything_is_published_people_are_told_so(client: Client) -> None:
    page = client.get("/facts", HTTP_ACCEPT=BROWSER)
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert "content_unavailable" in page.content.decode()


def test_rows_that_another_version_published_are_a_503_and_other_pages_go_on(client: Client) -> None:
    content = Release.objects.get(number=1).content()
    for row in content["areas"]:
        del row["caution"]
    freeze(2, "Older", content)
    assert client.get("/facts/areas").json()["code"] == "content_unavailable"
    assert client.get("/facts/vein-types").status_code == 200


def test_a_page_is_kept_by_its_etag_and_answered_again_without_django(asked: Asked, release: FrozenRelease) -> None:
    asked.ask("/v1/areas")  # the layer learns who counts
    first = asked.ask("/facts/products/asclera", HTTP_ACCEPT=BROWSER)
    times = asked.times
    again = asked.ask("/facts/products/asclera", HTTP_ACCEPT=BROWSER)
    assert asked.times == times
    assert (first.status, again.status) == (200, 200)
    assert again.body == first.body
    assert first.headers["Cache-Control"].startswith("public, max-age=60")
    assert first.headers["Content-Release"] == "1"
    kept = asked.ask("/facts/products/asclera", HTTP_ACCEPT=BROWSER, HTTP_IF_NONE_MATCH=first.headers["ETag"])
    assert (kept.status, kept.body) == (304, b"")


def test_a_review_that_is_overdue_is_marked_at_its_row_and_on_the_first_page(
    client: Client, release: FrozenRelease
) -> None:
    rows = release.content["vein-types"]
    changed = [{**rows[0], "review_due": "2026-01-01"}, *rows[1:]]
    freeze(2, "An old review", {**release.content, "vein-types": changed})
    page = read_html(client.get("/facts/vein-types", HTTP_ACCEPT=BROWSER).content.decode())
    marked = [slug for slug in (row["slug"] for row in rows) if "review overdue" in page.by_id[slug].text]
    assert marked == [rows[0]["slug"]]
    home = read_html(client.get("/facts", HTTP_ACCEPT=BROWSER).content.decode()).by_id["content"]
    assert f"{rows[0]['name']} review overdue" in home.text
    assert f"/facts/vein-types#{rows[0]['slug']}" in home.links


def test_a_fact_that_names_what_the_release_lacks_names_it_in_words(client: Client, release: FrozenRelease) -> None:
    freeze(2, "Older", {name: rows for name, rows in release.content.items() if name != "ingredients"})
    page = read_html(client.get("/facts/products/asclera", HTTP_ACCEPT=BROWSER).content.decode()).by_id["content"]
    assert "polidocanol" in page.text
    assert not any(link.startswith("/facts/ingredients#") for link in page.links)


def test_ranges_read_as_sentences() -> None:
    assert span("4", "6", "wk") == "4 to 6 weeks"
    assert span("1", "1", "wk") == "1 week"
    assert span("4", None, "wk") == "at least 4 weeks"
    assert span(None, "90", "%") == "at most 90 %"
    assert span(None, None, "%") == "no number"
