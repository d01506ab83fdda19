"""A browser without scripts: asks the admin as a person does, and reads the forms of its pages."""

import re
import urllib.error
import urllib.parse
import urllib.request
from email.message import Message
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from typing import NamedTuple

from tests.servers import Up

Form = dict[str, list[str]]


class FormReader(HTMLParser):
    """Reads what a browser would send of the longest form of a page, as it stands."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.open = ""
        self.kind = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a form or a field, or take what an input holds."""
        given = {name: value or "" for name, value in attrs}
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "form":
            self.forms.append({})
        elif tag in ("select", "textarea") and name:
            self.open, self.kind = name, tag
            if tag == "textarea":
                self.forms[-1].setdefault(name, []).append("")
        elif tag == "option" and self.kind == "select" and "selected" in given:
            self.forms[-1].setdefault(self.open, []).append(given.get("value", ""))
        elif tag == "input" and name and kind != "submit" and (kind not in ("checkbox", "radio") or "checked" in given):
            self.forms[-1].setdefault(name, []).append(given.get("value", "on" if kind == "checkbox" else ""))

    def handle_endtag(self, tag: str) -> None:
        """End a field. Browsers end the lines of a text area by two characters."""
        if tag == self.kind:
            if tag == "textarea":
                self.forms[-1][self.open][-1] = self.forms[-1][self.open][-1].replace("\n", "\r\n")
            self.open = self.kind = ""

    def handle_data(self, data: str) -> None:
        """Take what stands in a text area, without the line that HTML begins it with."""
        if self.kind == "textarea":
            self.forms[-1][self.open][-1] += data.removeprefix("\n")


class Page(NamedTuple):
    """What a browser got."""

    status: int
    headers: "Message[str, str]"
    text: str


class Browser:
    """Asks as a browser does: keeps cookies, and sends forms with what is hidden in them."""

    def __init__(self, server: Up) -> None:
        self.base = f"http://127.0.0.1:{server.port}"
        self.jar = CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def ask(self, path: str, form: dict[str, str] | Form | None = None, **headers: str) -> Page:
        """The page at a path, or what a form comes to that is sent there."""
        body = None if form is None else urllib.parse.urlencode(form, doseq=True).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.base + path, body, named)  # noqa: S310 - our own server
        try:
            with self.opener.open(request, timeout=60) as answer:
                return Page(answer.status, answer.headers, answer.read().decode())
        except urllib.error.HTTPError as failure:
            with failure:
                return Page(failure.code, failure.headers, failure.read().decode())

    def send(self, path: str, form: dict[str, str]) -> Page:
        """What the form at a path comes to, filled in."""
        hidden = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', self.ask(path).text)
        assert hidden is not None
        return self.ask(path, {"csrfmiddlewaretoken": hidden[1], **form})

    def log_in(self, name: str, password: str) -> "Browser":
        """The browser itself, once an account is logged in."""
        page = self.send("/admin/login/?next=/admin/", {"username": name, "password": password, "next": "/admin/"})
        assert "Log out" in page.text
        return self

    def form(self, path: str) -> Form:
        """The longest form of the page at a path, as a browser would send it."""
        reader = FormReader()
        reader.feed(self.ask(path).text)
        return max(reader.forms, key=len)
