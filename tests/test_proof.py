"""Publishing proves the rules: what does not come to what named plans and limits say is told to the editor."""

import copy
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models

from api.models import Area, Claim, Ingredient, PlanExample, Product, Rule, Ruling, SessionLimit, VeinType
from api.publishing import RefusedError, publish
from api.publishing.prove import book_of, wrong_rules
from api.publishing.references import resolved
from api.releases import FrozenRelease

Content = dict[str, list[dict[str, Any]]]
WHERE_MEANT = "plan-examples: where that is meant, change `expect` of these plans in fixtures/plan-examples.yaml"


@pytest.fixture
def content() -> Content:
    """The small content of the specimen."""
    content: Content = json.loads((Path(__file__).parent / "specimen.json").read_text("utf-8"))
    return content


def row(content: Content, resource: str, slug: str) -> dict[str, Any]:
    [found] = [row for row in content[resource] if row["slug"] == slug]
    return found


def expected(content: Content) -> dict[str, Any]:
    """What the named plans come to as the content stands."""
    return {row["slug"]: {"verdict": row["verdict"], "findings": row["findings"]} for row in content["plan-examples"]}


def problems(content: Content) -> list[str]:
    """What is wrong with the rules of the content, whatever the named plans expect."""
    return wrong_rules(content, book_of(content), expected(content))


def test_content_as_it_stands_is_proved(content: Content) -> None:
    assert problems(content) == []


def test_a_plan_that_comes_to_another_verdict_is_named_with_both(content: Content) -> None:
    wanted = expected(content)
    wanted["asclera-within"] = {"verdict": "needs_review", "findings": []}
    assert wrong_rules(content, book_of(content), wanted) == [
        "plan-examples/asclera-within: expected needs_review, found within_limits",
        WHERE_MEANT,
    ]


def test_findings_that_are_missing_or_too_many_are_named(content: Content) -> None:
    wanted = expected(content)
    found = wanted["asclera-volume-over"]["findings"]
    wanted["asclera-volume-over"] = {"verdict": "outside_limits", "findings": ["x:/sessions/9", *found[1:]]}
    assert wrong_rules(content, book_of(content), wanted) == [
        "plan-examples/asclera-volume-over: expected x:/sessions/9, not found",
        f"plan-examples/asclera-volume-over: found {found[0]}, not expected",
        WHERE_MEANT,
    ]


@pytest.mark.parametrize(("found", "wanted"), [(["a:", "b:"], ["b:", "a:"]), (["b:", "a:"], ["a:", "b:"])])
def test_findings_in_another_order_are_named(found: list[str], wanted: list[str], content: Content) -> None:
    row(content, "plan-examples", "asclera-within")["findings"] = found
    expect = expected(content)
    expect["asclera-within"] = {"verdict": "within_limits", "findings": wanted}
    assert wrong_rules(content, book_of(content), expect) == [
        f"plan-examples/asclera-within: expected {', '.join(wanted)} in this order, found {', '.join(found)}",
        WHERE_MEANT,
    ]


def test_rules_are_looked_up_by_measure_and_not_by_slug(content: Content) -> None:
    """Renamed everywhere, each rule still enforces its limits."""
    renamed = copy.deepcopy(content)
    for rule in renamed["rules"]:
        rule["slug"], rule["topic"] = f"{rule['slug']}-x", rule["topic"] and f"{rule['topic']}-x"
    for limit in renamed["session-limits"]:
        limit["rule"] += "-x"
    assert problems(renamed) == []
    assert len(book_of(renamed).limits) == len(book_of(content).limits)


@pytest.mark.parametrize(
    ("slug", "values", "strange"),
    [
        ("face-excluded", ["fcae"], "fcae"),
        ("asclera-telangiectasia-concentration", ["0,5"], "0,5"),
        ("clot-risk-count-max", ["obesty"], "obesty"),
        ("asclera-session-volume-max", ["leg"], "leg"),
    ],
)
def test_a_value_that_names_nothing_is_told(slug: str, values: list[str], strange: str, content: Content) -> None:
    limit = row(content, "session-limits", slug)
    limit["values"] = [strange if value == strange else value for value in values]
    [problem] = problems(content)
    assert problem.startswith(f"session-limits/{slug}: lists {strange!r}, which names nothing that its rule can meet (")


def test_a_limit_at_which_no_plan_can_be_is_named(content: Content) -> None:
    row(content, "session-limits", "asclera-breastfeeding-pause-min")["condition"] = None
    [problem] = problems(content)
    where = "session-limits/asclera-breastfeeding-pause-min: no plan can be made at its boundary (PlanFaults "
    assert problem.startswith(where)


def test_a_limit_on_a_drug_that_no_product_holds_is_named(content: Content) -> None:
    row(content, "session-limits", "clinic-session-volume-max")["sclerosant"] = "glycerin"
    [problem] = problems(content)
    assert problem.startswith("session-limits/clinic-session-volume-max: no plan can be made at its boundary (")


def test_a_limit_that_is_not_enforced_is_named_with_what_was_expected(content: Content) -> None:
    """One that is about a width no vein has is never met."""
    row(content, "session-limits", "face-excluded")["made_in_clinic"] = True
    row(content, "session-limits", "face-excluded")["product"] = "varithena"
    [*found] = problems(content)
    assert "face-excluded:listed-face: expected broken, found not broken" in found


def test_a_condition_without_any_ruling_that_speaks_is_no_crash(content: Content) -> None:
    for condition in content["contraindications"]:
        condition["rulings"] = []
    assert problems(content) == []


def test_a_vein_type_without_any_upper_end_is_told_at_its_limit(content: Content) -> None:
    for vein_type in content["vein-types"]:
        vein_type["diameter_max_mm"] = None
    [problem, *_] = problems(content)
    assert "no plan can be made at its boundary (IndexError" in problem


def test_a_finding_that_cannot_be_answered_is_told_at_its_limit(content: Content) -> None:
    rule = row(content, "rules", "session-volume")
    rule["messages"] = {**rule["messages"], "<=": "{nothing}"}
    told = problems(content)
    assert any("clinic-session-volume-max: no plan can be made at its boundary (KeyError" in each for each in told)


@pytest.mark.django_db
def test_a_share_of_maxima_needs_two_labels_of_one_country(release: FrozenRelease) -> None:
    content = json.loads(json.dumps(release.content))
    volumes = {rule["slug"] for rule in content["rules"] if rule["quantity"] == "session-volume"}
    content["session-limits"] = [
        row for row in content["session-limits"] if row["rule"] not in volumes or row["rule_set"] != "label"
    ]
    assert any("no two labels of one country give a session maximum" in problem for problem in problems(content))


def test_rules_that_cannot_be_compiled_are_refused(content: Content) -> None:
    del content["rules"][0]["quantity"]
    with pytest.raises(RefusedError) as refusal:
        problems(content)
    assert refusal.value.problems == ["the rules cannot be compiled: KeyError 'quantity'"]


def test_a_product_whose_coverage_cannot_be_told_is_refused(content: Content) -> None:
    row(content, "products", "aethoxysklerol")["strengths"] = []
    assert any(problem.startswith("the coverage of the products cannot be told: ") for problem in problems(content))


def test_only_one_limit_stands_in_for_the_volume_of_a_vial(content: Content) -> None:
    other = {**row(content, "session-limits", "clinic-vial-volume"), "slug": "another-vial-volume"}
    content["session-limits"].append(other)
    assert problems(content) == [
        "session-limits: clinic-vial-volume and another-vial-volume both stand in for the volume of a vial"
    ]


def refused() -> list[str]:
    """The problems for which publishing the tables is refused."""
    with pytest.raises(RefusedError) as refusal:
        publish("A change")
    return refusal.value.problems


@pytest.mark.django_db
def test_a_safety_rule_that_is_dropped_is_told_at_the_desk() -> None:
    Ruling.objects.filter(contraindication="acute-deep-vein-thrombosis").delete()
    PlanExample.objects.filter(slug="clinic-within").update(expect={"verdict": "incomplete", "findings": []})
    told = refused()
    assert "plan-examples/clinic-within: expected incomplete, found within_limits" in told
    assert any("acute-deep-vein-thrombosis" in str(PlanExample.objects.get(slug=slug).plan) for slug in plans_in(told))


def plans_in(told: list[str]) -> set[str]:
    return {problem.partition("/")[2].partition(":")[0] for problem in told if problem != WHERE_MEANT}


@pytest.mark.usefixtures("small_content")
@pytest.mark.parametrize("expect", [{}, {"verdict": "incomplete", "findings": [1]}, {"verdict": "x", "findings": "y"}])
def test_an_expectation_of_another_shape_is_named(expect: Any) -> None:
    PlanExample.objects.filter(slug="asclera-within").update(expect=expect)
    told = refused()
    assert told
    assert all(problem.startswith("plan-examples/asclera-within: ") for problem in told)


@pytest.mark.usefixtures("small_content")
def test_a_bound_on_what_is_no_number_is_refused() -> None:
    face = SessionLimit.objects.filter(slug="face-excluded")
    face.update(comparator="<=", value="1", values=[])
    Rule.objects.filter(slug=face.get().rule_id).update(kind="range", messages={"<=": "{observed}"})
    assert "session-limits/face-excluded: compares by '<=' what its rule measures as something else" in refused()


@pytest.mark.usefixtures("small_content")
def test_an_age_is_not_asked_to_equal_something() -> None:
    SessionLimit.objects.filter(slug="asclera-age-min").update(comparator="=")
    Rule.objects.filter(slug="patient-age").update(kind="equals")
    assert "session-limits/asclera-age-min: compares by '=' what its rule measures as something else" in refused()


@pytest.mark.usefixtures("small_content")
def test_areas_do_not_lie_in_themselves() -> None:
    Area.objects.filter(slug="leg").update(parent="calf")
    problems = refused()
    assert {"areas/leg: lies in itself", "areas/calf: lies in itself"} <= set(problems)
    assert all(problem.endswith("lies in itself") for problem in problems)


@pytest.mark.usefixtures("small_content")
def test_a_named_vein_is_of_one_vein_type() -> None:
    VeinType.objects.filter(slug="perforating-vein").update(veins=["great-saphenous"])
    assert refused() == [
        "vein-types: the vein 'great-saphenous' is of 2 vein types, and must be of one",
        "vein-types: the vein 'perforator' is of 0 vein types, and must be of one",
    ]


@pytest.mark.usefixtures("small_content")
def test_what_a_product_holds_is_an_ingredient() -> None:
    Product.objects.filter(slug="asclera").update(excipients=["ethanoll"])
    assert refused() == ["products/asclera: holds 'ethanoll', which is no ingredient"]


@pytest.mark.usefixtures("small_content")
def test_a_container_is_of_a_kind_that_is_known() -> None:
    strengths = [{"concentration_percent": "1", "containers": [{"kind": "cannister", "volume_ml": "5"}]}]
    Product.objects.filter(slug="varithena").update(strengths=strengths)
    assert refused() == ["products/varithena: has a container of the unknown kind 'cannister'"]


@pytest.mark.usefixtures("small_content")
def test_a_word_for_what_is_not_listed_names_no_row() -> None:
    ingredient = Ingredient.objects.get(slug="ethanol")
    ingredient.slug = "other"
    ingredient.save(force_insert=True)
    assert refused() == ["ingredients/other: plans say this of what is not listed"]


@pytest.mark.usefixtures("small_content")
def test_a_ruling_is_not_called_as_a_limit_is() -> None:
    ruling = Ruling.objects.filter(contraindication="pregnancy")[0]
    limit = SessionLimit.objects.get(slug="face-excluded")
    limit.slug = ruling.slug
    limit.save(force_insert=True)
    assert f"rulings/{ruling.slug}: is called as a limit is" in refused()


@pytest.mark.usefixtures("small_content")
def test_a_row_of_a_shape_that_cannot_be_read_is_named() -> None:
    Product.objects.filter(slug="varithena").update(strengths=[{"concentration_percent": "1", "containers": None}])
    [problem] = refused()
    assert problem.startswith("products/varithena: cannot be read (TypeError ")


@pytest.mark.usefixtures("small_content")
def test_an_empty_rule_book_approves_of_nothing() -> None:
    for model in (Claim, SessionLimit, Rule, Ruling, PlanExample):
        model._default_manager.all().delete()
    assert refused()[:5] == [
        "rules: none is left",
        "session limits: none is left",
        "rulings: none is left",
        "plan examples: none is left",
        "rules: none is left that stands for a topic, so that answers could be silent",
    ]


@pytest.mark.usefixtures("small_content")
@pytest.mark.parametrize("message", ["{observed.__class__}", "{observed:>50000}", "{observed!r}", "{0}", "{", 7])
def test_a_message_shows_what_a_finding_has_and_nothing_else(message: Any) -> None:
    Rule.objects.filter(slug="treatment-area").update(messages={"in": "x", "not-in": message})
    assert "rules/treatment-area: has a message for 'not-in' that cannot be filled in" in refused()


@pytest.mark.usefixtures("small_content")
def test_a_rule_on_conditions_has_a_message_for_them() -> None:
    Rule.objects.filter(slug="contraindication").update(messages={"unknown": "It stays open."})
    assert "rules/contraindication: has no message for a condition that is ruled on" in refused()


@pytest.mark.usefixtures("small_content")
@pytest.mark.parametrize("strength", [("0", "2"), ("1", "0"), ("1", "0.000")])
def test_a_product_has_no_strength_and_no_container_of_nothing(strength: tuple[str, str]) -> None:
    percent, volume = strength
    strengths = [{"concentration_percent": percent, "containers": [{"kind": "vial", "volume_ml": volume}]}]
    Product.objects.filter(slug="varithena").update(strengths=strengths)
    assert "products/varithena: has a strength or a container of 0" in refused()


@pytest.mark.usefixtures("small_content")
@pytest.mark.parametrize("slug", ["asclera-session-volume-max", "clinic-vial-volume"])
def test_a_volume_that_amounts_are_divided_by_is_not_0(slug: str) -> None:
    SessionLimit.objects.filter(slug=slug).update(value=0)
    assert any(problem.startswith(f"session-limits/{slug}: allows nothing by a bound of 0") for problem in refused())


@pytest.mark.usefixtures("small_content")
def test_a_limit_is_on_a_condition_only_where_its_measure_asks_for_it() -> None:
    SessionLimit.objects.filter(slug="clinic-session-volume-max").update(condition="pregnancy")
    where = "session-limits/clinic-session-volume-max"
    assert f"{where}: is on a condition, which 'session-volume' does not ask for" in refused()


def decimals() -> list[tuple[type[models.Model], str]]:
    """Every decimal column of the content."""
    return [
        (model, field.name)
        for model in apps.get_app_config("api").get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.DecimalField)
    ]


@pytest.mark.usefixtures("small_content")
@pytest.mark.parametrize(("model", "column"), decimals())
def test_no_decimal_is_negative(model: type[models.Model], column: str) -> None:
    row = model._default_manager.order_by("pk")[0]
    setattr(row, column, Decimal(-1))
    with pytest.raises(ValidationError) as refusal:
        row.full_clean(validate_constraints=False)
    assert column in refusal.value.message_dict


@pytest.mark.usefixtures("small_content")
def test_a_row_whose_address_is_taken_is_refused() -> None:
    limit = SessionLimit.objects.get(slug="face-excluded")
    limit.slug = "resolve"
    limit.save(force_insert=True)
    assert refused() == ["session-limits/resolve: the API has another answer at this address"]


@pytest.mark.usefixtures("small_content")
def test_a_named_plan_that_cannot_be_answered_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.publishing.freeze.check", lambda document, book: 1 // 0)
    [problem] = refused()
    assert problem.startswith("plan-examples/")
    assert "cannot be answered (ZeroDivisionError" in problem


@pytest.mark.usefixtures("small_content")
def test_a_reference_to_a_row_of_any_resource_gives_its_number_or_is_told(release: FrozenRelease) -> None:
    for resource, rows in release.content.items():
        for row in rows:
            text, wrong = resolved(f"It is {{{{ {resource}/{row['slug']} }}}}.", {}, release.content)
            assert wrong or re.fullmatch(r"It is (at least |under )?[0-9][^{}]*\.", text), text
