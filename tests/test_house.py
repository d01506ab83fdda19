"""What a change must touch: each test names the place that was forgotten."""

import re
import tomllib

import pytest
import yaml
from django.conf import settings
from django.urls import NoReverseMatch, reverse

from api import models
from api.rules.measures import MEASURES
from api.rules.plan import COUNTRIES, JURISDICTIONS
from api.rules.vectors import MAKERS
from api.serializers import FACTS, RESOURCES
from tests.reference import PLAIN
from tests.reference_measures import JUDGED, MEASURED

# Columns that are served under another name, or only used while publishing.
NOT_SERVED = {("session-limits", "expected"), ("plan-examples", "expect")}


@pytest.mark.parametrize("name", RESOURCES)
def test_every_column_of_a_fact_is_served(name: str) -> None:
    columns = {field.name for field in RESOURCES[name].model._meta.concrete_fields}
    served = set(RESOURCES[name].serializer.Meta.fields)
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


def test_a_jurisdiction_is_said_once() -> None:
    """Migrations hold none, so that one more needs none."""
    assert tuple(COUNTRIES) == JURISDICTIONS
    last = sorted((settings.BASE_DIR / "api" / "migrations").glob("0*.py"))[-1].read_text("utf-8")
    assert "'JP'" not in last


def test_the_version_is_said_in_one_place() -> None:
    """The document and the history in the README follow `pyproject.toml`."""
    version = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    document = yaml.safe_load(settings.OPENAPI_FILE.read_text("utf-8"))
    assert document["info"]["version"] == version
    history = (settings.BASE_DIR / "README.md").read_text("utf-8").partition("\n## Changes\n")[2]
    newest = re.search(r"\*\*[0-9-]{10} · ([0-9.]+)\*\*", history)
    assert newest is not None
    assert newest.group(1) == version
