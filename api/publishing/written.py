"""Rows as fixtures write them: rows of the content tables in, plain members out, and one digest of all of them."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import Any

from django.db import models

from api.models import Contraindication, Ruling
from api.models.releases import digest_of
from api.publishing.refused import RefusedError
from api.rules.rows import COMPARATORS
from api.serializers import RESOURCES

# The members of objects within a row, in the order in which they are written; databases keep an order of their own.
ORDER = (
    *("key", "source", "locator", "stance", "concentration_percent", "containers", "kind", "volume_ml"),
    *("low", "high", "unit", "label", "note", "citations", "verdict", "findings", *COMPARATORS, "unknown"),
)
LAST = ("reviewed_on", "review_due")
Row = dict[str, Any]


def tables() -> dict[str, list[Row]]:
    """Every row of the content tables by the name of its resource, sorted by slug, each as `written` gives it.

    Raises:
        RefusedError: a named plan that is no JSON.
    """
    content = {}
    for name, resource in RESOURCES.items():
        rows: models.QuerySet[Any] = resource.model._default_manager.all()
        if resource.model is Contraindication:
            rows = rows.prefetch_related(models.Prefetch("rulings", Ruling.objects.order_by("pk")))
        content[name] = sorted(map(written, rows), key=itemgetter("slug"))
    return content


def digest_of_tables() -> str:
    """The SHA-256 of what stands in the content tables, by which an approval knows what was approved."""
    return digest_of(tables())


def written(row: models.Model) -> Row:
    """The members of a row, by column: what is empty or as by default is left out, dates of review come last.

    Raises:
        RefusedError: a named plan that is no JSON.
    """
    members = {
        field.name: _plain(getattr(row, field.attname))
        for field in row._meta.concrete_fields
        if field.name not in ("id", "contraindication", *LAST)
        and (field.name == "slug" or getattr(row, field.attname) != _left_out(field))
    }
    if "plan" in members:
        try:
            members["plan"] = json.loads(members["plan"])
        except ValueError as error:
            raise RefusedError([f"plan-examples/{row}: has a plan that is not JSON"]) from error
    if hasattr(row, "rulings"):
        rulings = [written(ruling) for ruling in row.rulings.all()]
        citations = {"citations": members.pop("citations")} if "citations" in members else {}
        members |= ({"rulings": rulings} if rulings else {}) | citations
    return members | {name: _plain(getattr(row, name)) for name in LAST if hasattr(row, name)}


def _left_out(field: Any) -> Any:
    """What a column holds where a fixture does not name it."""
    return None if field.null and not field.has_default() else field.get_default()


def _plain(value: Any) -> Any:
    """A value as a fixture writes it: decimals as their shortest text, days as text, members in their order."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, Mapping):
        return {name: _plain(value[name]) for name in sorted(value, key=_place)}
    return value


def _place(member: str) -> tuple[int, str]:
    """Where a member stands among others; those that no row has, after all others."""
    return (ORDER.index(member) if member in ORDER else len(ORDER), member)
