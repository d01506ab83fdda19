"""Calls of tools that nobody should make, each with the code of the problem, and of a fault, that it is to get."""

from typing import Any

WORD = "Kornblum"  # a name that may stand nowhere
VALIDATE = "validate_session_plan"
KEY = "scl_test_SampleKey1NotAKeyThatAnyServiceWillAccept04G2vNY"
no_such_tool = "treat_patient"


def plan(**treatment: Any) -> dict[str, Any]:
    """A plan of one treatment."""
    return {"sessions": [{"treatments": [{"area": "leg", "amount": {"value": "1", "unit": "mL"}, **treatment}]}]}


def nested(depth: int) -> Any:
    """Lists in lists."""
    made: Any = []
    for _ in range(depth):
        made = [made]
    return made


ODD: list[tuple[str, dict[str, Any], str, str | None]] = [
    ("get_area", {}, "invalid_query", "required"),
    ("get_area", {"slug": None}, "invalid_query", "required"),
    ("get_area", {"slug": ""}, "invalid_query", "not_a_slug"),
    ("get_area", {"slug": "calf/.."}, "invalid_query", "not_a_slug"),
    ("get_area", {"slug": "../products/asclera"}, "invalid_query", "not_a_slug"),
    ("get_area", {"slug": "calf?limit=1"}, "invalid_query", "not_a_slug"),
    ("get_area", {"slug": "{slug}"}, "invalid_query", "not_a_slug"),
    ("get_area", {"slug": ["calf"]}, "invalid_query", "not_a_slug"),
    ("get_area", {"slug": "elbow"}, "not_found", None),
    ("get_release", {"number": "1/bundle"}, "invalid_query", "out_of_range"),
    ("get_release", {"number": 0}, "not_found", None),
    ("compare_releases", {"number": 1}, "invalid_query", "required"),
    ("get_problem", {"code": "no_such_problem"}, "not_found", None),
    ("list_areas", {"limit": 0}, "invalid_query", "out_of_range"),
    ("list_areas", {"limit": [1, 2]}, "invalid_query", "out_of_range"),
    ("list_areas", {"limit": True}, "invalid_query", "out_of_range"),
    ("list_areas", {"body": {"limit": 1}}, "invalid_query", "unknown_parameter"),
    ("list_areas", {"as_of": "2999-01-01"}, "invalid_query", "in_the_future"),
    ("list_areas", {"after": "a&limit=1"}, "invalid_query", "not_a_slug"),
    ("list_areas", {"after": "a" * 9000}, "uri_too_long", None),
    ("list_areas", {"key": KEY}, "key_in_url", None),
    ("list_faqs", {"q": "\0"}, "invalid_query", "not_a_text"),
    ("list_search_results", {}, "invalid_query", "required"),
    ("resolve_session_limit", {"product": "asclear"}, "invalid_query", "unknown_slug"),
    (VALIDATE, {}, "invalid_json", "invalid_json"),
    (VALIDATE, {"body": None}, "invalid_json", "invalid_json"),
    (VALIDATE, {"body": "a plan"}, "invalid_json", "invalid_json"),
    (VALIDATE, {"body": []}, "invalid_plan", "not_an_object"),
    (VALIDATE, {"body": 5}, "invalid_plan", "not_an_object"),
    (VALIDATE, {"body": {}}, "invalid_plan", "required"),
    (VALIDATE, {"body": {"body": plan()}}, "invalid_plan", "unknown_member"),
    (VALIDATE, plan(), "invalid_query", "unknown_parameter"),
    (VALIDATE, {"body": {**plan(), "patient": {"name": WORD}}}, "invalid_plan", "patient_identifier"),
    (VALIDATE, {"body": plan(area=f"{WORD}'s leg")}, "invalid_plan", "unknown_slug"),
    (VALIDATE, {"body": plan(side=nested(40))}, "invalid_json", "too_deep"),
    (VALIDATE, {"body": plan(area="l" * 300_000)}, "body_too_large", None),
    (VALIDATE, {"body": '{"sessions":[],"sessions":[]}'}, "invalid_plan", "duplicate_member"),
    (VALIDATE, {"body": plan(), "passed": "some"}, "invalid_query", "not_a_choice"),
    ("validate_session_plan_batch", {"body": {"plans": []}}, "invalid_plan", "wrong_length"),
    ("compare_session_plans", {"body": {"plans": [plan()]}}, "invalid_plan", "required"),
]
