"""Loading and publishing keep other writers out, and are done as a whole or not at all."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from api.models import Area, PartnerKey
from api.publishing import RefusedError, load_content, publish
from api.publishing.load import lock_out_other_writers
from api.serializers import RESOURCES
from tests.commands import manage, python
from tests.partners import SAMPLE, stored

pytestmark = pytest.mark.django_db

# What a writer says first: on SQLite, whose transactions are IMMEDIATE, any statement does it.
LOCK = {"postgresql": "LOCK TABLE .*", "sqlite": "SELECT 1"}


def load() -> None:
    load_content(settings.FIXTURES)


def publish_a_change() -> None:
    publish("Another name")


@pytest.mark.parametrize(("write", "touches"), [(load, "DELETE FROM "), (publish_a_change, "INSERT INTO ")])
def test_one_transaction_locks_other_writers_out_before_it_reads_or_writes(
    write: Callable[[], None], touches: str, small_content: None
) -> None:
    Area.objects.filter(slug="leg").update(name="Legs")
    with CaptureQueriesContext(connection) as seen:
        write()
    begin, lock, *between, end = [query["sql"] for query in seen.captured_queries]
    assert begin.startswith("SAVEPOINT ")
    assert re.fullmatch(LOCK[connection.vendor], lock)
    assert any(statement.startswith(touches) for statement in between)
    assert end == f"RELEASE {begin}"


def test_on_postgresql_content_and_releases_are_locked_against_writers_and_not_against_readers_and_keys_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    monkeypatch.setattr(connection, "vendor", "postgresql")
    with connection.execute_wrapper(lambda execute, sql, *rest: said.append(sql)):
        lock_out_other_writers()
    [statement] = said
    locked = re.fullmatch("LOCK TABLE (.+) IN SHARE ROW EXCLUSIVE MODE", statement)
    assert locked is not None
    tables = {model._meta.db_table for model in apps.get_app_config("api").get_models()}
    assert tables - set(locked[1].split(", ")) == {
        *("api_houselimits", "api_partner", "api_partnerkey", "api_reviewstep")
    }


@pytest.mark.parametrize("write", [load, publish_a_change])
@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ("database is locked", RefusedError),
        ("canceling statement due to lock timeout", RefusedError),
        ("canceling statement due to statement timeout", RefusedError),
        ("attempt to write a readonly database", OperationalError),
    ],
)
def test_who_cannot_wait_any_longer_for_another_writer_is_told_so(
    write: Callable[[], None], words: str, refusal: type[Exception]
) -> None:
    def locked(execute: Any, sql: str, *rest: Any) -> Any:
        if re.fullmatch(LOCK[connection.vendor], sql):
            raise OperationalError(words)
        return execute(sql, *rest)

    with connection.execute_wrapper(locked), pytest.raises(refusal, match=r"somebody else is loading|readonly"):
        write()


NUMBERS = "from api.models import Release; print(*Release.objects.values_list('number', flat=True))"


def test_of_two_who_publish_at_once_one_does_and_the_other_is_told_why_not(own_database: str) -> None:
    """Numbers have no gap: the one that is refused takes none."""
    assert python("-m", "tests.small_database", DATABASE_URL=own_database).returncode == 0
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(manage, "publish", "--note", f"By {name}", DATABASE_URL=own_database) for name in "ab"]
        outcomes = sorted((run.result() for run in runs), key=lambda run: run.returncode)
    won, refused = outcomes
    assert (won.returncode, refused.returncode) == (0, 1)
    assert refused.stderr.strip() in (
        "CommandError: nothing changed since release 1",
        "CommandError: somebody else is loading or publishing; try again when that is done",
    )
    assert manage("shell", "-v", "0", "-c", NUMBERS, DATABASE_URL=own_database).stdout.split() == ["1"]


def test_loading_content_leaves_partners_and_their_keys_alone() -> None:
    stored(SAMPLE)
    before = [*PartnerKey.objects.values()]
    with CaptureQueriesContext(connection) as seen:
        load()
    assert [*PartnerKey.objects.values()] == before
    assert not any("api_partner" in query["sql"] for query in seen.captured_queries)


def test_what_fails_in_the_last_file_leaves_every_table_as_it_was(tmp_path: Path) -> None:
    before = rows()
    for path in settings.FIXTURES.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    last = tmp_path / f"{[*RESOURCES][-1]}.yaml"
    last.write_text(last.read_text("utf-8") + "  - {slug: what-has-no-other-column}\n", "utf-8")
    with pytest.raises(RefusedError, match="what-has-no-other-column"):
        load_content(tmp_path)
    assert rows() == before


def rows() -> dict[str, set[str]]:
    """The slugs in every table of content."""
    return {name: {*kind.model._default_manager.values_list("pk", flat=True)} for name, kind in RESOURCES.items()}
