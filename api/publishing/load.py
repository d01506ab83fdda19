"""Loading: YAML files in, rows of the content tables out, all of them or none."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.db import DatabaseError, OperationalError, connection, models, transaction

from api.models import Release, Ruling
from api.publishing.refused import Progress, RefusedError
from api.serializers import RESOURCES

# As each database says that it waited too long; PostgreSQL in a server, which bounds every statement, by the last.
WAITED = ("lock", "due to statement timeout")


class StrictLoader(yaml.SafeLoader):
    """YAML without its traps: `no` and `on` stay words, and a number that is not a plain integer must be quoted."""

    yaml_implicit_resolvers = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping; an error where a key comes twice."""
        doubled = [key for key, count in Counter(key.value for key, _ in node.value).items() if count > 1]
        if doubled:
            raise yaml.constructor.ConstructorError(None, None, f"the key {doubled[0]!r} comes twice", node.start_mark)
        return super().construct_mapping(node, deep)


def _refuse_number(loader: Any, node: yaml.Node) -> Any:
    """An error: a decimal must be quoted, or it would become a float."""
    raise yaml.constructor.ConstructorError(None, None, f"quote the number {node.value}", node.start_mark)


for tag, pattern, starts in (
    ("tag:yaml.org,2002:null", r"(?:null|)\Z", ["n", ""]),
    ("tag:yaml.org,2002:bool", r"(?:true|false)\Z", ["t", "f"]),
    ("tag:yaml.org,2002:int", r"(?:0|[1-9][0-9]*)\Z", list("0123456789")),
    ("tag:yaml.org,2002:str", r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", list("0123456789")),
    ("!number", r"[-+.]?[0-9][0-9_.:eE+-]*\Z", list("-+.0123456789")),
):
    StrictLoader.add_implicit_resolver(tag, re.compile(pattern), starts)
StrictLoader.add_constructor("!number", _refuse_number)


def load_content(folder: Path, progress: Progress = lambda _: None) -> None:
    """Empty the content tables and load the fixtures, all or nothing.

    Raises:
        RefusedError: a file or row that cannot be loaded.
    """
    with writing_alone():
        for resource in reversed(list(RESOURCES.values())):
            resource.model._default_manager.all().delete()
        for name, resource in RESOURCES.items():
            rows = read_file(folder / f"{name}.yaml")
            twice = [slug for slug, count in Counter(str(row.get("slug")) for row in rows).items() if count > 1]
            if twice:
                raise RefusedError([f"{name}/{slug}: this slug is there more than once" for slug in twice])
            for row in rows:
                _insert(name, resource.model, dict(row))
            progress(f"{name}: {len(rows)}")
        dangling = list(_dangling())
        if dangling:
            raise RefusedError(dangling)


@contextmanager
def writing_alone() -> Iterator[None]:
    """A transaction in which nobody else writes content and releases, from its beginning to its end.

    Raises:
        RefusedError: somebody else does, for longer than is waited for.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(transaction.atomic())
            lock_out_other_writers()
        except OperationalError as error:
            if not any(words in str(error) for words in WAITED):
                raise
            raise RefusedError(["somebody else is loading or publishing; try again when that is done"]) from error
        yield


def lock_out_other_writers() -> None:
    """Lock content and releases until the transaction ends: others may read them, and not write them.

    SQLite does so by itself, for all tables, since its transactions here are IMMEDIATE.
    """
    locked: list[type[models.Model]] = [*models_of_content().values(), Release]
    tables = ", ".join(model._meta.db_table for model in locked)
    lock = f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE" if connection.vendor == "postgresql" else "SELECT 1"
    with connection.cursor() as cursor:
        cursor.execute(lock)


def read_file(path: Path) -> list[dict[str, Any]]:
    """The rows of a fixture, each with review dates: its own, else the file's.

    Raises:
        RefusedError: a file that is not there, is not YAML or has another shape.
    """
    rows: list[dict[str, Any]] = read_document(path)["items"]
    return rows


def read_document(path: Path, *more: str) -> dict[str, Any]:
    """A whole fixture: under `items` its rows, as `read_file` gives them, and the keys in `more` that stand beside.

    Raises:
        RefusedError: a file that is not there, is not YAML or has another shape.
    """
    try:
        document = yaml.load(path.read_text("utf-8"), StrictLoader)  # noqa: S506 # nosec B506 - StrictLoader is a SafeLoader
    except (OSError, yaml.YAMLError) as error:
        raise RefusedError([f"{path.name}: {error}"]) from error
    keys = ("reviewed_on", "review_due", *more)
    if not isinstance(document, dict) or document.keys() != {*keys, "items"}:
        raise RefusedError([f"{path.name}: the keys must be {', '.join(keys)} and items"])
    if not isinstance(document["items"], list) or not all(isinstance(row, dict) for row in document["items"]):
        raise RefusedError([f"{path.name}: items must be a list of rows"])
    dates = {key: document[key] for key in ("reviewed_on", "review_due")}
    return {**document, "items": [{**dates, **row} for row in document["items"]]}


def _insert(name: str, model: type[models.Model], row: dict[str, Any]) -> None:
    """Save a row of a fixture, with its rulings where it has any.

    Raises:
        RefusedError: the table does not take it.
    """
    where = f"{name}/{row.get('slug')}"
    rulings = row.pop("rulings", [])
    try:
        if "plan" in row:
            row["plan"] = json.dumps(row["plan"])  # as text, which keeps the order of members on every database
        parent = model(**_columns(model, row, where))
        _save(parent)
        for ruling in rulings:
            _save(Ruling(contraindication_id=parent.pk, **_columns(Ruling, ruling, where)))
    except (DatabaseError, ValidationError, AttributeError, TypeError, ValueError) as error:
        raise RefusedError([f"{where}: {error}"]) from error


def _save(row: models.Model) -> None:
    """Write a new row. A word of no closed list is told by its member, and not in the words of the database."""
    try:
        row.save(force_insert=True)
    except DatabaseError:
        closed = {field.name: field for field in row._meta.concrete_fields if field.choices}
        for name, field in closed.items():
            words = [word for word, _ in field.flatchoices]
            value = getattr(row, name)
            if value is not None and value not in words:
                raise ValueError(f"{name} is {value!r}, and may be {', '.join(words)}") from None
        raise


def _columns(model: type[models.Model], row: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The row by column of its table. A fixture names a foreign key by the slug of the row that it leads to.

    Raises:
        RefusedError: a key that is no column.
    """
    fields = {field.name: field for field in model._meta.concrete_fields}
    unknown = row.keys() - fields.keys()
    if unknown:
        keys = ", ".join(sorted(fields.keys() - {"id", "contraindication"}))
        raise RefusedError([f"{where}: unknown keys {', '.join(sorted(unknown))}; the keys are {keys}"])
    return {fields[key].attname: value for key, value in row.items()}


def _dangling() -> Iterator[str]:
    """A problem for each row that names a row that is not there. The database would refuse it, and not say which."""
    for name, model in models_of_content().items():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.ForeignKey):
                slugs = field.related_model._default_manager.values_list("pk", flat=True)
                for row in model._default_manager.exclude(**{field.name: None}).exclude(
                    **{f"{field.attname}__in": slugs}
                ):
                    yield f"{name}/{row}: the {field.name} {getattr(row, field.attname)!r} is not there"


def models_of_content() -> dict[str, type[models.Model]]:
    """Every content table by the name of its resource."""
    return {**{name: resource.model for name, resource in RESOURCES.items()}, "rulings": Ruling}
