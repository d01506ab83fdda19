"""Dumping: the content tables in, the YAML files of `fixtures/` out, in one form, so that a change is a small diff."""

import json
import re
import textwrap
from collections import Counter
from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from api.publishing.load import models_of_content, read_document
from api.publishing.refused import Progress
from api.publishing.written import LAST, Row, tables

WIDTH = 118
# Words that stand without quotes: slugs, words of closed lists, ids of findings, codes of countries; none that YAML
# reads otherwise.
WORD = re.compile(r"[a-z][A-Za-z0-9]*([-_][a-z0-9]+)*(:/[a-z0-9/_-]+)?|[A-Z]{2}")
NO_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "NO", "ON"}
# Members whose text is in quotes though it be a single word, since it need not be.
QUOTED = {
    *("title", "name", "synonyms", "question", "locator", "note", "label", "comparator", "unit", "number"),
    *("publisher", "published", "ceap_classes"),
}
# Columns whose text is prose, which is folded also where it would fit on one line.
PROSE = {
    field.name
    for model in models_of_content().values()
    for field in model._meta.concrete_fields
    if field.get_internal_type() == "TextField" and field.name not in QUOTED
}
FLOWING = ("plan", "expect", "named_in", "values")  # members in which small objects and lists stand on one line
REFERENCE = re.compile(r"(?<=\{\{) (\S+) (?=\}\})")


def dump_content(folder: Path, progress: Progress = lambda _: None) -> list[str]:
    """Write every content table to its file in the folder; out, the names of the files that changed.

    What stands at the head of a file, the order of its rows and its dates of review are kept; new rows come last.

    Raises:
        RefusedError: a named plan that is no JSON, or a file that is there and cannot be read.
    """
    changed = changed_files(folder)
    for name, text in changed.items():
        (folder / name).write_text(text, "utf-8")
        progress(f"{name}: written")
    return [*changed]


def changed_files(folder: Path) -> dict[str, str]:
    """The new text of each file of the folder that is not as the tables are.

    Raises:
        RefusedError: as `dump_content`.
    """
    with transaction.atomic():
        content = tables()
    texts = {f"{name}.yaml": _file(folder / f"{name}.yaml", rows) for name, rows in content.items()}
    return {name: text for name, text in texts.items() if not _is_there(folder / name, text)}


def _is_there(path: Path, text: str) -> bool:
    """Whether a file has this text."""
    return path.exists() and path.read_text("utf-8") == text


def _file(path: Path, rows: list[Row]) -> str:
    """The text of a file with these rows."""
    head, dates, order = "", _usual_dates(rows), []
    if path.exists():
        document = read_document(path)
        lines = path.read_text("utf-8").splitlines(keepends=True)
        head = "".join(takewhile(lambda line: line.startswith("#"), lines))
        dates = {name: document[name] for name in LAST}
        order = [row.get("slug") for row in document["items"]]
    place = {slug: number for number, slug in enumerate(order)}
    lines = [f"{name}: {json.dumps(dates[name])}" for name in LAST]
    lines.append("items:" if rows else "items: []")
    for row in sorted(rows, key=lambda row: place.get(row["slug"], len(order))):
        shown = {name: value for name, value in row.items() if dates.get(name) != value}
        lines += _block([shown], 2)
    return head + "\n".join(lines) + "\n"


def _usual_dates(rows: list[Row]) -> Row:
    """The dates of review that most rows have; where there is none, any."""
    pairs = Counter((row["reviewed_on"], row["review_due"]) for row in rows)
    most = pairs.most_common(1)[0][0] if pairs else ("2000-01-01", "2000-01-02")
    return dict(zip(LAST, most, strict=True))


def _block(value: Any, indent: int, within: str = "", flowing: bool = False) -> list[str]:
    """The lines of an object or a list, which stand at this indent; `within` is the member that it is the value of."""
    lines = []
    if isinstance(value, Mapping):
        for name, member in value.items():
            lines += _entry(f"{' ' * indent}{_scalar(name)}:", member, indent, name, flowing or name in FLOWING)
        return lines
    for member in value:
        if isinstance(member, Mapping) and member and not _flow(member, indent + 2, within, flowing):
            first, *rest = _block(member, indent + 2, within, flowing)
            lines += [f"{' ' * indent}- {first.lstrip()}", *rest]
        else:
            lines += _entry(f"{' ' * indent}-", member, indent, within, flowing)
    return lines


def _entry(start: str, value: Any, indent: int, name: str, flowing: bool) -> list[str]:
    """The lines of a member of this name, or of an entry of its list, which begins with `start`."""
    if isinstance(value, Mapping | list) and value:
        flow = _flow(value, len(start) + 1, name, flowing)
        return [f"{start} {flow}"] if flow else [start, *_block(value, indent + 2, name, flowing)]
    scalar = _scalar(value, name in QUOTED and not flowing)
    is_folded = name in PROSE or len(start) + 1 + len(scalar) > WIDTH
    if isinstance(value, str) and is_folded and _folds(value):
        within = " " * (indent + 2)
        # A reference stays on one line: a blank that is none holds it together.
        text = textwrap.wrap(
            REFERENCE.sub("\0\\1\0", value), WIDTH - len(within), break_long_words=False, break_on_hyphens=False
        )
        return [f"{start} >-", *(within + line.replace("\0", " ") for line in text)]
    return [f"{start} {scalar}"]


def _flow(value: Any, taken: int, name: str, flowing: bool) -> str:
    """An object or a list on one line, where it may and fits beside what is taken of it; else nothing."""
    entries = list(value.values()) if isinstance(value, Mapping) else value
    if not flowing or any(isinstance(entry, Mapping | list) and entry for entry in entries):
        return ""
    if isinstance(value, Mapping):
        text = "{" + ", ".join(f"{_scalar(key)}: {_scalar(entry)}" for key, entry in value.items()) + "}"
    else:
        text = "[" + ", ".join(map(_scalar, value)) + "]"
    return text if taken + len(text) <= WIDTH else ""


def _folds(text: str) -> bool:
    """Whether a text comes back as it was when its lines are folded."""
    return text.isprintable() and " ".join(text.split()) == text != ""


def _scalar(value: Any, is_quoted: bool = False) -> str:
    """A text, number, flag or null, or what is empty, on one line; what may be taken for something else in quotes."""
    if not isinstance(value, str):
        return json.dumps(value)  # as YAML writes it, too
    if WORD.fullmatch(value) and value not in NO_WORDS and not is_quoted:
        return value
    if value.isprintable():
        return json.dumps(value, ensure_ascii=False)
    quoted: str = yaml.dump(value, default_style='"', width=10**9, allow_unicode=True)
    return quoted.rstrip("\n")
