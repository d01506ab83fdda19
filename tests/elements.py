"""A page in; out, its elements, as they stand within each other, with what they say and where their links lead."""

from collections.abc import Iterator
from functools import cached_property
from html.parser import HTMLParser

VOID = frozenset({"meta", "link", "input", "br", "hr", "img"})
APART = frozenset({"li", "p", "td", "dt", "dd", "div", "tr", "h2", "h3", "h4", "text"})  # from what stands before


class Element:
    """An element of a page, once that is read."""

    def __init__(self, tag: str, given: dict[str, str]) -> None:
        self.tag = tag
        self.given = given
        self.inside: list[Element | str] = []

    @cached_property
    def text(self) -> str:
        """All text in it, with single spaces."""
        return " ".join(self.said().split())

    def said(self) -> str:
        """All text in it, as it stands."""
        parts = (each if isinstance(each, str) else each.said() for each in self.inside)
        return (" " if self.tag in APART else "") + "".join(parts)

    @cached_property
    def by_id(self) -> dict[str, "Element"]:
        """The elements within it that have an id."""
        return {each.given["id"]: each for each in self.walk() if "id" in each.given}

    @property
    def links(self) -> list[str]:
        """Where its links lead, its own first."""
        return [each.given["href"] for each in (self, *self.walk()) if "href" in each.given]

    def all(self, tag: str = "", has: str = "", **given: str) -> list["Element"]:
        """The elements within it of a tag and a class, with these attributes."""
        return [
            each
            for each in self.walk()
            if tag in ("", each.tag)
            and (not has or has in each.given.get("class", "").split())
            and all(each.given.get(name) == value for name, value in given.items())
        ]

    def one(self, tag: str = "", has: str = "", **given: str) -> "Element":
        """The only such element."""
        [found] = self.all(tag, has, **given)
        return found

    def walk(self) -> Iterator["Element"]:
        """Every element within it."""
        for each in self.inside:
            if not isinstance(each, str):
                yield each
                yield from each.walk()


class _Reader(HTMLParser):
    """Reads a page, in which every element that is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element that ends where it begins."""
        self.open[-1].inside.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """End the element."""
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        """Take text."""
        self.open[-1].inside.append(data)


def read_html(html: str) -> Element:
    """What holds all of a page."""
    reader = _Reader()
    reader.feed(html)
    [root] = reader.open
    return root
