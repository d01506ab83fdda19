"""Preview: the content tables in; out, how they differ from the newest release, and what publishing would refuse."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from api.history import only_in_one
from api.models import PlanExample, Release
from api.publishing.differences import RowChange, differences
from api.publishing.freeze import loosened_since, proof, render
from api.publishing.refused import RefusedError
from api.publishing.written import digest_of_tables

MOVED = "the tables were changed since the page was loaded that this was sent from: look at them again"


@dataclass(frozen=True)
class Flip:
    """A named plan that comes to something else than in the newest release, or than is expected of it."""

    slug: str
    title: str
    before: str
    after: str
    gone: list[str]
    come: list[str]
    is_expected: bool


@dataclass(frozen=True)
class Preview:
    """What the tables would change: `problems` where they cannot even be rendered, else rows and named plans."""

    release: int
    tables: str
    problems: list[str] = field(default_factory=list)
    changes: list[RowChange] = field(default_factory=list)
    flips: list[Flip] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to publish."""
        return not (self.problems or self.changes or self.flips)


@dataclass(frozen=True)
class Proof:
    """What publishing refuses of the tables whatever is said, and by row, what it lets pass where it is meant."""

    refused: list[str]
    loosens: Mapping[str, str]


def newest_release() -> Release | None:
    """The newest release there is."""
    return Release.objects.order_by("-number").first()


def preview() -> Preview:
    """How the tables differ from the newest release; it takes about a second."""
    last, tables = newest_release(), digest_of_tables()
    number = last.number if last else 0
    try:
        after = render()
        before = last.content() if last else {}
    except (RefusedError, ValueError) as error:
        return Preview(number, tables, problems=getattr(error, "problems", [f"{error}: cannot be read"]))
    return Preview(number, tables, changes=differences(before, after), flips=_flips(before, after))


def _flips(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Flip]:
    """The named plans that come to something else than they did, or than is expected of them."""
    old = {example["slug"]: example for example in before.get("plan-examples", [])}
    expected = {example.pk: example.expect for example in PlanExample.objects.all()}
    flips = []
    for new in after["plan-examples"]:
        was = old.get(new["slug"], {"verdict": "new", "findings": []})
        comes_to = {"verdict": new["verdict"], "findings": new["findings"]}
        is_expected = expected[new["slug"]] == comes_to
        if not is_expected or comes_to != {name: was[name] for name in comes_to}:
            gone, come = only_in_one(was["findings"], new["findings"])
            flips.append(Flip(new["slug"], new["title"], was["verdict"], new["verdict"], gone, come, is_expected))
    return flips


@lru_cache(maxsize=2)
def proved(tables: str, release: int) -> Proof:
    """What publishing refuses, as the tables and the newest release stand; these two name them.

    It takes as long as publishing, so that it is kept.

    Raises:
        RefusedError: the tables are not what is named, or were changed meanwhile.
    """
    try:
        _, book, problems = proof()
    except RefusedError as refused:
        found = Proof(refused.problems, {})
    else:
        last = Release.objects.filter(number=release).first()
        found = Proof(problems, loosened_since(last, book) if last else {})
    if digest_of_tables() != tables:
        raise RefusedError([MOVED])
    return found
