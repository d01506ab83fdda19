"""The contents of two releases in; out, what came, changed and went from one to the other. Plain Python, no clock.

Content is a release's rows by resource. Rows are told apart by their slugs.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Row = Mapping[str, Any]
Content = Mapping[str, Sequence[Row]]
# By resource, each slug that was published once and is no more, with the number of the last release that has it.
Withdrawn = Mapping[str, Mapping[str, int]]

NOTHING: Content = {}
RESHAPED = "reshaped"


class Change(NamedTuple):
    """What became of a row from one release to the next. `old` is None where it came, `new` where it went."""

    resource: str
    slug: str
    old: Row | None
    new: Row | None

    @property
    def action(self) -> str:
        """What happened, in a word. A row is reshaped where it says the same by another schema."""
        if self.old is None:
            return "created"
        if self.new is None:
            return "withdrawn"
        return "updated" if self.changed else RESHAPED

    @property
    def changed(self) -> list[str]:
        """Of a row that both have, the members that say something else, by name."""
        return [] if self.old is None or self.new is None else sorted(saying_otherwise(self.old, self.new))

    @property
    def members(self) -> list[str]:
        """The members that differ, by name; those that only one of the two has do, too. Of a row that came, all."""
        old, new = self.old or {}, self.new or {}
        return sorted(name for name in {*old, *new} if name not in old or name not in new or old[name] != new[name])


def saying_otherwise(old: Row, new: Row) -> Iterator[str]:
    """The members of two objects that say something else, by name; one that is absent says what an empty one does."""
    for name in {*old, *new}:
        if name in old and name in new:
            if not _says_the_same(old[name], new[name]):
                yield name
        elif old.get(name) or new.get(name):
            yield name


def _says_the_same(old: Any, new: Any) -> bool:
    """Whether two values do, by whatever schema; an empty text says what null does."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return not [*saying_otherwise(old, new)]
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_says_the_same, old, new))
    return bool(old == new) or (old in (None, "") and new in (None, ""))


def changes(before: Content, after: Content) -> Iterator[Change]:
    """Each row that came, went or is written otherwise, by resource and slug."""
    for resource in sorted({*before, *after}):
        old, new = ({row["slug"]: row for row in content.get(resource, ())} for content in (before, after))
        for slug in sorted({*old, *new}):
            if old.get(slug) != new.get(slug):
                yield Change(resource, slug, old.get(slug), new.get(slug))


def only_in_one(before: Sequence[Any], after: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """What went and what came from one list to another, each in its order."""
    return [each for each in before if each not in after], [each for each in after if each not in before]


def withdrawn_after(known: Withdrawn, number: int, before: Content, after: Content) -> Withdrawn:
    """What is withdrawn as of a release with the content `after`, from what was as of the one before, by its number."""
    gone = {resource: dict(slugs) for resource, slugs in known.items()}
    for change in changes(before, after):
        if change.new is None:
            gone.setdefault(change.resource, {})[change.slug] = number
        else:
            gone.get(change.resource, {}).pop(change.slug, None)
    return {resource: slugs for resource, slugs in sorted(gone.items()) if slugs}


class Position(NamedTuple):
    """A place in the sequence of changes: after so many (`passed`) of a block, or after all of it where that is None.

    A block is of a release: what it changed (`day` is 0), or what came to be overdue on a `day`, as YYYYMMDD, while it
    was the newest. As text it is `3`, `3-20270527`, `3-0-17`; `0` is before everything.
    """

    release: int
    day: int = 0
    passed: int | None = None

    def __str__(self) -> str:
        whole = f"{self.release}-{self.day}" if self.day else str(self.release)
        return whole if self.passed is None else f"{self.release}-{self.day}-{self.passed}"

    def is_after(self, block: "Position") -> bool:
        """Whether all of a block is before it."""
        mine, other = (self.release, self.day), (block.release, block.day)
        return mine > other or (mine == other and self.passed is None)


POSITION = "(0|[1-9][0-9]{0,8})(-(0|[1-9][0-9]{7})(-(0|[1-9][0-9]{0,8}))?)?"


def position_of(text: str) -> Position | None:
    """The position that a text stands for, or None."""
    found = re.fullmatch(POSITION, text, re.ASCII)
    if found is None:
        return None
    release, day, count = found[1], found[3], found[5]
    return Position(int(release), int(day or 0), None if count is None else int(count))
