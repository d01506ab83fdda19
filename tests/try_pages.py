"""The page of the playground in; out, what a person reads there, and what a browser sends of its form."""

from typing import Any
from urllib.parse import urlencode

from django.test import Client

from tests.browsing import Form, FormReader
from tests.elements import Element, read_html

FORM_TYPE = "application/x-www-form-urlencoded"


class Page:
    """A page of the playground."""

    def __init__(self, html: str) -> None:
        self.html = html
        self.root = read_html(html)

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
