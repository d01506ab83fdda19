"""Editing histories drawn by chance, the client that follows the feed of changes, and a reader of differences.

A history is what releases held, one after the other: the specimen, edited by `tests.edits`, with rows that go and come
back, and review dates that pass. Nothing of it is proved, so that every shape comes that publishing might let through.
"""

import copy
import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tests.edits import EDITS, Fixtures, bend_the_tree

Content = dict[str, list[dict[str, Any]]]
Get = Callable[[str], Any]  # a path in, the body of its answer out
SPECIMEN = Path(__file__).parent / "specimen.json"
DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
SLUG = re.compile("[a-z0-9]+(-[a-z0-9]+)*")


def specimen(most: int) -> Content:
    """The content of the specimen, of each resource so many rows at most."""
    content: Content = json.loads(SPECIMEN.read_text("utf-8"))
    return {name: rows[:most] for name, rows in content.items()}


def history(seed: int, releases: int, most: int = 4) -> Iterator[Content]:
    """What so many releases hold, each another than the one before; the first has so many rows of each resource."""
    random, content = Random(seed), specimen(most)  # noqa: S311
    gone: list[tuple[str, dict[str, Any]]] = []
    for _ in range(releases):
        yield content
        before, content = content, edited(content, gone, random)
        gone += [
            (name, row) for name, rows in before.items() for row in rows if row["slug"] not in slugs(content, name)
        ]


def edited(content: Content, gone: list[tuple[str, dict[str, Any]]], random: Random) -> Content:
    """The content after some edits; at least one changes something, and all rows have slugs of their own."""
    for _ in range(1000):
        changed: Fixtures = copy.deepcopy(content)
        with suppress(LookupError, TypeError, AttributeError):  # of an edit that finds no row, or one that is too odd
            for _ in range(random.choice((1, 2, 5))):
                random.choice((*EVERY_EDIT, pass_a_review))(changed, random)
        if gone and random.random() < 0.5:
            name, row = random.choice(gone)
            if row["slug"] not in slugs(changed, name):
                changed[name].append(row)
        changed = {name: sorted(rows, key=lambda row: str(row["slug"])) for name, rows in changed.items()}
        if changed != content and all(map(is_plain, changed.values())):
            return changed
    raise AssertionError("no edit makes another release of it")


def pass_a_review(fixtures: Fixtures, random: Random) -> str:
    """Another day on which the review of a row is due."""
    row = random.choice([row for rows in fixtures.values() for row in rows])
    row["review_due"] = (date(2026, 11, 1) + timedelta(days=random.randrange(-10, 60))).isoformat()
    return f"{row['slug']} is due on {row['review_due']}"


def slugs(content: Content, name: str) -> set[str]:
    """The slugs of a resource."""
    return {row["slug"] for row in content[name]}


def is_plain(rows: list[dict[str, Any]]) -> bool:
    """Whether each row has a slug of its own that is one, and a day on which its review is due."""
    named = [str(row["slug"]) for row in rows]
    return (
        len({*named}) == len(named)
        and all(map(SLUG.fullmatch, named))
        and all(DAY.fullmatch(str(row.get("review_due"))) for row in rows)
    )


# An area that lies in itself is never published, and rules that are not proved would look for its end for ever.
EVERY_EDIT = (*(edit for edit in EDITS if edit is not bend_the_tree), pass_a_review)


class Follower:
    """A client that follows the feed of changes from a path on, and keeps what it is told."""

    def __init__(self, path: str = "/v1/changes?after=0", rows: dict[tuple[str, str], Any] | None = None) -> None:
        self.path = path
        self.rows = dict(rows or {})
        self.resources: list[str] = []
        self.digest = ""
        self.seen: list[dict[str, Any]] = []

    def catch_up(self, get: Get) -> None:
        """Follow until there is no more."""
        more = True
        while more:
            page = get(self.path)
            self.path, more = page["next"], page["more"]
            self.resources, self.digest = page["resources"], page["digest"]
            for change in page["items"]:
                self.take(change)

    def take(self, change: dict[str, Any]) -> None:
        """Keep what a change tells."""
        key = (change["resource"], change["slug"])
        if change["action"] == "withdrawn":
            del self.rows[key]
        elif change["row"] is not None:
            assert (key in self.rows) is (change["action"] in ("updated", "reshaped"))
            self.rows[key] = change["row"]
        self.seen.append(change)

    def content(self) -> Content:
        """All that it holds, as a release has it."""
        held: Content = {name: [] for name in self.resources}
        for (name, _), row in sorted(self.rows.items()):
            held[name].append(row)
        return held


def applied(diff: dict[str, Any], content: Content) -> Content:
    """The content after the differences that an answer tells."""
    rows = {(name, row["slug"]): dict(row) for name, each in content.items() for row in each}
    for item in diff["items"]:
        key = (item["resource"], item["slug"])
        if item["action"] == "created":
            rows[key] = item["row"]
        elif item["action"] == "withdrawn":
            del rows[key]
        for member in item["members"]:
            assert rows[key].get(member["member"]) == member.get("old")
            if "new" in member:
                rows[key][member["member"]] = member["new"]
            else:
                del rows[key][member["member"]]
    held: Content = {name: [] for name in diff["resources"]}
    for (name, _), row in sorted(rows.items()):
        held[name].append(row)
    return held
