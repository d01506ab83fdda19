"""What a change must touch: each test names the place that was forgotten."""

import re
import tomllib
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from django.urls import NoReverseMatch, reverse

from api import models
from api.rules.evaluate import HOW_MUCH, WHAT_IT_IS
from api.rules.measures import MEASURES
from api.rules.plan import JURISDICTIONS
from api.rules.vectors import MAKERS
from api.serializers import FACTS, RESOURCES
from api.serializers.facts import RulingSerializer
from tests.reference import PLAIN
from tests.reference_measures import JUDGED, MEASURED

# Columns that are served under another name, or only used while publishing.
NOT_SERVED = {("session-limits", "expected"), ("plan-examples", "expect")}
NOT_SERVED |= {("rulings", "id"), ("rulings", "contraindication")}


SERVED: list[tuple[str, Any, Any]] = [
    (name, resource.model, resource.serializer) for name, resource in RESOURCES.items()
]
SERVED.append(("rulings", models.Ruling, RulingSerializer))


@pytest.mark.parametrize(("name", "model", "serializer"), SERVED)
def test_every_column_of_a_fact_is_served(name: str, model: Any, serializer: Any) -> None:
    columns = {field.name for field in model._meta.concrete_fields}
    served = set(serializer.Meta.fields)
    forgotten = {column for column in columns - served if (name, column) not in NOT_SERVED}
    assert not forgotten, f"{forgotten} of {name} are not in the fields of its serializer"


@pytest.mark.parametrize("name", FACTS)
def test_every_resource_has_its_routes(name: str) -> None:
    try:
        assert reverse(name) == f"/v1/{name}"
        assert reverse(f"{name}-detail", kwargs={"slug": "x"}) == f"/v1/{name}/x"
    except NoReverseMatch:
        pytest.fail(f"api/urls.py has no resource({name!r})")


@pytest.mark.parametrize("name", RESOURCES)
def test_every_resource_has_a_fixture_and_an_exported_model(name: str) -> None:
    assert (settings.FIXTURES / f"{name}.yaml").exists()
    assert RESOURCES[name].model.__name__ in models.__all__


def test_every_fixture_is_loaded_or_read() -> None:
    assert {path.stem for path in settings.FIXTURES.glob("*.yaml")} == {*RESOURCES, "wording"}


def test_every_measure_has_a_maker_of_plans() -> None:
    """Without one, no boundary vector can be made, and publishing a limit on it is refused."""
    assert set(MEASURES) == set(MAKERS)


def test_every_measure_is_measured_twice() -> None:
    sql = JUDGED + "".join(MEASURED)
    forgotten = [name for name in MEASURES if name not in PLAIN and f"'{name}'" not in sql]
    assert not forgotten, f"tests/reference_measures.py lacks {forgotten}"


def test_treatments_are_told_apart_by_all_that_their_measures_need() -> None:
    """Those that are alike are judged once, so no measure may need a member by which they are not told apart."""
    of_profile = {"product", "concentration_percent", "form", "vein", "area", "first_exposure"}
    for measure in MEASURES.values():
        if measure.scope == "treatment":
            needed = set(measure.members) - of_profile
            assert needed <= {*(HOW_MUCH if needed & {*HOW_MUCH} else WHAT_IT_IS)}, measure.name


@pytest.mark.django_db
def test_one_more_jurisdiction_needs_no_migration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.models.fields.JURISDICTIONS", (*JURISDICTIONS, "ZZ"))
    assert ("ZZ", "ZZ") in [*models.SessionLimit._meta.get_field("jurisdiction").flatchoices]
    call_command("makemigrations", check=True, dry_run=True)


def test_the_version_is_said_in_one_place() -> None:
    """The document and the history in the README follow `pyproject.toml`."""
    version = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    document = yaml.safe_load(settings.OPENAPI_FILE.read_text("utf-8"))
    assert document["info"]["version"] == version
    history = (settings.BASE_DIR / "README.md").read_text("utf-8").partition("\n## Changes\n")[2]
    newest = re.search(r"\*\*[0-9-]{10} · ([0-9.]+)\*\*", history)
    assert newest is not None
    assert newest.group(1) == version
