"""Guides: the Markdown files of `api/guides` in; out, what their pages show, with samples that name who was asked."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

FOLDER = Path(__file__).resolve().parent.parent / "guides"
ADDRESS = "https://api.example.org"  # stands in the files for the address that is asked
ORDER = (
    "getting-started",
    "facts-with-sources",
    "caching-and-sync",
    "findings-in-a-ui",
    "verdicts-and-rule-sets",
    "jurisdictions",
    "errors",
    "keys-and-rates",
    "versioning",
    "what-this-is-not",
)
TABLE = re.compile(r"^\[\[([a-z-]+)\]\]$", re.MULTILINE)
LANGUAGES = {
    "sh": "Shell",
    "python": "Python",
    "javascript": "JavaScript",
    "typescript": "TypeScript",
    "kotlin": "Kotlin",
    "swift": "Swift",
    "json": "JSON",
    "nginx": "nginx",
    "output": "Prints",
}
Tables = Mapping[str, Callable[[], str]]


@dataclass(frozen=True)
class Guide:
    """A guide as its file has it: the heading, the paragraph beneath, and all that follows."""

    slug: str
    title: str
    lead: str
    body: str


@dataclass(frozen=True)
class Section:
    """What stands under a heading, as HTML; `anchor` is what leads there."""

    anchor: str
    title: str
    html: str


@cache
def guides() -> dict[str, Guide]:
    """Every guide by its slug, in reading order."""
    return {slug: _read(slug, (FOLDER / f"{slug}.md").read_text("utf-8")) for slug in ORDER}


def _read(slug: str, text: str) -> Guide:
    """The guide of a file."""
    title, lead, body = text.removeprefix("# ").split("\n\n", 2)
    return Guide(slug, title, " ".join(lead.split()), body)


def as_markdown(guide: Guide, tables: Tables, address: str) -> str:
    """The guide as Markdown, with its tables filled in and samples that ask the address."""
    return f"# {guide.title}\n\n{guide.lead}\n\n{_filled(guide.body, tables, address)}"


def sections(guide: Guide, tables: Tables, address: str) -> list[Section]:
    """The sections of a guide as HTML."""
    tokens = _markdown.parse(_filled(guide.body, tables, address))
    return [_section(part) for part in _split(tokens)]


def line_as_html(text: str) -> str:
    """One line of Markdown as HTML."""
    html: str = _markdown.renderInline(text)
    return html


def anchor_of(title: str) -> str:
    """What leads to a heading: its words in small letters, joined by hyphens."""
    return "-".join(re.findall("[a-z0-9]+", title.lower()))


def _filled(text: str, tables: Tables, address: str) -> str:
    """The text with its tables, and with the address that is asked."""
    return TABLE.sub(lambda found: tables[found[1]](), text).replace(ADDRESS, address)


def _split(tokens: Iterable[Token]) -> list[list[Token]]:
    """The tokens of each section, which begins with a heading of the second level."""
    parts: list[list[Token]] = []
    for token in tokens:
        if token.type == "heading_open" and token.tag == "h2":
            parts.append([])
        parts[-1].append(token)
    return parts


def _section(tokens: list[Token]) -> Section:
    """The section that tokens make: the first three are its heading."""
    title = tokens[1].content.replace("`", "")
    html: str = _markdown.renderer.render(tokens[3:], _markdown.options, {"title": title, "tables": 0})
    return Section(anchor_of(title), title, html)


class _Renderer(RendererHTML):
    """HTML in which samples tell their language, and what is wide can be scrolled by key."""

    def fence(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        """A sample under its language; `output` is what the one before it prints."""
        token = tokens[index]
        language = token.info.split(" ", 1)[0]
        code = super().fence([Token("fence", "code", 0, content=token.content)], 0, options, env)
        kept = "" if language == "output" else " data-copy"
        return (
            f"<figure{kept}><figcaption>{LANGUAGES[language]}</figcaption>{code.replace('<pre>', _SCROLLED)}</figure>\n"
        )

    def table_open(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        """A table in a frame that scrolls, which is called by its section and its number there."""
        env["tables"] += 1
        name = f"{escapeHtml(env['title'])}, table {env['tables']}"
        return f'<div class="wide" role="region" aria-label="{name}" tabindex="0"><table>\n'

    def table_close(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        """The end of both."""
        return "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        """The head of a column; how it is aligned is for the style to say."""
        return '<th scope="col">'


_SCROLLED = '<pre tabindex="0">'
_markdown = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")
