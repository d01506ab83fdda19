"""What stands in the tables is written back to fixtures: nothing is lost, and nothing that stayed is rewritten."""

import json
import shutil
from pathlib import Path
from random import Random

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction

from api.models import Area, Contraindication, Faq, PlanExample, SessionLimit, Source
from api.publishing import RefusedError, changed_files, dump_content, load_content
from api.publishing.load import read_document
from api.publishing.written import digest_of_tables
from tests.edits import EDITS
from tests.try_edits import DATES, small_fixtures

pytestmark = pytest.mark.django_db


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the packaged fixtures."""
    return Path(shutil.copytree(settings.FIXTURES, tmp_path / "fixtures"))


def difference(folder: Path, name: str) -> tuple[list[str], list[str]]:
    """The lines that a file of the folder has and the packaged one has not, and the reverse."""
    ours, theirs = ((place / name).read_text("utf-8").splitlines() for place in (folder, settings.FIXTURES))
    return [line for line in ours if line not in theirs], [line for line in theirs if line not in ours]


def test_the_packaged_fixtures_are_as_they_would_be_dumped() -> None:
    """Where this fails after an edit by hand: manage.py load_content, then manage.py dump_content."""
    assert changed_files(settings.FIXTURES) == {}


def test_one_number_changed_is_one_line_of_one_file(copy: Path) -> None:
    SessionLimit.objects.filter(slug="clinic-session-volume-max").update(value="8.50")
    assert dump_content(copy) == ["session-limits.yaml"]
    ours, _ = difference(copy, "session-limits.yaml")
    old, new = (
        place.joinpath("session-limits.yaml").read_text("utf-8").splitlines() for place in (settings.FIXTURES, copy)
    )
    assert [(was, now) for was, now in zip(old, new, strict=True) if was != now] == [
        ('    value: "10"', '    value: "8.5"')
    ]
    assert len(ours) <= 1


def test_a_new_row_comes_last_and_the_head_and_the_order_of_a_file_stay(copy: Path) -> None:
    before = (copy / "sources.yaml").read_text("utf-8")
    Source.objects.create(
        slug="a-new-work", title="A new work", kind="secondary", extent="full", **read_dates(copy / "sources.yaml")
    )
    dump_content(copy)
    added = '  - slug: a-new-work\n    title: "A new work"\n    kind: secondary\n    extent: full\n'
    assert (copy / "sources.yaml").read_text("utf-8") == before + added


def read_dates(path: Path) -> dict[str, str]:
    """The dates of review of a file."""
    document = read_document(path)
    return {name: document[name] for name in ("reviewed_on", "review_due")}


def test_a_row_reviewed_on_another_day_says_so_and_others_do_not(copy: Path) -> None:
    Area.objects.filter(slug="leg").update(reviewed_on="2026-12-01")
    dump_content(copy)
    assert difference(copy, "areas.yaml")[0] == ['    reviewed_on: "2026-12-01"']


TEXTS = (
    *("a  b", " a", "a\n\nb", "tab\there", "\u2028", "x" * 300, "long " * 100 + "end", "a: b # c", "- no"),
    *("{{ session-limits/clinic-session-volume-max }} " * 9 + "end", '"quoted" \\ text', "\U0001f600 \u00e9"),
    *("null", "NO", "1.50", "2026-01-01"),
)


def test_any_text_comes_back_as_it_was(copy: Path) -> None:
    for faq, text in zip(Faq.objects.all(), TEXTS, strict=False):
        faq.answer, faq.question, faq.citations = text, text[:200], [cited(text)]
        faq.save()
    before = digest_of_tables()
    dump_content(copy)
    load_content(copy)
    assert digest_of_tables() == before
    assert "{{\n" not in (copy / "faqs.yaml").read_text("utf-8")


def cited(text: str) -> dict[str, str]:
    """A citation whose place is this text."""
    return {"source": "article", "locator": text, "stance": "supports"}


def test_loading_what_was_dumped_changes_nothing(tmp_path: Path) -> None:
    """After each kind of edit, those of before still made. One that is refused leaves the tables as they were."""
    fixtures, loaded = small_fixtures(), 0
    written, dumped = (tmp_path / name for name in ("written", "dumped"))
    for folder in (written, dumped):
        folder.mkdir()
    for seed, edit in enumerate(EDITS):
        changed = json.loads(json.dumps(fixtures))
        edit(changed, Random(seed))  # noqa: S311 - edits, not secrets
        for name, rows in changed.items():
            (written / f"{name}.yaml").write_text(json.dumps({**DATES, "items": rows}), "utf-8")
        try:
            with transaction.atomic():
                load_content(written)
        except RefusedError:
            continue
        before, fixtures, loaded = digest_of_tables(), changed, loaded + 1
        dump_content(dumped)
        load_content(dumped)
        assert digest_of_tables() == before
        assert changed_files(dumped) == {}
    assert loaded > len(EDITS) / 3


def test_tables_without_rows_are_files_without_rows(tmp_path: Path) -> None:
    for model in (PlanExample, Faq):
        model._default_manager.all().delete()
    dump_content(tmp_path)
    assert (tmp_path / "faqs.yaml").read_text("utf-8").endswith("\nitems: []\n")


def test_a_condition_without_rulings_has_no_such_member(copy: Path) -> None:
    row = Contraindication.objects.get(slug="smoking")
    row.rulings.all().delete()
    dump_content(copy)
    [smoking] = [each for each in read_document(copy / "contraindications.yaml")["items"] if each["slug"] == "smoking"]
    assert "rulings" not in smoking


def test_a_plan_that_is_no_json_is_named(copy: Path) -> None:
    PlanExample.objects.filter(slug="clinic-within").update(plan="{")
    with pytest.raises(RefusedError, match="plan-examples/clinic-within: has a plan that is not JSON"):
        dump_content(copy)


def test_the_command_writes_or_tells_what_it_would_write(copy: Path, tmp_path: Path) -> None:
    call_command("dump_content", str(copy), "--check")
    Area.objects.filter(slug="leg").update(name="Legs")
    with pytest.raises(CommandError, match=r"not as the tables are: areas\.yaml"):
        call_command("dump_content", str(copy), "--check")
    call_command("dump_content", str(copy))
    call_command("dump_content", str(copy), "--check")
    with pytest.raises(CommandError, match="nowhere: is no folder"):
        call_command("dump_content", str(tmp_path / "nowhere"))
    (copy / "areas.yaml").write_text("items: [", "utf-8")
    with pytest.raises(CommandError, match=r"areas\.yaml"):
        call_command("dump_content", str(copy))
