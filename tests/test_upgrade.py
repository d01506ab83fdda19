"""Two versions side by side on one database: what the next one migrates and publishes, this one bears."""

import importlib
import json
import shutil
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

from tests.commands import python
from tests.copies import copy_of_project
from tests.load import CHECKS, READS, Connections, load
from tests.servers import until, up

MIGRATIONS = sorted(path.stem for path in (settings.BASE_DIR / "api" / "migrations").glob("0*.py"))
SETTLED = "0004_no_negative_numbers"  # the last of the versions that did not promise this
ADDING = (migrations.CreateModel, migrations.AddIndex, migrations.AlterModelOptions)
# What the next version has more: a column.
COLUMN = '    {} = models.TextField(null=True, help_text="What only the next version has.")\n'
# What the next version publishes: members, and a resource, that this one does not know.
PUBLISH = """
import datetime, json
from api.models import Release
from api.models.releases import digest_of
content = Release.objects.get(number=1).content()
content["devices"] = [{"slug": "syringe", "name": "Syringe"}]
for area in content["areas"]:
    area["laterality"] = "either"
Release(
    number=2, published_at=datetime.datetime(2026, 12, 1, tzinfo=datetime.UTC), note="By the next version",
    digest=digest_of(content), payload=json.dumps(content), signed_by="nobody",
).save()
"""


def is_borne(operation: Operation) -> bool:
    """Whether a version that does not know the operation goes on: what it reads is there, what it writes fits."""
    if isinstance(operation, migrations.AddField):
        field: models.Field[Any, Any] = operation.field
        return bool(field.null or field.many_to_many or field.has_db_default())
    of_content = getattr(operation, "model_name", "release") != "release"
    constrains = (migrations.AddConstraint, migrations.RemoveConstraint, migrations.AlterField)
    return isinstance(operation, ADDING) or (isinstance(operation, constrains) and of_content)


@pytest.mark.parametrize(
    ("operation", "borne"),
    [
        (migrations.CreateModel("Device", []), True),
        (migrations.AddField("release", "signed_by", models.TextField(null=True)), True),
        (migrations.AddField("release", "signed_by", models.TextField(db_default="")), True),
        (migrations.AddField("release", "signed_by", models.TextField(default="")), False),
        (migrations.AlterField("area", "name", models.TextField()), True),
        (migrations.AlterField("release", "note", models.CharField(max_length=9)), False),
        (migrations.RemoveField("release", "note"), False),
        (migrations.RenameField("area", "name", "title"), False),
        (migrations.RenameModel("Release", "Edition"), False),
        (migrations.DeleteModel("Faq"), False),
        (migrations.RunSQL("SELECT 1"), False),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_takes_from_the_version_before_is_told_from_what_adds(operation: Operation, borne: bool) -> None:
    assert is_borne(operation) is borne


def test_no_migration_takes_anything_from_the_version_before() -> None:
    """An old and a new version serve side by side while one takes the place of the other."""
    assert SETTLED in MIGRATIONS
    for name in MIGRATIONS[MIGRATIONS.index(SETTLED) + 1 :]:
        migration = importlib.import_module(f"api.migrations.{name}").Migration
        refused = [operation.describe() for operation in migration.operations if not is_borne(operation)]
        assert not refused, f"{name}: {refused}"


def edited(file: Path, after: str, line: str) -> None:
    """Put a line into a file, after one that is there."""
    text = file.read_text("utf-8")
    assert text.count(after) == 1
    file.write_text(text.replace(after, after + line), "utf-8")


def next_version(folder: Path) -> Path:
    """A copy of the project with another version in it, and its migration."""
    project = copy_of_project(folder)
    release = '    note = models.TextField(help_text="Why it was published.")\n'
    edited(project / "api" / "models" / "releases.py", release, COLUMN.format("signed_by"))
    area = '    """Where treatment happens; areas form a tree."""\n'
    edited(project / "api" / "models" / "facts.py", area, COLUMN.format("laterality"))
    made = python("manage.py", "makemigrations", "api", "--name", "next", folder=project)
    assert made.returncode == 0, made.stderr
    return project


def body(port: int, path: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        return json.load(answer)


def test_this_version_goes_on_while_the_next_one_migrates_and_publishes(prepared: str, tmp_path: Path) -> None:
    url = f"sqlite:///{shutil.copy(prepared.removeprefix('sqlite:///'), tmp_path)}"
    project = next_version(tmp_path / "next")
    asked = [ask for ask in (*READS, *CHECKS) if "vectors" not in ask.path]  # which take seconds, once
    with up(tmp_path / "log", DATABASE_URL=url) as server:
        server.until("Serving on")
        with load(Connections(server.port), asked, clients=2) as seen:
            for command in (["migrate", "--verbosity=0"], ["shell", "--no-imports", "--command", PUBLISH]):
                run = python("manage.py", *command, folder=project, DATABASE_URL=url)
                assert run.returncode == 0, run.stderr
            until(lambda: body(server.port, "/readyz")["release"] == 2)
            enough = seen.statuses.total() + 50
            until(lambda: seen.statuses.total() > enough)
        assert not seen.other_than(200)
        assert body(server.port, "/v1/areas/leg")["laterality"] == "either"
    with up(tmp_path / "log", DATABASE_URL=url) as server:  # and it can still be started
        assert "Migrating" not in server.until("Serving on").text()
        assert body(server.port, "/readyz")["release"] == 2
