"""The form of the playground: it takes whatever is sent, passes over nothing, and says at each field what is wrong."""

import pytest
from django.test import Client

from api.pages.plan_form import MOST_ELEMENTS
from api.releases import FrozenRelease
from tests.plans import post
from tests.test_playground import AREA, SMALLEST, UNIT, VALUE, document_in
from tests.try_pages import FORM_TYPE, pressed, read, sent

MOST_CHARACTERS = 600_000  # of a page, whatever is sent


def test_what_is_wrong_stands_at_its_field(client: Client, release: FrozenRelease) -> None:
    page = read(sent(client, SMALLEST | {VALUE: ["1e3"], "/patient/age_years": ["-1"], UNIT: ["gallon"], AREA: [""]}))
    field = page.root.one("input", name=VALUE)
    assert (field.given["value"], field.given["aria-invalid"]) == ("1e3", "true")
    assert page.root.one(id=f"faults:{VALUE}").text.startswith("Send a plain decimal")
    assert page.root.one(id=f"faults:{AREA}").text == "This member is required."
    assert page.root.one(id="faults:/patient/age_years").text.startswith("Send a whole number")
    links = {link.given["href"]: link.text for link in page.answer.all("a")}
    assert links.keys() == {f"#{pointer}" for pointer in (VALUE, UNIT, AREA, "/patient/age_years")}
    assert links[f"#{UNIT}"] == "Session 1, treatment 1, amount, unit"
    assert not page.answer.all("section", "verdict")
    assert ("gallon", "selected") in {
        (each.text, *(each.given.keys() & {"selected"})) for each in page.root.one("select", name=UNIT).all("option")
    }


def test_a_value_that_no_list_has_is_told_with_what_was_meant(client: Client, release: FrozenRelease) -> None:
    page = read(sent(client, SMALLEST | {"/jurisdiction": ["UK"], "/patient/conditions": ["DVT"]}))
    assert page.root.one(id="faults:/jurisdiction").text.endswith("Did you mean GB?")
    assert "Did you mean acute-deep-vein-thrombosis" in page.answer.text
    [condition] = [link for link in page.answer.all("a") if "conditions" in link.given["href"]]
    assert condition.given["href"] == "#/patient/conditions"
    assert "acute-deep-vein-thrombosis" in page.root.one(id="faults:/patient/conditions").text


def test_sessions_and_treatments_are_added_and_removed(client: Client, release: FrozenRelease) -> None:
    page = read(sent(client, SMALLEST))
    page = pressed(client, page, "add /sessions/0/treatments")
    assert page.root.one("fieldset", id="/sessions/0/treatments/1")
    assert page.root.one(id="faults:/sessions/0/treatments/1/area").text == "This member is required."
    page = pressed(client, page, "add /sessions")
    second = {"/sessions/1/treatments/0/area": "calf", "/sessions/1/treatments/0/amount/value": "1"}
    page = pressed(client, page, "remove /sessions/0", **second, **{"/sessions/1/treatments/0/amount/unit": "mL"})
    assert document_in(page.form) == {
        "sessions": [{"treatments": [{"area": "calf", "amount": {"value": "1", "unit": "mL"}}]}]
    }
    assert not page.root.all("button", value="remove /sessions/0")


def test_an_earlier_session_may_be_asked_for_and_not_be_there(client: Client, release: FrozenRelease) -> None:
    page = read(sent(client, SMALLEST | {"/previous_sessions": [""]}))
    assert document_in(page.form)["previous_sessions"] == []
    page = pressed(client, page, "add /previous_sessions")
    assert document_in(page.form)["previous_sessions"] == [{}]
    page = pressed(client, page, "remove /previous_sessions/0")
    assert "previous_sessions" not in document_in(page.form)


def test_a_member_that_is_sent_twice_is_refused(client: Client, release: FrozenRelease) -> None:
    page = read(sent(client, SMALLEST | {VALUE: ["12", "3"]}))
    assert not page.answer.all("section", "verdict")
    assert page.root.one(id=f"faults:{VALUE}").text


ODD: tuple[bytes, ...] = (
    b"x=1",
    b"/=1&//=2&///////////////////////=3",
    b"%ff=%ff&%00=%00&/jurisdiction=%00%ED%A0%80",
    b"/sessions=1&/sessions/0=2&/sessions/0/treatments=3&/sessions/0/treatments/0/amount=4",
    b"/sessions/x/treatments/0/area=leg&/sessions/-1/treatments/0/area=leg&/sessions/99999999999/date=1",
    b"/sessions/9999/treatments/0/area=leg&/sessions/00/date=1",
    b"/patient=x&/patient/conditions=&/patient/conditions=&/patient/age_years=%D9%A5",
    b"/patient/weight_kg=" + b"9" * 5000,
    b"/patient/conditions=pregnancy&/patient/conditions=pregnancy&/rule_sets=label&/rule_sets=x",
    b"/provider/eligibility_confirmed=perhaps&/patient/name=Jane",
    b"do=add&do=add+/&do=add+//x",
    b"do=add+/sessions/x/y/z/1/2/3/4/5/6/7/8/9",
    b"do=remove&/sessions/0/treatments/0/area=leg",
    b"do=remove+/&do=keep",
    b"do=apply+0+x&beside=kept&kept=%7B%7D",
    b"<script>=<script>&/jurisdiction=<script>alert(1)</script>",
    b"/sessions/x/same_day_procedures=" + b"abcdefghij" * 20_000,
    b"do=add+/sessions&/sessions/9999/date=&/house_limits/0/label=%5Cud800",
)


@pytest.mark.parametrize("body", ODD)
def test_whatever_is_sent_is_a_page(client: Client, release: FrozenRelease, body: bytes) -> None:
    page = read(client.post("/try", body, content_type=FORM_TYPE))
    assert "<script>alert" not in page.html
    assert len(page.html) < MOST_CHARACTERS


@pytest.mark.parametrize(
    "field",
    [
        "/patient/name",
        "/nickname",
        "/",
        "/sessions/0/treatments/0/amount/valu",
        "/sessions/0/treatments/0/area/0",
        "/sessions/x",
        "/sessions/01/date",
        "/sessions/10000/date",
        "/patient/conditions/0/x",
        "/sessions/0" + "/treatments/0" * 20,
        "/patient",
        "/sessions",
        "patient/name",
        "x",
    ],
)
def test_a_field_that_no_plan_has_is_refused_and_not_passed_over(
    client: Client, release: FrozenRelease, field: str
) -> None:
    form = SMALLEST | {field: ["pregnancy"]}
    page = read(sent(client, form))
    assert not page.answer.all("section", "verdict")
    faults = post(client, document_in(form)).json()["errors"]
    shown = [each.text for each in page.answer.one("section", "faulty").all("li")]
    assert len(shown) == len(faults)
    assert all(fault["detail"] in text for fault, text in zip(faults, shown, strict=True))


def test_a_form_that_is_too_long_is_refused(client: Client, release: FrozenRelease) -> None:
    many = "&".join(f"/sessions/0/treatments/{k}/area=leg" for k in range(MOST_ELEMENTS))
    for body in (many, "x=" + "x" * 300_000, "&".join(["x=1"] * 5001)):
        response = client.post("/try", body, content_type=FORM_TYPE)
        assert (response.status_code, response.json()["code"]) == (413, "body_too_large")


def test_a_list_that_is_full_offers_no_more(client: Client, release: FrozenRelease) -> None:
    form = {f"/sessions/0/treatments/{k}/area": ["leg"] for k in range(MOST_ELEMENTS - 1)}
    assert not read(sent(client, form)).root.all("button", value="add /sessions/0/treatments")


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        ('{"sessions": []}', "application/json", "unsupported_media_type"),
        ("x=1", "multipart/form-data; boundary=x", "unsupported_media_type"),
        ("x=1", f"{FORM_TYPE}; charset=utf-16", "unsupported_media_type"),
        ("", FORM_TYPE, "length_required"),
    ],
)
def test_what_is_no_form_is_a_problem(client: Client, body: str, content_type: str, code: str) -> None:
    assert client.post("/try", body, content_type=content_type).json()["code"] == code
