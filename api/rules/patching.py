"""Patching: a typed plan and a JSON Patch (RFC 6902) in; the plan with the changes, or faults, out."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from api.rules.documents import refuse_contradictions
from api.rules.plan import Plan
from api.rules.reading import PlanFaults, Reader, Vocabulary
from api.rules.value_types import Items, Record, ValueType, fields_of

Operation = Mapping[str, Any]
# What becomes of a place: changes of what it holds, by name or index, or the value that it gets.
Changes = dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class _Value:
    """A value as a patch has it."""

    value: Any


def patched(plan: Plan, patch: Sequence[Operation], vocabulary: Vocabulary) -> Plan:
    """The plan with the operations of the patch, which replace values and add to the end of lists.

    Only what the patch puts there is read, as it is where a whole document is; what it does not touch is shared.

    Raises:
        PlanFaults: what comes out is no plan.
    """
    reader = Reader(vocabulary)
    changes: Changes = {}
    for operation in patch:
        *holders, last = operation["path"].split("/")[1:]
        inner = changes
        for name in holders:
            inner = inner.setdefault(name, {})
        inner[last] = _Value(operation["value"])
    changed: Plan = _changed(Record(Plan), plan, changes, "", reader)
    if not reader.faults:
        refuse_contradictions(changed, reader)
    if reader.faults:
        raise PlanFaults(reader.faults)
    return changed


def _changed(value_type: ValueType, node: Any, changes: Changes | _Value, pointer: str, reader: Reader) -> Any:
    """What a node of the plan becomes."""
    if isinstance(changes, _Value):
        return value_type.read(changes.value, pointer, reader)
    if isinstance(value_type, Items):
        elements = [*node]
        for name, inner in changes.items():
            if name == "-":
                elements.append(_changed(value_type.value_type, None, inner, f"{pointer}/{len(elements)}", reader))
            else:
                own = elements[int(name)]
                elements[int(name)] = _changed(value_type.value_type, own, inner, f"{pointer}/{name}", reader)
        value_type.check_length(elements, pointer, reader)
        return tuple(elements)
    members = fields_of(type(node))
    return dataclasses.replace(
        node,
        **{
            name: _changed(
                members[name].metadata["value_type"], getattr(node, name), inner, f"{pointer}/{name}", reader
            )
            for name, inner in changes.items()
        },
    )
