"""Loading the packaged files: all of them or none, with the row named; and what all of them hold."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from api.models import Area, Claim, Contraindication, Faq, Ruling, SessionLimit, Source
from api.publishing import RefusedError, load_content, render

pytestmark = pytest.mark.django_db

HEAD = 'reviewed_on: "2026-11-22"\nreview_due: "2027-05-22"\nitems:\n'


def test_numbers_in_answers_are_rendered_from_the_facts() -> None:
    Faq.objects.filter(slug="cost").update(
        answer="{{ session-limits/clinic-vial-count-max }}, {{ result-durations/telangiectasia-onset }}, "
        "{{ result-durations/non-responders }}, {{ result-durations/full-effect-onset }}"
    )
    rows = {row["slug"]: row["answer"] for row in render()["faqs"]}
    assert rows["cost"] == "5 vials, 3 to 6 weeks, under 10 %, at least 1 month"


def test_answers_hold_no_typed_number() -> None:
    for faq in Faq.objects.all():
        outside = "".join(part.partition("}}")[2] or part for part in faq.answer.split("{{"))
        assert not any(character.isdigit() for character in outside), faq.slug


def fixture(tmp_path: Path, name: str, text: str) -> Path:
    """A copy of the fixtures with one file replaced."""
    for path in settings.FIXTURES.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("items: [", "sources.yaml: "),
        ("items: []", "the keys must be reviewed_on, review_due and items"),
        (HEAD + "  - {slug: a, slug: b}", "the key 'slug' comes twice"),
        *(
            (HEAD + f"  - {{slug: a, note: {text}}}", f"quote the number {text}")
            for text in ("0.5", "010", "1_0", "-1", "+1", "1e3", "1:30")
        ),
        (HEAD + "  - text", "items must be a list of rows"),
        (HEAD + "  - {slug: a, colour: red}", "sources/a: unknown keys colour; the keys are extent, kind, note, "),
        (HEAD + "  - {slug: a, kind: banana}", "sources/a: kind is 'banana', and may be label, label-mirror, "),
        (HEAD + "  - {slug: a}\n  - {slug: a}", "sources/a: this slug is there more than once"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_named_and_nothing_is_lost(tmp_path: Path, text: str, words: str) -> None:
    before = Source.objects.count()
    with pytest.raises(RefusedError) as refusal:
        load_content(fixture(tmp_path, "sources.yaml", text))
    assert words in str(refusal.value)
    assert Source.objects.count() == before


def test_an_unquoted_date_is_read_as_it_was_typed(tmp_path: Path) -> None:
    text = (settings.FIXTURES / "areas.yaml").read_text("utf-8").replace('"2027-05-26"', "2027-05-27")
    load_content(fixture(tmp_path, "areas.yaml", text))
    assert str(Area.objects.get(slug="leg").review_due) == "2027-05-27"


def test_the_commands_load_and_publish_and_the_same_files_change_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_content")
    assert "session-limits: " in capsys.readouterr().out
    with pytest.raises(CommandError, match="nothing changed"):
        call_command("publish", note="Again")
    Claim.objects.filter(slug="s1").update(statement="Another paraphrase.")
    call_command("publish", note="A paraphrase")
    assert "published release 2" in capsys.readouterr().out


def test_a_command_names_what_it_cannot_load(tmp_path: Path, settings: Any) -> None:
    settings.FIXTURES = tmp_path
    with pytest.raises(CommandError, match=r"sources\.yaml"):
        call_command("load_content")


def test_a_ruling_is_named_by_what_it_applies_to() -> None:
    ruling = Ruling.objects.filter(contraindication="pregnancy", product="asclera").get()
    assert str(ruling) == "pregnancy-asclera-us-label"
    assert str(Contraindication.objects.get(slug="pregnancy")) == "pregnancy"
    rulings = [ruling.slug for ruling in Ruling.objects.all()]
    assert len(set(rulings)) == len(rulings)
    assert not set(rulings) & set(SessionLimit.objects.values_list("slug", flat=True))


def test_a_word_of_yaml_stays_a_word(tmp_path: Path) -> None:
    text = (settings.FIXTURES / "areas.yaml").read_text("utf-8").replace('name: "Leg"\n', "name: no\n")
    load_content(fixture(tmp_path, "areas.yaml", text))
    assert Area.objects.get(slug="leg").name == "no"


def test_a_limit_without_a_unit_is_not_loaded(tmp_path: Path) -> None:
    text = (settings.FIXTURES / "session-limits.yaml").read_text("utf-8").replace('unit: "mL"', 'unit: ""', 1)
    with pytest.raises(RefusedError, match=r"^session-limits/[a-z0-9-]+: unit is '', and may be mL, mg, "):
        load_content(fixture(tmp_path, "session-limits.yaml", text))


def test_a_row_that_names_what_is_not_there_is_named(tmp_path: Path) -> None:
    text = (settings.FIXTURES / "session-limits.yaml").read_text("utf-8")
    with pytest.raises(RefusedError) as refusal:
        load_content(fixture(tmp_path, "session-limits.yaml", text.replace("rule: vial-count\n", "rule: vial-cuont\n")))
    assert refusal.value.problems == ["session-limits/clinic-vial-count-max: the rule 'vial-cuont' is not there"]


def test_what_the_database_refuses_is_named(tmp_path: Path) -> None:
    text = (
        (settings.FIXTURES / "areas.yaml").read_text("utf-8").replace("- slug: leg\n", "- slug: leg\n    parent: leg\n")
    )
    with pytest.raises(RefusedError, match=r"^areas/leg: .*not_in_itself"):
        load_content(fixture(tmp_path, "areas.yaml", text))
