"""A page of facts in; out, what it says in each element that has an id, and where its links lead."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = ("meta", "link", "rect", "input", "br")


@dataclass
class Element:
    """What an element says, its links and attributes, and the elements with ids in it."""

    tag: str
    attributes: dict[str, str]
    parts: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its text, with single blanks."""
        return re.sub(r"\s+", " ", "".join(self.parts)).strip()


class PageReader(HTMLParser):
    """Reads a page; `by_id` has its elements, `main` what is no frame, `drawn` the figures, each with what is in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[Element] = []
        self.by_id: dict[str, Element] = {}
        self.ids: list[str] = []
        self.all: list[Element] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.all.append(element)
        if "id" in element.attributes:
            self.ids.append(element.attributes["id"])
            self.by_id[element.attributes["id"]] = element
        self.open.append(element)
        for each in self.open:
            if "href" in element.attributes:
                each.links.append(element.attributes["href"])
            if tag in ("li", "p", "td", "dt", "dd", "div", "tr", "h2", "h3", "h4", "text"):
                each.parts.append(" ")
        if tag in VOID:
            self.open.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        """End an element."""
        if tag not in VOID:
            assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        """Take a text."""
        for each in self.open:
            each.parts.append(data)

    def handle_decl(self, decl: str) -> None:
        """Nothing."""
