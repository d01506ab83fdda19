"""What breaks clients is found, and what harms none is not; the contract breaks nothing but what is accepted."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.breaking import PRESENT, RELEASED, bare, breaks, main, read
from tests.contract_gates import ACCEPTED, needs_another_major, not_accepted

Document = dict[str, Any]
Edit = Callable[[Document], Any]

DOCUMENT = read(PRESENT)
AREAS, VALIDATE = "/v1/areas", "/v1/session-plans/validate"


def areas(document: Document) -> Document:
    """The operation that lists areas."""
    operation: Document = document["paths"][AREAS]["get"]
    return operation


def validate(document: Document) -> Document:
    """The operation that checks a plan."""
    operation: Document = document["paths"][VALIDATE]["post"]
    return operation


def schema(document: Document, name: str) -> Document:
    own: Document = document["components"]["schemas"][name]
    return own


def member(document: Document, name: str, own: str) -> Document:
    declared: Document = schema(document, name)["properties"][own]
    return declared


def parameter(document: Document, name: str) -> Document:
    own: Document = document["components"]["parameters"][name]
    return own


def parameters(name: str, **more: Any) -> Document:
    return {"in": "query", "name": name, "schema": {"type": "string"}, **more}


def renamed(document: Document, old: str, new: str) -> Document:
    """A document whose component has another name everywhere."""
    text = (
        yaml.safe_dump(document).replace(f"schemas/{old}'", f"schemas/{new}'").replace(f"    {old}:\n", f"    {new}:\n")
    )
    document.clear()
    document.update(yaml.safe_load(text))
    return document


BREAKS: dict[str, Edit] = {
    "a path goes": lambda d: d["paths"].pop(AREAS),
    "a method goes": lambda d: d["paths"][AREAS].pop("get"),
    "a method becomes another": lambda d: d["paths"][AREAS].update(post=d["paths"][AREAS].pop("get")),
    "an operation is renamed": lambda d: areas(d).update(operationId="get_areas"),
    "a tag is renamed": lambda d: areas(d).update(tags=["Content"]),
    "a parameter goes": lambda d: areas(d)["parameters"].pop(),
    "a new parameter is required": lambda d: areas(d)["parameters"].append(parameters("key", required=True)),
    "a parameter becomes required": lambda d: parameter(d, "Release").update(required=True),
    "a parameter has another type": lambda d: parameter(d, "Release").update(schema={"type": "boolean"}),
    "a parameter takes less": lambda d: parameter(d, "Limit")["schema"].update(maximum=100),
    "a parameter starts higher": lambda d: parameter(d, "Release")["schema"].update(minimum=2),
    "a parameter gets a pattern": lambda d: parameter(d, "ListFaqsQ")["schema"].update(pattern="^[a-z]+$"),
    "a parameter is shorter": lambda d: parameter(d, "AppliesToProduct")["schema"].update(maxLength=20),
    "a credential is asked for": lambda d: d.update(security=[{"key": []}]),
    "a credential is asked for by one operation": lambda d: areas(d).update(security=[{"key": []}]),
    "the address is another": lambda d: d.update(servers=[{"url": "/api"}]),
    "a body becomes another": lambda d: validate(d)["requestBody"].update(
        content={"application/xml": {"schema": {"type": "string"}}}
    ),
    "a member of a plan goes": lambda d: schema(d, "Treatment")["properties"].pop("side"),
    "a member of a plan is required": lambda d: schema(d, "Treatment")["required"].append("product"),
    "a member of a plan has another type": lambda d: member(d, "Patient", "age_years").update(type="string"),
    "a word of a plan goes": lambda d: schema(d, "Procedure")["enum"].pop(),
    "a list of a plan is shorter": lambda d: member(d, "Plan", "sessions").update(maxItems=10),
    "a list of a plan may not be empty": lambda d: member(d, "Patient", "conditions").update(minItems=1),
    "a list of a plan takes nothing twice": lambda d: member(d, "Session", "treatments").update(uniqueItems=True),
    "a member of an answer goes": lambda d: schema(d, "Finding")["properties"].pop("kept"),
    "a member of an answer may be missing": lambda d: schema(d, "Finding")["required"].remove("kept"),
    "a member of an answer may be null": lambda d: member(d, "Answer", "release").update(type=["integer", "null"]),
    "a member of an answer has another type": lambda d: member(d, "Answer", "release").update(type="string"),
    "a word of an answer is new": lambda d: schema(d, "Verdict")["enum"].append("unclear"),
    "a word of an answer may be any": lambda d: schema(d, "Reason").pop("enum"),
    "what a list holds has another type": lambda d: member(d, "Area", "synonyms").update(items={"type": "integer"}),
    "what an object holds has another type": lambda d: member(d, "ReleaseDetail", "rows").update(
        additionalProperties={"type": "string"}
    ),
    "a text becomes a date": lambda d: member(d, "Release", "note").update(format="date"),
    "a problem loses a member": lambda d: schema(d, "Problem")["properties"].pop("request_id"),
    "an answer is no JSON": lambda d: areas(d)["responses"]["200"]["content"].update(
        {"text/csv": areas(d)["responses"]["200"]["content"].pop("application/json")}
    ),
    "an answer may be something else, too": lambda d: areas(d)["responses"]["200"]["content"].update(
        {"text/csv": {"schema": {"type": "string"}}}
    ),
    "a header goes": lambda d: areas(d)["responses"]["200"]["headers"].pop("ETag"),
    "a status goes": lambda d: areas(d)["responses"].pop("304"),
    "a component is renamed": lambda d: renamed(d, "Verdict", "Outcome"),
}
HARMLESS: dict[str, Edit] = {
    "nothing": lambda d: None,
    "a path is new": lambda d: d["paths"].update({"/v1/terms": copy.deepcopy(d["paths"][AREAS])}),
    "a method is new": lambda d: d["paths"][AREAS].update(head={"operationId": "head_areas", "responses": {}}),
    "a parameter is new": lambda d: areas(d)["parameters"].append(parameters("colour")),
    "a parameter takes more": lambda d: parameter(d, "Limit")["schema"].update(maximum=5000),
    "a parameter has no pattern any more": lambda d: parameter(d, "AppliesToProduct")["schema"].pop("pattern"),
    "a parameter is longer": lambda d: parameter(d, "ListFaqsQ")["schema"].update(maxLength=500),
    "a parameter has another text": lambda d: parameter(d, "ListFaqsQ").update(description="Words.", example="pain"),
    "a body need not be sent": lambda d: validate(d)["requestBody"].update(required=False),
    "a body may be something else, too": lambda d: validate(d)["requestBody"]["content"].update(
        {"application/xml": {"schema": {"type": "string"}}}
    ),
    "a member of a plan is new": lambda d: schema(d, "Treatment")["properties"].update(needle={"type": "string"}),
    "a member of a plan need not be sent": lambda d: schema(d, "Treatment")["required"].remove("amount"),
    "a member of a plan may be null": lambda d: member(d, "Patient", "age_years").update(type=["integer", "null"]),
    "a word of a plan is new": lambda d: schema(d, "Procedure")["enum"].append("radiofrequency"),
    "a list of a plan is longer": lambda d: member(d, "Plan", "sessions").update(maxItems=500),
    "a member of an answer is new": lambda d: schema(d, "Finding")["properties"].update(since={"type": "string"}),
    "a member of an answer is always there": lambda d: schema(d, "Fault")["required"].append("allowed"),
    "a member of an answer is never null": lambda d: member(d, "AreaList", "next").update(type="string"),
    "a word of an answer goes": lambda d: schema(d, "Confidence")["enum"].pop(),
    "a component is new": lambda d: d["components"]["schemas"].update(Needle={"type": "string"}),
    "a header is new": lambda d: areas(d)["responses"]["200"]["headers"].update(Age={"schema": {"type": "string"}}),
    "a status is new": lambda d: areas(d)["responses"].update({"418": d["components"]["responses"]["NotFound"]}),
    "a code is new": lambda d: schema(d, "ProblemCode")["anyOf"][0]["enum"].append("too_many_requests"),
    "texts are others": lambda d: d.update(info={"title": "x", "version": "9.0.0"}, tags=[]),
    "a reference is written out": lambda d: areas(d)["parameters"].append(dict(parameter(d, "ListFaqsQ"))),
}


def edited(edit: Edit) -> Document:
    """The contract after an edit."""
    document = copy.deepcopy(DOCUMENT)
    edit(document)
    return document


def test_there_are_enough_of_both() -> None:
    assert len(BREAKS) >= 30
    assert len(HARMLESS) >= 20


@pytest.mark.parametrize("what", BREAKS)
def test_what_breaks_is_found(what: str) -> None:
    assert breaks(DOCUMENT, edited(BREAKS[what]))


@pytest.mark.parametrize("what", HARMLESS)
def test_what_harms_none_is_not(what: str) -> None:
    assert breaks(DOCUMENT, edited(HARMLESS[what])) == []


def test_texts_and_examples_of_a_contract_break_nothing() -> None:
    assert breaks(DOCUMENT, bare(DOCUMENT)) == breaks(bare(DOCUMENT), DOCUMENT) == []


def test_a_body_that_is_required_now_breaks() -> None:
    old = edited(HARMLESS["a body need not be sent"])
    assert breaks(old, DOCUMENT) == ["POST /v1/session-plans/validate body: is required now"]


def test_the_contract_breaks_nothing_but_what_is_accepted_with_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    found = breaks(read(RELEASED), DOCUMENT)
    assert not_accepted(found) == []
    assert not_accepted([*found, "a new one"]) == ["a new one"]
    assert not_accepted([]) == [f"nothing needs {entry['pattern']!r} any more" for entry in ACCEPTED["breaks"]]
    for entry in (*ACCEPTED["breaks"], *ACCEPTED["owasp"]):
        assert len(entry["reason"]) > 20
    old, new = (int(read(path)["info"]["version"].partition(".")[0]) for path in (RELEASED, PRESENT))
    assert new > old or not needs_another_major()
    assert main() == bool(found)
    assert f"{len(found)} breaks" in capsys.readouterr().out
