"""The page of the playground in; out, what a person reads there, and what a browser sends of its form."""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

from django.test import Client

from tests.browsing import Form, FormReader

FORM_TYPE = "application/x-www-form-urlencoded"
VOID = frozenset({"meta", "link", "input", "br", "hr", "img"})


class Element:
    """An element of a page."""

    def __init__(self, tag: str, given: dict[str, str]) -> None:
        self.tag = tag
        self.given = given
        self.inside: list[Element | str] = []

    @property
    def text(self) -> str:
        """All text in it, with single spaces."""
        parts = (each if isinstance(each, str) else each.text for each in self.inside)
        return " ".join("".join(parts).split())

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


class PageReader(HTMLParser):
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


class Page:
    """A page of the playground."""

    def __init__(self, html: str) -> None:
        self.html = html
        reader = PageReader()
        reader.feed(html)
        [self.root] = reader.open

    @property
    def form(self) -> Form:
        """What a browser would send of the form."""
        reader = FormReader()
        reader.feed(self.html)
        return max(reader.forms, key=len)

    @property
    def answer(self) -> Element:
        """What is said of the plan."""
        return self.root.one(id="answer")

    @property
    def verdict(self) -> str:
        """The verdict, as the API calls it."""
        return self.answer.one("section", "verdict").one("code").text


def read(response: Any) -> Page:
    """The page in a response."""
    assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8"), response.content
    return Page(response.content.decode())


def sent(client: Client, form: Form, **extra: Any) -> Any:
    """What is answered where a browser sends the form."""
    return client.post("/try", urlencode(form, doseq=True), content_type=FORM_TYPE, **extra)


def pressed(client: Client, page: Page, does: str, **changes: str) -> Page:
    """The page after a button of its form."""
    return read(sent(client, page.form | {name: [text] for name, text in changes.items()} | {"do": [does]}))
