"""A rule that tells less than in the newest release is named before it is published, unless the editor named it."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import fields
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from api.models import Release, SessionLimit
from api.publishing import RefusedError, publish
from api.publishing.loosened import Told, loosened, sparse_plans, told, unnamed
from api.publishing.narrowed import HELD_AS, SELECTORS, narrowed, row_of
from api.publishing.prove import book_of
from api.rules.rows import Limit, Product, Rule
from api.rules.vectors import boundaries_of
from tests.conftest import SPECIMEN
from tests.specimen import cut

Content = dict[str, list[dict[str, Any]]]
CLINIC = "session-limits/clinic-session-volume-max"
WHERE_MEANT = "where that is meant: publish with --loosens and the name of each of these rows"


@pytest.fixture(scope="module")
def content() -> Content:
    """The small content of the specimen; it is not changed."""
    content: Content = json.loads(SPECIMEN.read_text("utf-8"))
    return content


def edited(content: Content, resource: str, slug: str, **members: Any) -> Content:
    """The content with other members of one row."""
    rows = [{**row, **members} if row["slug"] == slug else row for row in content[resource]]
    assert rows != content[resource]
    return {**content, resource: rows}


def without(content: Content, resource: str, *slugs: str) -> Content:
    """The content without some rows."""
    return {**content, resource: [row for row in content[resource] if row["slug"] not in slugs]}


def problems(content: Content, changed: Content, accepted: Collection[str] = ()) -> list[str]:
    return unnamed(loosened(book_of(content), content["plan-examples"], book_of(changed)), accepted)


def narrower(content: Content, changed: Content) -> list[str]:
    """The problems of rows alone, which no plan is needed for."""
    return [*dict(narrowed(book_of(content), book_of(changed))).values()]


def rows_in(problems: list[str]) -> set[str]:
    return {problem.partition(":")[0] for problem in problems if problem != WHERE_MEANT}


def test_a_bound_that_is_raised_is_told_with_the_plan_and_both_answers_until_it_is_accepted(content: Content) -> None:
    changed = edited(content, "session-limits", "clinic-session-volume-max", value="200")
    [problem, hint] = problems(content, changed)
    told_of, now = problem.removeprefix(f"{CLINIC}: told of ").split(" as ")
    assert told_of.startswith(("plan-examples/", "clinic-session-volume-max:"))
    assert (now, hint) == ("error, and now not at all", WHERE_MEANT)
    assert problems(content, changed, {CLINIC}) == []


def test_a_bound_that_is_lowered_lets_nothing_go(content: Content) -> None:
    assert problems(content, edited(content, "session-limits", "clinic-session-volume-max", value="9")) == []


def test_a_limit_that_is_less_grave_is_told(content: Content) -> None:
    changed = edited(content, "session-limits", "asclera-session-volume-max", severity="info")
    [problem, _] = problems(content, changed)
    assert problem.startswith("session-limits/asclera-session-volume-max: told of ")
    assert problem.endswith(" as error, and now info")


def test_a_rule_that_leaves_no_plan_incomplete_any_more_is_told(content: Content) -> None:
    changed = edited(content, "rules", "emergency-equipment", essential=False)
    [problem, _] = problems(content, changed)
    assert problem == "rules/emergency-equipment: holds less than before, by its measure, essential or topic"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("form", "foam"),
        ("form", "liquid"),
        ("product", "asclera"),
        ("sclerosant", "polidocanol"),
        ("concentration_percent", "1"),
        ("jurisdiction", "US"),
        ("vein_type", "telangiectasia"),
        ("first_exposure", False),
        ("made_in_clinic", True),
        ("rule_set", "policy"),
    ],
)
def test_a_limit_that_applies_to_less_is_told(member: str, value: Any, content: Content) -> None:
    where = "session-limits/clinic-session-volume-max"
    told_of = narrower(content, edited(content, "session-limits", "clinic-session-volume-max", **{member: value}))
    name = member.removesuffix("_percent")
    assert f"{where}: applies to less than before, by {name}" in told_of


@pytest.mark.parametrize(
    ("members", "told_of"),
    [
        ({"excipients": []}, "ingredients"),
        ({"sclerosant": "glycerin"}, "ingredients"),
        ({"strengths": [{"concentration_percent": "5", "containers": []}]}, "strengths and containers"),
        ({"forms": ["liquid", "foam"]}, "forms"),
        ({"jurisdictions": ["US", "BR"]}, "jurisdictions"),
    ],
)
def test_a_product_that_is_held_to_less_is_told(members: Any, told_of: str, content: Content) -> None:
    found = narrower(content, edited(content, "products", "asclera", **members))
    assert f"products/asclera: is held to less than before, by its {told_of}" in found


def test_excipients_of_a_product_of_which_none_was_read_are_told(content: Content) -> None:
    """An allergy to another one is no longer one of which nothing can tell."""
    [problem] = narrower(content, edited(content, "products", "varithena", excipients=["ethanol"]))
    assert problem == "products/varithena: is held to less than before, by its ingredients"


@pytest.mark.parametrize("members", [{"quantity": "same-area-interval"}, {"topic": None}])
def test_a_rule_that_measures_or_asks_something_else_is_told(members: Any, content: Content) -> None:
    found = narrower(content, edited(content, "rules", "session-spacing", **members))
    assert "rules/session-spacing: holds less than before, by its measure, essential or topic" in found


def lists(content: Content) -> Iterator[tuple[str, list[str], bool]]:
    """Each limit that lists values: its slug, the values, and True where they are what is allowed."""
    for row in content["session-limits"]:
        if row["values"]:
            yield row["slug"], row["values"], row["comparator"] == "in"


def test_a_list_that_allows_more_or_speaks_against_less_is_told_and_the_reverse_is_not(content: Content) -> None:
    """Of `in` the values are allowed; of all else they are what is refused, or counted."""
    kinds = set()
    for slug, values, allowed in lists(content):
        kinds.add(allowed)
        where = f"session-limits/{slug}"
        more = [row["slug"] for row in content["areas"] if row["slug"] not in values] + ["7.5"]
        before, added, left = (
            book_of(edited(content, "session-limits", slug, values=each, note="edited"))
            for each in (values, [*values, more[-1]], values[1:])
        )
        told_of = [dict(narrowed(before, each)) for each in (added, left)]
        assert [where in each for each in told_of] == [allowed, not allowed], slug
    assert kinds == {True, False}


def test_an_area_that_lies_elsewhere_is_told(content: Content) -> None:
    for parent in (None, "thigh"):
        changed = edited(content, "areas", "ankle", parent=parent)
        assert "areas/ankle: lies in other areas than before, whose limits it had" in narrower(content, changed)


@pytest.mark.parametrize("members", [{"diameter_max_mm": "3"}, {"diameter_max_mm": "0.5"}, {"veins": []}])
def test_a_vein_type_with_other_diameters_or_veins_is_told(members: Any, content: Content) -> None:
    slug = "saphenous-trunk" if "veins" in members else "telangiectasia"
    found = narrower(content, edited(content, "vein-types", slug, **members))
    assert f"vein-types/{slug}: is told by other diameters or veins than before" in found


@pytest.mark.parametrize(
    ("resource", "slug", "other"),
    [("vein-types", "telangiectasia", "varicose-vein"), ("ingredients", "polidocanol", "ethanol")],
)
def test_a_name_that_means_another_row_is_told_and_one_that_is_gone_is_not(
    resource: str, slug: str, other: str, content: Content
) -> None:
    [row] = [row for row in content[resource] if row["slug"] == slug]
    gone = edited(content, resource, slug, synonyms=[])
    assert narrower(content, gone) == []
    [problem] = narrower(content, edited(gone, resource, other, synonyms=row["synonyms"][:1]))
    assert problem.startswith(f"{resource}/{slug}: is no longer meant by ")
    assert problem.endswith(f", which means {other}")


def test_what_a_vial_stands_for_is_told_whichever_way_it_moves(content: Content) -> None:
    [slug] = [row["slug"] for row in content["session-limits"] if row["stands_in"]]
    for value in ("0.1", "5"):
        [problem] = narrower(content, edited(content, "session-limits", slug, value=value))
        assert problem == f"session-limits/{slug}: applies to less than before, by value"


@pytest.mark.parametrize(("severity", "is_less"), [("error", False), ("warning", False), ("info", True)])
def test_a_ruling_that_says_less_than_that_nothing_rules_is_told(
    severity: str, is_less: bool, content: Content
) -> None:
    [condition] = [row for row in content["contraindications"] if row["slug"] == "obesity"]
    ruling = {**condition["rulings"][0], "severity": severity}
    before = edited(content, "contraindications", "obesity", rulings=[])
    less = rows_in(problems(before, edited(before, "contraindications", "obesity", rulings=[ruling])))
    assert less == ({"session-limits/unruled-condition"} if is_less else set())


def test_a_plan_with_every_word_is_read(content: Content) -> None:
    book = book_of(content)
    for name, plan in sparse_plans(book):
        assert told(plan, book), name


def test_a_limit_that_is_no_longer_always_in_force_is_told(content: Content) -> None:
    [slug, *_] = [row["slug"] for row in content["session-limits"] if row["always"]]
    told_of = narrower(content, edited(content, "session-limits", slug, always=False))
    assert f"session-limits/{slug}: applies to less than before, by always" in told_of


def test_every_member_that_rules_read_is_compared_or_shown_by_plans(content: Content) -> None:
    """One that a maintainer adds, and forgets here, would let rows hold less in silence."""
    compared = {*SELECTORS, *HELD_AS, "values", "made_in_clinic", "always"}
    shown_at_boundaries = {"value", "severity", "unconfirmed", "direction"}
    names_and_words = {"slug", "title", "unit", "message", "as_published", "citations"}
    never_of_a_release = {"is_house"}
    assert {member.name for member in fields(Limit)} == (
        compared | shown_at_boundaries | names_and_words | never_of_a_release
    )
    assert {member.name for member in fields(Rule)} == {
        *("slug", "title", "unit", "messages"),
        *("measure", "essential", "topic"),
    }
    assert {member.name for member in fields(Product)} == {
        *("slug", "sclerosant", "ingredients", "containers", "in_canisters", "forms", "jurisdictions"),
        *("strengths", "excipients_known"),  # of the containers, and of the ingredients
    }
    assert vars(book_of(content)).keys() == {
        *("limits", "rules", "products", "areas", "bands", "type_of_vein", "vocabulary"),
        *(
            "by_slug",
            "stand_in_vial",
            "topics",
            "near",
            "in_force",
            "rule_match",
            "known",
            "_by_measure",
        ),  # made of these
    }


def test_a_limit_that_applies_to_more_is_not_told(content: Content) -> None:
    changed = edited(content, "session-limits", "asclera-session-volume-max", product=None, jurisdiction=None)
    assert "session-limits/asclera-session-volume-max" not in rows_in(problems(content, changed))


def test_plans_that_name_what_is_gone_tell_of_their_limits(content: Content) -> None:
    """A product that is dropped with its limits: its plans are refused, and each of its limits is named."""
    gone = [row["slug"] for row in content["session-limits"] if row["product"] == "asclera"]
    changed = without(without(content, "products", "asclera"), "session-limits", *gone)
    assert {f"session-limits/{slug}" for slug in gone} <= rows_in(problems(content, changed))


def test_a_row_that_is_accepted_and_not_loosened_is_told(content: Content) -> None:
    assert problems(content, content, [CLINIC]) == [f"{CLINIC}: said to be loosened, and is not"]


def less(content: Content) -> Iterator[tuple[str, Content]]:
    """The content with one limit or ruling less, and the row that this was."""
    for limit in content["session-limits"]:
        yield f"session-limits/{limit['slug']}", without(content, "session-limits", limit["slug"])
    for condition in content["contraindications"]:
        for ruling in condition["rulings"]:
            rulings = [row for row in condition["rulings"] if row is not ruling]
            yield f"rulings/{ruling['slug']}", edited(content, "contraindications", condition["slug"], rulings=rulings)


def milder(content: Content) -> Iterator[tuple[str, Content]]:
    """The content with one limit that is less grave, and its row."""
    for limit in content["session-limits"]:
        if limit["severity"] != "info":
            yield f"session-limits/{limit['slug']}", edited(content, "session-limits", limit["slug"], severity="info")


def flat(said: Told) -> set[tuple[str, str]]:
    """The rows that something is told of, each with how grave it is."""
    return {pair for rows in said.values() for pair in rows.items()}


def silent(content: Content, changes: Iterable[tuple[str, Content]]) -> list[str]:
    """The rows of changes after which no plan at their own boundaries, and none that tells little, is told less."""
    before = book_of(content)
    own = {row_of(limit): [plan for _, plan, _ in boundaries_of(before, limit)] for limit in before.limits}
    sparse = [plan for _, plan in sparse_plans(before)]
    rows = []
    for row, changed in changes:
        after = book_of(changed)
        if all(flat(told(plan, before)) <= flat(told(plan, after)) for plan in (*own[row], *sparse)):
            rows.append(row)
    return rows


def test_each_limit_that_is_dropped_is_told(content: Content) -> None:
    assert len([*less(content)]) > 100
    assert silent(content, less(content)) == []


def test_each_limit_that_is_made_milder_is_told_where_a_plan_can_break_it(content: Content) -> None:
    """The one that none can break lists every form that there is."""
    assert len([*milder(content)]) > 50
    assert silent(content, milder(content)) == ["session-limits/stated-form"]


@pytest.mark.usefixtures("small_content")
def test_publishing_refuses_what_is_loosened_until_it_is_named() -> None:
    SessionLimit.objects.filter(slug="clinic-session-volume-max").update(value="10.1")
    with pytest.raises(CommandError) as refusal:
        call_command("publish", note="Higher")
    assert rows_in(str(refusal.value).splitlines()) == {CLINIC}
    assert not Release.objects.filter(number=2).exists()
    call_command("publish", "--note=Higher", f"--loosens={CLINIC}")
    assert Release.objects.filter(number=2).exists()


@pytest.mark.django_db
def test_a_first_release_loosens_nothing(nothing_published: None) -> None:
    cut()
    with pytest.raises(RefusedError) as refusal:
        publish("The first", loosens=[CLINIC])
    assert refusal.value.problems == [f"{CLINIC}: said to be loosened, and nothing is published yet"]


@pytest.mark.usefixtures("small_content")
def test_a_release_that_cannot_be_read_is_let_go_by_its_name_only() -> None:
    payload = json.loads(Release.objects.get(number=1).payload)
    payload["rules"][0]["quantity"] = "a measure of another version"
    with connection.cursor() as cursor:
        words = [json.dumps(payload), "0" * 64]
        cursor.execute(f"UPDATE {Release._meta.db_table} SET payload = %s, digest = %s", words)  # noqa: S608 - our table
    with pytest.raises(RefusedError) as refusal:
        publish("By this version")
    [problem] = refusal.value.problems
    assert problem.startswith("releases/1: cannot be read by this version")
    assert publish("By this version", loosens=["releases/1"]).number == 2
