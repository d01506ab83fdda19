"""Differences: content as it was and as it is in; out, the rows that changed, member by member."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from api.history import RESHAPED, Content, changes, only_in_one

# What publishing works out of a named plan, and what is told by the plans whose answers changed.
WORKED_OUT = {("plan-examples", "verdict"), ("plan-examples", "findings")}


@dataclass(frozen=True)
class MemberChange:
    """A member that changed: its path in the row, and what stood and stands there; None where nothing does."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class RowChange:
    """A row that is `created`, `withdrawn` or `updated`, and of one that is updated the members that changed."""

    resource: str
    slug: str
    action: str
    members: list[MemberChange]


def differences(before: Content, after: Content) -> list[RowChange]:
    """Every row that does not say what it said, by resource and slug."""
    found = []
    for row in changes(before, after):
        if row.action == RESHAPED:
            continue
        members = [each for each in changed_members(row.old, row.new) if (row.resource, each.path) not in WORKED_OUT]
        if members:
            shown = members if row.action == "updated" else []
            found.append(RowChange(row.resource, row.slug, row.action, shown))
    return found


def changed_members(before: Any, after: Any, path: str = "") -> Iterator[MemberChange]:
    """What changed between two values: objects by member, rows by slug, entries of other lists that came or went."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in (*before, *(name for name in after if name not in before)):
            yield from changed_members(before.get(name), after.get(name), f"{path} {name}".strip())
    elif _are_rows(before) and _are_rows(after):
        old, new = ({row["slug"]: row for row in rows} for rows in (before, after))
        yield from changed_members(old, new, path)
    elif isinstance(before, list) and isinstance(after, list):
        gone, come = only_in_one(before, after)
        if gone or come:
            yield from (MemberChange(path, entry, None) for entry in gone)
            yield from (MemberChange(path, None, entry) for entry in come)
        elif before != after:
            yield MemberChange(path, before, after)
    elif before != after:
        yield MemberChange(path, before, after)


def _are_rows(value: Any) -> bool:
    """Whether a value is a list of rows with slugs."""
    return isinstance(value, list) and all(isinstance(entry, Mapping) and "slug" in entry for entry in value)
