"""Bad bodies: a problem with a pointer to every fault, nothing echoed, never a 500."""

import json
from typing import Any

import pytest
from django.test import Client

from api.rules.reading import PATIENT_IDENTIFIERS
from tests.plans import VALIDATE, checked, clinic_plan, faults, plan, post, session, treatment

# fmt: off
IDENTIFIERS = (
    "id", "patient_id", "name", "full_name", "first_name", "middle_name", "last_name", "surname", "given_name",
    "family_name", "initials", "date_of_birth", "birth_date", "birthdate", "birthday", "dob", "mrn",
    "medical_record_number", "record_number", "chart_number", "nhs_number", "ssn", "social_security_number",
    "insurance_number", "insurance_id", "health_card_number", "passport", "passport_number", "driver_license",
    "email", "e_mail", "phone", "phone_number", "telephone", "mobile", "fax", "address", "street", "city",
    "zip", "zip_code", "postcode", "postal_code", "photo", "ip_address",
)
# fmt: on
AMOUNT = "/sessions/0/treatments/0/amount/value"


def with_amount(text: str) -> str:
    """The smallest plan with a raw JSON text in place of the amount's value."""
    return json.dumps(clinic_plan("@")).replace('"@"', text)


@pytest.mark.parametrize(
    "text",
    [
        "-1",
        '"-1"',
        "1e1",
        "1E400",
        '"1e1"',
        '"1_0"',
        '"\u0661\u0660"',
        '"\uff11\uff10"',
        "true",
        "1.0001",
        '"1.0001"',
        '"10 mL"',
        '""',
        '"."',
        '".5"',
        '"5."',
        '"05"',
        '" 5"',
        '"5\\n"',
        "[]",
        "{}",
        '"\\ud800"',
        '"\\u0000"',
        "1234567",
        '"+1"',
    ],
)
def test_what_is_not_a_plain_decimal_is_refused(client: Client, text: str) -> None:
    assert faults(client, with_amount(text)) == {AMOUNT: "not_a_decimal"}


BATCH, COMPARE = "/v1/session-plans/validate-batch", "/v1/session-plans/compare"


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize(
    ("path", "body", "pointers"),
    [
        (VALIDATE, "@", [""]),
        (VALIDATE, with_amount("@"), [AMOUNT]),
        (VALIDATE, '{"sessions": [@, {"treatments": @}]}', ["/sessions/0", "/sessions/1/treatments"]),
        (VALIDATE, '{"surprise": [[@]]}', ["/surprise/0/0"]),
        (VALIDATE, '{"<b>": @}', [""]),
        (VALIDATE, '{"sessions": @, "sessions": []}', [""]),  # hidden by its double
        (BATCH, '{"plans": [@]}', ["/plans/0"]),
        (BATCH, '{"plans": [{}, {"sessions": [{"treatments": @}]}]}', ["/plans/1/sessions/0/treatments"]),
        (COMPARE, '{"plans": [{"a": @}], "from_release": 1}', ["/plans/0/a"]),
        (COMPARE, '{"plans": [{}], "from_release": @}', ["/from_release"]),
    ],
)
def test_what_json_has_no_word_for_makes_the_whole_body_none(
    client: Client, path: str, body: str, pointers: list[str], constant: str
) -> None:
    response = post(client, body.replace("@", constant), path)
    assert (response.status_code, response.json()["code"]) == (400, "invalid_json")
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [
        (pointer, "invalid_json") for pointer in pointers
    ]


def test_a_great_many_constants_are_bounded(client: Client) -> None:
    response = post(client, f'{{"plans": [{",".join(["NaN"] * 5000)}]}}', BATCH)
    assert len(response.json()["errors"]) == 500


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1E400", "9" * 5000])
def test_a_number_that_no_float_holds_is_a_fault_where_it_stands(client: Client, number: str) -> None:
    assert faults(client, with_amount(number)) == {AMOUNT: "not_a_decimal"}
    [item] = post(client, f'{{"plans": [{number}]}}', BATCH).json()["items"]
    assert (item["status"], item["answer"]) == (400, None)
    response = post(client, f'{{"plans": [{{}}], "from_release": {number}}}', COMPARE)
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (400, "/from_release")


@pytest.mark.parametrize(("text", "code"), [("null", "null"), ("0", "out_of_range"), ("200000", "out_of_range")])
def test_other_bad_amounts_are_refused(client: Client, text: str, code: str) -> None:
    assert faults(client, with_amount(text)) == {AMOUNT: code}


def test_every_fault_is_told_at_once(client: Client) -> None:
    body = plan(
        session(
            treatment(area="lge", amount={"value": "-1", "unit": "pint"}, injection_count=2.5, form="Foam"),
            date="2026-02-30",
            observation_minutes=True,
        ),
        jurisdiction="us",
        patient={"age_years": "42", "first_name": "Ada", "conditions": ["pregnant", "pregnancy", "pregnancy"]},
        surprise=1,
    )
    assert faults(client, body) == {
        "/surprise": "unknown_member",
        "/jurisdiction": "not_a_choice",
        "/patient/first_name": "patient_identifier",
        "/patient/age_years": "not_a_whole_number",
        "/patient/conditions/0": "unknown_slug",
        "/patient/conditions/2": "repeated",
        "/sessions/0/date": "not_a_date",
        "/sessions/0/observation_minutes": "not_a_whole_number",
        "/sessions/0/treatments/0/area": "unknown_slug",
        "/sessions/0/treatments/0/amount/value": "not_a_decimal",
        "/sessions/0/treatments/0/amount/unit": "not_a_choice",
        "/sessions/0/treatments/0/injection_count": "not_a_whole_number",
        "/sessions/0/treatments/0/form": "not_a_choice",
    }


def test_every_identifier_of_a_patient_is_refused_by_name_wherever_it_stands(client: Client) -> None:
    told = dict.fromkeys(IDENTIFIERS, "somebody")
    refused = faults(client, plan(patient=told, **told))
    assert refused == {f"{place}/{name}": "patient_identifier" for place in ("", "/patient") for name in IDENTIFIERS}
    assert set(IDENTIFIERS) == PATIENT_IDENTIFIERS  # whoever adds one adds it here


def test_a_wrong_word_gets_the_allowed_ones_and_what_is_also_called_so(client: Client) -> None:
    body = plan(session(treatment(vein_type="spider vein", area="calves", product="Veinfibro", form="LIQUID")))
    errors = json.loads(post(client, body).content)["errors"]
    meant = {error["pointer"].rpartition("/")[2]: error["did_you_mean"] for error in errors}
    assert meant == {"vein_type": "telangiectasia", "area": "calf", "product": "fibrovein", "form": "liquid"}
    assert all(error["did_you_mean"] in error["allowed"] for error in errors)


@pytest.mark.parametrize(
    ("member", "word", "meant"),
    [
        ("conditions", "haemophilia", "blood-disorder"),  # close to thrombophilia in letters alone
        ("conditions", "thrombophylia", None),
        ("conditions", "DVT", "acute-deep-vein-thrombosis, past-deep-vein-thrombosis-or-pulmonary-embolism"),
        ("conditions", "PFO", "patent-foramen-ovale-silent, patent-foramen-ovale-symptomatic"),
        ("allergies", "lidocaine", None),  # not polidocanol
        ("medications", "aspirin", None),
    ],
)
def test_nothing_is_guessed_from_spelling(client: Client, member: str, word: str, meant: str | None) -> None:
    [error] = json.loads(post(client, plan(patient={member: [word]})).content)["errors"]
    assert error["pointer"] == f"/patient/{member}/0"
    assert error.get("did_you_mean") == meant


@pytest.mark.parametrize("name", ["lauromacrogol", "Lauromacrogol 400", "STS", "polidocanol"])
def test_an_allergy_may_be_stated_by_another_exact_name(client: Client, name: str) -> None:
    product = "fibrovein" if name == "STS" else "aethoxysklerol"
    answer = checked(
        client, plan(session(treatment(product=product)), jurisdiction="GB", patient={"allergies": [name]})
    )
    finding = next(row for row in answer["findings"] if row["rule"] == "allergy")
    assert (finding["severity"], finding["limit"]["slug"]) == ("error", "ingredient-allergy")


def test_a_liquid_has_no_foam(client: Client) -> None:
    body = plan(session(treatment(form="liquid", foam={"gas": "room-air"})))
    assert faults(client, body) == {"/sessions/0/treatments/0/foam": "conflict"}


def test_a_side_in_the_name_of_an_area_leads_to_that_area(client: Client) -> None:
    body = plan(session(treatment(area="left-leg")))
    [error] = json.loads(post(client, body).content)["errors"]
    assert error.get("did_you_mean") == "leg"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"sessions": [], "sessions": []}', {"/sessions": "duplicate_member"}),
        (with_amount('"8", "value": "9"'), {AMOUNT: "duplicate_member"}),
    ],
)
def test_a_doubled_member_is_refused_where_it_is(client: Client, text: str, expected: dict[str, str]) -> None:
    errors = json.loads(post(client, text).content)["errors"]
    assert {(error["pointer"], error["code"]) for error in errors} >= set(expected.items())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([], {"": "not_an_object"}),
        ({}, {"/sessions": "required"}),
        ({"sessions": []}, {"/sessions": "wrong_length"}),
        ({"sessions": [[]]}, {"/sessions/0": "not_an_object"}),
        ({"sessions": {}}, {"/sessions": "not_a_list"}),
        ({"sessions": [{}]}, {"/sessions/0/treatments": "required"}),
        ({"sessions": None}, {"/sessions": "null"}),
    ],
)
def test_a_document_of_another_shape_is_refused(client: Client, body: Any, expected: dict[str, str]) -> None:
    assert faults(client, body) == expected


def test_too_many_sessions_and_treatments_are_refused(client: Client) -> None:
    one = clinic_plan()["sessions"][0]
    assert faults(client, {"sessions": [one] * 51}) == {"/sessions": "wrong_length"}
    assert post(client, {"sessions": [one] * 50}).status_code == 200
    crowd = {"treatments": one["treatments"] * 101}
    assert faults(client, {"sessions": [crowd, crowd]}) == {"/sessions": "too_many_treatments"}
    full = {"treatments": one["treatments"] * 100}
    assert post(client, {"sessions": [full, full]}).status_code == 200


def test_two_ways_to_count_injections_are_a_conflict(client: Client) -> None:
    both = treatment(injections=[{"count": 20, "volume_ml": "0.15"}])
    assert faults(client, plan(session(both))) == {"/sessions/0/treatments/0/injections": "conflict"}


@pytest.mark.parametrize("day", ["2026-13-01", "2026-2-3", "20261122", "2026-11-22T10:00", "1899-12-31", 20261122])
def test_what_is_not_a_civil_date_is_refused(client: Client, day: Any) -> None:
    assert list(faults(client, plan(session(date=day)))) == ["/sessions/0/date"]


@pytest.mark.parametrize("body", [b"", b"{", b"{} {}", b"\xff", b"\xef\xbb\xbf{}", b"nul", b"'{}'", b'{"a":1,}'])
def test_what_is_not_json_is_refused(client: Client, body: bytes) -> None:
    response = client.generic("POST", VALIDATE, body, content_type="application/json", CONTENT_LENGTH=str(len(body)))
    assert response.status_code == 400
    assert response.json()["code"] == "invalid_json"
    assert response.json()["errors"][0]["pointer"] == ""


@pytest.mark.parametrize("depth", [33, 900, 100_000])
def test_deep_nesting_is_refused(client: Client, depth: int) -> None:
    response = post(client, "[" * depth + "]" * depth)
    assert response.status_code == 400
    assert response.json()["errors"][0]["code"] == "too_deep"


def test_nesting_of_thirty_two_is_read(client: Client) -> None:
    assert faults(client, "[" * 32 + "]" * 32) == {"": "not_an_object"}


def test_a_large_body_is_refused(client: Client) -> None:
    response = post(client, " " * (256 * 1024 + 1))
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")


def test_a_body_in_chunks_is_refused(client: Client) -> None:
    response = client.generic("POST", VALIDATE, b"", content_type="application/json", HTTP_TRANSFER_ENCODING="chunked")
    assert (response.status_code, response.json()["code"]) == (411, "length_required")


@pytest.mark.parametrize("length", ["-5", "+5", "abc", " 5", "5, 5", "\u0665"])
def test_a_length_that_is_none_is_refused(client: Client, length: str) -> None:
    response = client.generic("POST", VALIDATE, b"{}", content_type="application/json", CONTENT_LENGTH=length)
    assert (response.status_code, response.json()["code"]) == (411, "length_required")


def test_a_compressed_body_is_refused(client: Client) -> None:
    response = post(client, clinic_plan(), HTTP_CONTENT_ENCODING="gzip")
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


def test_nothing_of_the_input_is_echoed(client: Client) -> None:
    body = plan(jurisdiction="<script>", **{"<img src=x>": 1, "patient": {"Mary Smith": 1, "name": "Mary"}})
    text = post(client, body).content.decode()
    assert "script" not in text
    assert "img" not in text
    assert "Mary" not in text


def test_a_great_many_faults_are_bounded(client: Client) -> None:
    body = {f"member{k}": 1 for k in range(5000)}
    assert len(faults(client, body)) == 500


def test_an_allowed_value_is_every_spelling_that_is_read(client: Client) -> None:
    errors = json.loads(post(client, clinic_plan("1", "ampoule")).content)["errors"]
    assert errors[0]["allowed"] == ["mL", "vial", "cc"]


def test_a_common_name_of_a_jurisdiction_is_understood(client: Client) -> None:
    errors = json.loads(post(client, clinic_plan("1", jurisdiction="UK")).content)["errors"]
    assert errors[0]["did_you_mean"] == "GB"
