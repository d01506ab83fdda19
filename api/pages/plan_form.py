"""A plan as a form, its fields named by JSON Pointers: a document in, fields out; fields that were sent, a document.

Both ways follow the declaration that the check itself reads plans by, so that a new member of a plan is a new field.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from api.releases import FrozenRelease
from api.rules.plan import AMOUNT_UNITS, COUNTRIES, Plan
from api.rules.value_types import Choice, Day, Decimal, Flag, Items, Record, Slug, ValueType, Whole, fields_of

Pairs = Iterable[tuple[str, str]]
Faults = Mapping[str, Sequence[str]]

MOST_ELEMENTS = 40  # of all lists of records together: a page with more is no page
PRESENT = "{}"  # the value of a hidden field that says: this is there, even if nothing of it is told
FLAGS = {"true": True, "false": False}
UNITS = {
    "years": "years",
    "kg": "kg",
    "mm": "mm",
    "ml": "mL",
    "percent": "%",
    "hours": "hours",
    "minutes": "minutes",
    "days": "days",
}
_INDEX = re.compile("0|[1-9][0-9]{0,8}")
_WHOLE = re.compile("0|[1-9][0-9]{0,8}")
DEEPEST = 12  # of a pointer
SHORTEST_HINT = 3  # words


class TooManyElements(Exception):
    """Raised where a form has more sessions, treatments and the like than a page has room for."""


@dataclass
class Sent:
    """What was sent at a pointer: its texts, and what was sent beneath it."""

    texts: list[str] = field(default_factory=list)
    beneath: dict[str, "Sent"] = field(default_factory=dict)

    def at(self, pointer: str) -> "Sent":
        """What was sent at a pointer, made where nothing was."""
        node = self
        for name in pointer.split("/", DEEPEST)[1:]:
            node = node.beneath.setdefault(name, Sent())
        return node

    def indices(self) -> list[int]:
        """The places of a list at which something was sent."""
        return sorted(int(name) for name in self.beneath if _INDEX.fullmatch(name))

    def as_it_is(self) -> Any:
        """What was sent where a plan has no such place: a text or several, or an object of what was sent beneath it."""
        if self.beneath:
            return {name: beneath.as_it_is() for name, beneath in self.beneath.items()}
        return self.texts if len(self.texts) != 1 else self.texts[0]

    def add_element(self, pointer: str) -> None:
        """Add an element to the end of the list at a pointer."""
        named = self.at(pointer)
        named.at(f"/{max(named.indices(), default=-1) + 1}").texts.append(PRESENT)

    def remove(self, pointer: str) -> None:
        """Forget what was sent at a pointer."""
        holder, _, name = pointer.rpartition("/")
        self.at(holder).beneath.pop(name, None)


def sent_of(pairs: Pairs) -> Sent:
    """The fields that were sent, by pointer."""
    root = Sent()
    for name, text in pairs:
        root.at(name if name.startswith("/") else f"/{name}").texts.append(text)
    return root


def document_of(sent: Sent) -> dict[str, Any]:
    """The document that the fields stand for. What a plan does not have stands in it, too, for the check to refuse.

    Raises:
        TooManyElements: its lists are longer than a page can show.
    """
    document: dict[str, Any] = _value(Record(Plan), sent) or {}
    if _elements(Record(Plan), document) > MOST_ELEMENTS:
        raise TooManyElements
    return document


def _value(value_type: ValueType, sent: Sent) -> Any:
    """The value at a place of the document, None where nothing is told."""
    if isinstance(value_type, Record):
        fields = fields_of(value_type.type)
        told = {
            name: _value(fields[name].metadata["value_type"], beneath) if name in fields else beneath.as_it_is()
            for name, beneath in sent.beneath.items()
        }
        members = {name: value for name, value in told.items() if value is not None}
        odd = [text for text in sent.texts if text not in ("", PRESENT)]
        return odd[0] if odd else members if members or sent.texts else None
    if isinstance(value_type, Items):
        elements: list[Any] = [text for text in sent.texts if text]
        others = dict(sent.beneath)
        if isinstance(value_type.value_type, Record):
            elements += [_value(value_type.value_type, others.pop(str(k))) or {} for k in sent.indices()]
        elements += [other.as_it_is() for other in others.values()]
        return elements if elements or sent.texts else None
    if sent.beneath or len(sent.texts) > 1:
        return sent.as_it_is()
    text = sent.texts[-1].strip() if sent.texts else ""
    if isinstance(value_type, Whole) and _WHOLE.fullmatch(text):
        return int(text)
    if isinstance(value_type, Flag):
        return FLAGS.get(text, text or None)
    return text or None


def _elements(value_type: ValueType, value: Any) -> int:
    """How many elements the lists of records in a value have in all."""
    if isinstance(value_type, Items) and isinstance(value_type.value_type, Record) and isinstance(value, list):
        return len(value) + sum(_elements(value_type.value_type, each) for each in value)
    if isinstance(value_type, Record) and isinstance(value, Mapping):
        fields = fields_of(value_type.type)
        return sum(
            _elements(fields[name].metadata["value_type"], each) for name, each in value.items() if name in fields
        )
    return 0


@dataclass
class Node:
    """A part of the form: `text`, `date`, `select`, `boxes`, or what holds such, a `group` or a `list`."""

    kind: str
    pointer: str
    label: str
    hint: str = ""
    value: str = ""
    mode: str = ""  # which keys a telephone shows
    options: list[tuple[str, str, bool]] = field(default_factory=list)  # value, label, whether it is chosen
    faults: Sequence[str] = ()
    nodes: list["Node"] = field(default_factory=list)
    is_required: bool = False
    is_told: bool = False
    is_marked: bool = False  # there is a hidden field for it
    may_be_none: bool = False  # an empty list says: asked, none
    is_none: bool = False
    may_go: bool = False
    may_grow: bool = False

    @property
    def is_open(self) -> bool:
        """Whether what is folded away must be seen: something is told in it, or wrong in it."""
        return self.is_told or bool(self.faults) or any(node.is_open for node in self.nodes)

    @property
    def rank(self) -> int:
        """When its turn comes among the members of a record: fields first, what holds more last."""
        if self.kind == "group":
            return 0 if self.is_required else 2
        return {"boxes": 1, "list": 2}.get(self.kind, 0)

    @property
    def is_folded(self) -> bool:
        """Whether it may be folded away, since most plans do without."""
        return not self.is_required and self.kind in ("boxes", "group", "list") and self.pointer.count("/") > 1

    @property
    def in_short(self) -> str:
        """What is told, where it is folded away."""
        if self.is_none:
            return "none"
        chosen = ", ".join(label for _, label, is_chosen in self.options if is_chosen)
        return chosen or ("told" if self.is_told else "not told")

    def pointers(self) -> list[str]:
        """The pointers of all parts, which are their ids in the page."""
        return [self.pointer, *(pointer for node in self.nodes for pointer in node.pointers())]


class Maker:
    """Makes the form of a document, with the names that a release has for slugs, and the faults at their fields."""

    def __init__(self, release: FrozenRelease, faults: Faults) -> None:
        self.release = release
        self.faults = faults
        self.room = 0

    def form(self, document: Mapping[str, Any]) -> Node:
        """The whole form."""
        self.room = MOST_ELEMENTS - _elements(Record(Plan), document)
        return self._node(Record(Plan), document, "", "Plan", "", True)

    def _node(self, value_type: ValueType, value: Any, pointer: str, label: str, text: str, required: bool) -> Node:
        """The part for a value, None where it is not told."""
        node = Node("text", pointer, label, is_required=required, is_told=value is not None)
        node.faults = self.faults.get(pointer, ())
        if isinstance(value_type, Record):
            node.kind, node.is_marked = "group", value == {}
            node.nodes = self._members(value_type, value if isinstance(value, Mapping) else {}, pointer)
        elif isinstance(value_type, Items):
            node.may_be_none, node.is_none = value_type.least == 0, value == []
            make = self._list if isinstance(value_type.value_type, Record) else self._boxes
            make(node, value_type, value if isinstance(value, list) else [])
            node.hint = "" if value_type.least == 0 or node.kind == "list" else in_plain_text(text)
        else:
            node.value = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
            self._control(node, value_type, text)
        return node

    def _members(self, record: Record, value: Mapping[str, Any], pointer: str) -> list[Node]:
        """The parts for the members of a record: fields first, then boxes, then what holds more."""
        nodes = [
            self._node(
                declared.metadata["value_type"],
                value.get(name),
                f"{pointer}/{name}",
                label_of(name),
                declared.metadata["text"],
                declared.metadata["required"],
            )
            for name, declared in fields_of(record.type).items()
        ]
        return sorted(nodes, key=lambda node: node.rank)

    def _list(self, node: Node, items: Items, value: Sequence[Any]) -> None:
        """Make a part that holds one for each element of a list of records."""
        node.kind = "list"
        node.may_grow = self.room > 0 and len(value) < items.most
        shown = value or ([{}] if items.least and node.is_required else [])
        for k, element in enumerate(shown):
            pointer = f"{node.pointer}/{k}"
            each = self._node(items.value_type, element, pointer, f"{singular(node.label)} {k + 1}", "", True)
            each.is_marked = True
            each.may_go = len(value) > (items.least if node.is_required else 0)
            node.nodes.append(each)

    def _boxes(self, node: Node, items: Items, value: Sequence[Any]) -> None:
        """Make a part with a box for each value that a list may have."""
        node.kind = "boxes"
        options = self._options(items.value_type)
        known = {option for option, _ in options}
        told = [str(each) for each in value]
        options += [(other, other) for other in told if other not in known]
        node.options = [(option, label, option in told) for option, label in options]
        of_elements = (self.faults.get(f"{node.pointer}/{k}", ()) for k in range(len(value)))
        node.faults = [*node.faults, *(said for faults in of_elements for said in faults)]

    def _control(self, node: Node, value_type: ValueType, text: str) -> None:
        """Make a part in which one value is told."""
        if isinstance(value_type, Day):
            node.kind = "date"
        elif isinstance(value_type, Whole | Decimal):
            node.mode = "numeric" if isinstance(value_type, Whole) else "decimal"
            node.hint = in_plain_text(text)
        elif isinstance(value_type, Slug | Choice | Flag):
            is_told_by_label = not isinstance(value_type, Flag) and node.pointer.count("/") > 1
            node.kind, node.hint = "select", "" if is_told_by_label else in_plain_text(text)
            options = [("", "not told"), *self._options(value_type)]
            if node.value not in {option for option, _ in options}:
                options.append((node.value, node.value))
            node.options = [(option, label, option == node.value) for option, label in options]
        else:
            node.hint = in_plain_text(text)

    def _options(self, value_type: ValueType) -> list[tuple[str, str]]:
        """The values that one may choose from, with what they are called."""
        if isinstance(value_type, Slug):
            resource = value_type.resource.removeprefix("/v1/")
            return [(slug, self.name_of(resource, slug)) for slug in self.release.vocabulary[value_type.domain]]
        if isinstance(value_type, Choice):
            return [(value, in_plain_words(value)) for value in (*value_type.values, *value_type.spellings)]
        return [("true", "Yes"), ("false", "No")]

    def name_of(self, resource: str, slug: str) -> str:
        """What a row is called; a slug that no row has, in words."""
        row = self.release.item(resource, slug) or {}
        return str(row.get("name") or in_plain_words(slug))


def label_of(name: str) -> str:
    """What a member is called: `vein_diameter_mm` is `Vein diameter (mm)`."""
    words, _, last = name.rpartition("_")
    if words and last in UNITS:
        return f"{words.replace('_', ' ').capitalize()} ({UNITS[last]})"
    return name.replace("_", " ").capitalize()


def singular(label: str) -> str:
    """What one of a list is called: `Treatments` holds a `Treatment`."""
    return label.removesuffix("s")


def in_plain_words(value: str) -> str:
    """A value of a closed list as a person says it."""
    if value in COUNTRIES:
        return value if COUNTRIES[value] == value else f"{value}, {COUNTRIES[value]}"
    return value if value in AMOUNT_UNITS else value.replace("-", " ").capitalize()


def in_plain_text(text: str) -> str:
    """The text of a member as a hint: without the marks of code; none where it says no more than the label."""
    return text.replace("`", "") if len(text.split()) > SHORTEST_HINT else ""


def place_of(pointer: str) -> str:
    """A pointer as a person says it: `Session 1, treatment 2, amount`."""
    words: list[str] = []
    for name in pointer.split("/")[1:]:
        if _INDEX.fullmatch(name) and words:
            words[-1] = f"{singular(words[-1])} {int(name) + 1}"
        else:
            words.append(label_of(name))
    said = ", ".join(word[0].lower() + word[1:] for word in words)
    return said[:1].upper() + said[1:] or "The plan"
