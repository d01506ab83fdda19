"""The playground at `/try`: it says what the API says, loses nothing of a plan, and takes whatever is sent."""

import json
import logging
import re
import shlex
from typing import Any

import pytest
from django.conf import LazySettings
from django.template.loader import render_to_string
from django.test import Client

from api.errors import CONTENT_SECURITY_POLICY, FORM_POLICY
from api.pages.limits import bound
from api.pages.plan_form import document_of, sent_of
from api.pages.playground import BESIDE_FIELDS, FIRST, Asked, page_of, patched
from api.pages.samples import WRITERS
from api.pages.verdict import VERDICTS, Telling, bar_of, quantity
from api.releases import FrozenRelease
from api.rules.numbers import in_words
from tests.browsing import Form
from tests.elements import Element
from tests.own_limits import own
from tests.partners import READER, bearer
from tests.plans import FULL, VALIDATE, plan, post
from tests.try_pages import Page, pressed, read, sent

AREA, VALUE, UNIT = (f"/sessions/0/treatments/0/{name}" for name in ("area", "amount/value", "amount/unit"))
SMALLEST: Form = {AREA: ["leg"], VALUE: ["12"], UNIT: ["cc"]}


# Decimals leave a form as texts, whichever way they came.
WITH_TEXTS = {**FULL, "patient": {**FULL["patient"], "breastfeeding_pause_hours": "48"}}


def examples(release: FrozenRelease) -> list[Any]:
    return list(release.content["plan-examples"])


def with_own(limit: dict[str, Any]) -> Form:
    """The smallest form, with a limit of the clinic's own."""
    return SMALLEST | {f"/house_limits/0/{name}": [text] for name, text in limit.items()}


def loaded(client: Client, slug: str) -> Page:
    return read(client.get(f"/try?example={slug}"))


def asked_of_the_api(client: Client, document: Any) -> Any:
    return post(client, document, f"{VALIDATE}?passed=binding").json()


def document_in(form: Form) -> Any:
    """The document that the fields of a form stand for."""
    fields = {name: texts for name, texts in form.items() if name not in BESIDE_FIELDS}
    return document_of(sent_of((name, text) for name, texts in fields.items() for text in texts))


def shown_numbers(entry: Element) -> dict[str, str]:
    """What stands beside a bar."""
    return {name: each.text for name in ("observed", "bound", "headroom") for each in entry.all("dd", name)}


def told_numbers(entry: Any) -> dict[str, str]:
    """The same, from the answer of the API."""
    headroom = entry["headroom"]
    numbers = {"observed": quantity(entry["observed"]), "bound": bound(entry["limit"])}
    return numbers | ({"headroom": in_words(headroom["value"], headroom["unit"])} if headroom else {})


def lengths(entry: Element) -> list[tuple[str, float, float]]:
    """The pieces of a bar, and where the mark of the limit is."""
    rects = [rect for svg in entry.all("svg") for rect in svg.all("rect")[1:]]
    return [(each.given["class"], float(each.given["x"]), float(each.given["width"])) for each in rects]


def agree_on_bar(entry: Element, told: Any) -> None:
    """Check that the bar is to the scale of the numbers, and says by its pieces whether the limit is kept."""
    numbers = (told["observed"], told["limit"]["value"], told["headroom"])
    if None in numbers or (numbers[0]["value"], numbers[1]) == ("0", "0"):
        assert not lengths(entry)
        return
    *pieces, (_, mark, _) = lengths(entry)
    kinds = [kind for kind, _, _ in pieces]
    observed = sum(width for kind, _, width in pieces if kind in ("kept", "broken"))
    value, bound = float(told["observed"]["value"]), float(told["limit"]["value"])
    assert observed * bound == pytest.approx(mark * value, abs=0.02 * max(value, bound))
    assert ("broken" in kinds) == (float(told["headroom"]["value"]) < 0)
    assert max(start + width for _, start, width in pieces) < 100


def agree(client: Client, page: Page, told: Any) -> None:
    """Check that a page says what the API says."""
    assert page.verdict == told["verdict"]
    assert VERDICTS[told["verdict"]][1] in page.answer.one("section", "verdict").text
    shown = page.answer.all("li", "finding")
    assert [each.given["id"] for each in shown] == [finding["id"] for finding in told["findings"]]
    for entry, finding in zip(shown, told["findings"], strict=True):
        assert finding["severity"] in entry.one("h3").text.lower()
        assert " ".join(finding["message"].split()) in entry.text
        assert shown_numbers(entry) == told_numbers(finding)
        agree_on_bar(entry, finding)
        assert [button.text for button in entry.all("button")] == [each["label"] for each in finding["suggestions"]]
        cited = [each.one("a").given["href"] for cites in entry.all("ul", "cites") for each in cites.all("li")]
        assert cited == [f"/v1/sources/{citation['source']}" for citation in finding["citations"]]
    passed = {(each.given["data-rule"], each.given["data-pointer"]): each for each in page.answer.all("li", "passed")}
    assert passed.keys() == {(each["rule"], each["pointer"]) for each in told["passed"]}
    for each in told["passed"]:
        entry = passed[each["rule"], each["pointer"]]
        assert shown_numbers(entry) == told_numbers(each)
        agree_on_bar(entry, each)
        assert entry.one("p", "who").all("a")[-1].given["href"] == each["limit"]["href"]
    not_looked_at = [
        (each.given["data-rule"], [place.given["data-pointer"] for place in each.all("", "place")])
        for each in page.answer.all("li", "open")
    ]
    expected = [(each["rule"], each["missing"] or [each["pointer"]]) for each in told["not_evaluated"]]
    assert sorted(not_looked_at) == sorted(expected)


def test_the_page_says_of_every_named_plan_what_the_api_says(client: Client, release: FrozenRelease) -> None:
    for row in examples(release):
        page = loaded(client, row["slug"])
        assert page.verdict == row["verdict"]
        agree(client, page, asked_of_the_api(client, row["plan"]))


def test_the_form_loses_nothing_of_a_plan(client: Client, release: FrozenRelease) -> None:
    for row in examples(release):
        assert document_in(loaded(client, row["slug"]).form) == row["plan"], row["slug"]


@pytest.mark.parametrize(
    "document",
    [WITH_TEXTS, plan(patient={}), plan(previous_sessions=[{}, {"areas": []}]), plan(rule_sets=["clinic", "label"])],
    ids=["full", "empty-patient", "empty-elements", "two-rule-sets"],
)
def test_every_member_of_a_plan_has_a_field(client: Client, release: FrozenRelease, document: Any) -> None:

    page = Page(render_to_string("api/try.html", page_of(Asked(document), release, "http://localhost")))
    assert document_in(page.form) == document


def test_every_suggestion_that_is_pressed_comes_to_what_the_api_says(client: Client, release: FrozenRelease) -> None:
    times = 0
    for row in examples(release):
        told, page = asked_of_the_api(client, row["plan"]), loaded(client, row["slug"])
        offered = [(each, found) for found in told["findings"] for each in found["suggestions"]]
        buttons = [button for entry in page.answer.all("li", "finding") for button in entry.all("button")]
        for (suggestion, found), button in zip(offered, buttons, strict=True):
            after, changed = pressed(client, page, button.given["value"]), patched(row["plan"], suggestion["patch"])
            assert document_in(after.form) == changed
            agree(client, after, asked_of_the_api(client, changed))
            assert found["id"] not in [each.given["id"] for each in after.answer.all("li", "finding")]
            assert suggestion["label"] in after.answer.one("p", "notice").text
            times += 1
        if told["nearest_within_limits"]:
            assert pressed(client, page, "nearest").verdict == "within_limits"
    assert times > 50


def test_headroom_moves_with_the_amount(client: Client, release: FrozenRelease) -> None:
    page = loaded(client, "asclera-within")
    for amount, headroom in (("3", "7 mL"), ("2.5", "7.5 mL"), ("10", "0 mL"), ("12", "-2 mL")):
        page = read(sent(client, page.form | {VALUE: [amount]}))
        entries = [*page.answer.all("li", "finding"), *page.answer.all("li", "passed")]
        [found] = [each for each in entries if each.all("a", href="/v1/session-limits/asclera-session-volume-max")]
        assert shown_numbers(found)["headroom"] == headroom


def test_what_was_not_looked_at_leads_to_the_field_that_is_missing(client: Client, release: FrozenRelease) -> None:
    page = loaded(client, "area-and-amount-only")
    links = [link for entry in page.answer.all("li", "open") for link in entry.all("a", "place")]
    assert len(links) > 20
    for link in links:
        pointer = link.given["href"].removeprefix("#")
        assert link.given["data-pointer"].startswith(pointer)
        assert page.root.one(id=pointer)
    [weight] = {link.text for link in links if link.given["data-pointer"] == "/patient/weight_kg"}
    assert weight == "Patient, weight (kg)"


def test_a_button_that_no_longer_fits_changes_nothing(client: Client, release: FrozenRelease) -> None:
    page = loaded(client, "asclera-within")
    for does in ("nearest", "apply 0 session-volume:/sessions/0", "apply", "apply x y z"):
        after = pressed(client, page, does)
        assert after.answer.one("p", "notice").text == "That is not suggested for the plan as it is now."
        assert document_in(after.form) == document_in(page.form)


def test_what_was_suggested_for_another_plan_is_not_done(client: Client, release: FrozenRelease) -> None:
    page = loaded(client, "asclera-volume-over")
    suggested = page.answer.all("li", "finding")[0].all("button")[0].given["value"]
    for does in (suggested, "nearest"):
        after = pressed(client, page, does, **{VALUE: "10.4"})
        assert after.answer.one("p", "notice").text.startswith("Nothing was changed")
        assert document_in(after.form) == document_in(page.form | {VALUE: ["10.4"]})


@pytest.mark.parametrize("value", ["2", "50"])
def test_a_limit_of_the_clinics_own_is_shown_as_the_api_tells_it(
    client: Client, release: FrozenRelease, value: str
) -> None:
    form = with_own(own(value=value))
    page = read(sent(client, form))
    assert document_in(page.form) == document_in(form)
    agree(client, page, asked_of_the_api(client, document_in(form)))
    assert "a house limit" in page.answer.text


def test_two_jurisdictions_stand_side_by_side(client: Client, release: FrozenRelease) -> None:
    document = next(row for row in examples(release) if row["slug"] == "dose-per-weight-germany")["plan"]
    page = read(sent(client, loaded(client, "dose-per-weight-germany").form | {"beside": ["under CH"]}))
    here, there = page.answer.one("div", "sides").all("section", "verdict")
    assert here.one("code").text == asked_of_the_api(client, document)["verdict"]
    told = asked_of_the_api(client, document | {"jurisdiction": "CH"})
    assert there.one("code").text == told["verdict"]
    assert [each.text for each in page.answer.all("p", "side")] == ["This plan", "The same plan: CH, Swiss"]
    found = [each.given["id"] for each in page.answer.all("li", "finding") if each.given["id"].startswith("beside-")]
    assert found == [f"beside-{finding['id']}" for finding in told["findings"]]
    ids = [each.given["id"] for each in page.root.walk() if "id" in each.given]
    assert len(ids) == len({*ids})


def test_a_named_plan_stands_beside_and_is_not_changed_from_here(client: Client, release: FrozenRelease) -> None:
    page = read(sent(client, SMALLEST | {"beside": ["plan asclera-four-ml"]}))
    here, there = (each for each in page.answer.one("div", "sides").inside if isinstance(each, Element))
    assert here.all("button")
    assert not there.all("button")
    assert "Reduce this treatment to 3 mL" in there.text


def test_a_plan_is_set_aside_and_stands_beside_what_becomes_of_it(client: Client, release: FrozenRelease) -> None:
    page = pressed(client, read(sent(client, SMALLEST)), "keep")
    assert json.loads(page.form["kept"][0]) == document_in(page.form)
    page = read(sent(client, page.form | {VALUE: ["8"]}))
    here, there = (each.one("code").text for each in page.answer.all("section", "verdict"))
    assert (here, there) == ("incomplete", "outside_limits")


@pytest.mark.parametrize("kept", ["", "null", "{", "[" * 5000, "NaN"])
def test_what_was_not_set_aside_does_not_stand_beside(client: Client, release: FrozenRelease, kept: str) -> None:
    page = read(sent(client, SMALLEST | {"kept": [kept], "beside": ["kept"]}))
    assert not page.answer.all("div", "sides")
    assert page.verdict == "outside_limits"


def test_a_plan_beside_that_cannot_be_read_says_why(client: Client, release: FrozenRelease) -> None:
    page = read(sent(client, SMALLEST | {"kept": ['{"sessions": 3, "\\ud800": "\\ud800"}'], "beside": ["kept"]}))
    assert "Send a list." in page.answer.one("div", "sides").text


@pytest.mark.parametrize("beside", ["under XX", "plan nowhere", "plan ", "x", "\x00"])
def test_what_is_not_there_does_not_stand_beside(client: Client, release: FrozenRelease, beside: str) -> None:
    assert not read(sent(client, SMALLEST | {"beside": [beside]})).answer.all("div", "sides")


def test_an_empty_page_checks_nothing_and_names_plans_to_start_from(client: Client, release: FrozenRelease) -> None:
    page = read(client.get("/try"))
    assert "Nothing is checked yet" in page.answer.text
    assert not page.root.one(id="copies").text
    first = [link.given["href"] for link in page.root.one("ul", "first").all("a")]
    assert first == [f"/try?example={slug}" for slug in FIRST]
    options = {each.given["value"] for each in page.root.one("select", id="example").all("option")}
    assert options == {row["slug"] for row in examples(release)}
    assert document_in(page.form) == {"sessions": [{"treatments": [{}]}]}


def test_the_page_says_that_it_takes_no_patient_data_and_that_the_provider_decides(client: Client) -> None:
    said = read(client.get("/try")).root.one("p", "plainly").text
    assert "No patient data" in said
    assert "The treating provider decides" in said


def test_a_plan_of_no_name_is_not_found(client: Client, release: FrozenRelease) -> None:
    assert client.get("/try?example=nowhere").json()["code"] == "not_found"


def test_what_is_copied_is_the_plan_as_it_stands(client: Client, release: FrozenRelease) -> None:
    page = read(sent(client, SMALLEST))
    copies = {each.given["aria-label"]: each.text for each in page.root.all("pre", "copy")}
    assert copies.keys() == WRITERS.keys()
    plan_text = json.dumps(document_in(page.form))
    for language, text in copies.items():
        assert f"http://localhost{VALIDATE}" in text
        told = text.replace("True", "true").replace(",}", "}").replace(",]", "]") if language == "Python" else text
        assert "".join(plan_text.split()) in re.sub(r",(?=[}\]])", "", "".join(told.split())), language


def test_an_apostrophe_does_not_end_what_is_copied(client: Client, release: FrozenRelease) -> None:
    limit = own(label="Ours'; rm")
    page = read(sent(client, with_own(limit)))
    curl = page.root.all("pre", "copy")[0].text
    sent_by_a_shell = json.loads(shlex.split(curl.replace("\\\n", ""))[-1])
    assert sent_by_a_shell["house_limits"] == [limit]


def test_nobody_keeps_the_page_and_its_form_alone_may_be_sent_here(client: Client, release: FrozenRelease) -> None:
    for response in (client.get("/try"), client.get("/try?example=asclera-within"), sent(client, SMALLEST)):
        assert response["Cache-Control"] == "no-store"
        assert response["Content-Security-Policy"] == FORM_POLICY
        assert response["Content-Release"] == str(release.number)
        assert "Set-Cookie" not in response
        assert not response.cookies
    assert FORM_POLICY != CONTENT_SECURITY_POLICY
    assert "unsafe" not in FORM_POLICY
    assert " style=" not in response.content.decode()


def test_nothing_of_a_form_is_logged(client: Client, release: FrozenRelease, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        sent(client, SMALLEST | {VALUE: ["canary-of-a-client"], "canary-of-a-client": ["x"]})
    assert any(record.name == "api.access_log" for record in caplog.records)
    assert not any("canary-of-a-client" in str(vars(record)) for record in caplog.records)


def left(response: Any) -> int:
    return int(response["RateLimit"].split(";")[1].removeprefix("r="))


def test_a_form_counts_as_many_requests_as_plans_are_checked(
    client: Client, release: FrozenRelease, settings: LazySettings
) -> None:
    settings.RATE_ANONYMOUS = 10
    costs = {"": 1, "nearest": 2, "apply 0 x": 2, "keep": 2, "add /sessions": 1}
    before = 10
    for does, cost in costs.items():
        now = left(sent(client, SMALLEST | {"do": [does]}))
        assert before - now == cost, does
        before = now
    assert sent(client, SMALLEST | {"do": ["nearest"], "beside": ["under DE"]}).json()["code"] == "rate_limited"


def test_where_a_key_is_asked_for_the_page_asks_for_one(client: Client, keys_alone: None) -> None:
    for response in (client.get("/try"), sent(client, SMALLEST)):
        assert (response.status_code, response.json()["code"]) == (401, "key_required")


def test_a_key_must_be_for_checks(client: Client, partner_keys: None) -> None:
    assert sent(client, SMALLEST, **bearer(READER)).json()["code"] == "scope_required"


def test_where_nothing_is_published_no_plan_is_checked(client: Client, nothing_published: None) -> None:
    for response in (client.get("/try"), sent(client, SMALLEST)):
        assert (response.status_code, response.json()["code"]) == (503, "content_unavailable")


def test_a_bar_is_for_two_numbers() -> None:
    limit = {"value": "10", "comparator": "<="}
    entry = {"observed": {"value": "5", "unit": "mL"}, "limit": limit, "headroom": {"value": "5", "unit": "mL"}}
    assert bar_of(entry) is not None
    for lacking in ({"observed": None}, {"headroom": None}, {"limit": {**limit, "value": None}}):
        assert bar_of(entry | lacking) is None


def test_a_session_that_a_change_adds_is_told_as_one_more(client: Client, release: FrozenRelease) -> None:
    [plan_over] = [row["plan"] for row in examples(release) if row["slug"] == "asclera-volume-over"]
    answer = asked_of_the_api(client, plan_over)
    patches = [each["patch"] for finding in answer["findings"] for each in finding["suggestions"]]
    patch = next(patch for patch in patches if patch[-1]["path"] == "/sessions/-")
    told = Telling(release, ()).of({**answer, "nearest_within_limits": {"patch": patch}})
    assert told["nearest"]["changes"][-1] == "Sessions: one more"
