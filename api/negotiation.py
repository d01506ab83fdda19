"""Headers with weights in (RFC 9110, 12.4 and 12.5); out, which of the forms that are offered the client prefers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request

IDENTITY = "identity"
# The least that a quality can be: what is acceptable, but was not asked for.
LEAST = 0.001
_QUALITY = re.compile(r"1(?:\.0*)?|0?\.[0-9]+|0\.?")
_MEDIA_RANGE = re.compile(r"[^\s/*]+/[^\s/*]+|[^\s/*]+/\*|\*/\*")
_UTF_8 = frozenset({"utf-8", "utf8", "utf_8", "csutf8"})


class Element(NamedTuple):
    """An element of a header: its value in lower case, its parameters but for `q`, and `q` as a number."""

    value: str
    parameters: Mapping[str, str]
    quality: float


def split(text: str, separator: str) -> list[str]:
    """The parts of a text between separators, those in quotes aside, without the white space around them."""
    parts: list[str] = re.findall(rf'(?:[^"{separator}]|"(?:[^"\\]|\\.)*"?)+', text)
    return [part.strip() for part in parts if part.strip()]


def parameters_of(parts: Iterable[str]) -> list[tuple[str, str]]:
    """Names in lower case, and values without their quotes, of parameters such as `charset="utf-8"`."""
    pairs = (part.partition("=") for part in parts)
    return [(name.strip().lower(), value.strip().strip('"')) for name, _, value in pairs]


def elements(header: str) -> list[Element]:
    """The elements of a header that can be read; one whose `q` is no quality is left out."""
    found = []
    for element in split(header, ","):
        value, *rest = split(element, ";") or [""]
        parameters = dict(parameters_of(rest))
        quality = parameters.pop("q", "1")
        if _QUALITY.fullmatch(quality):
            found.append(Element(value.lower(), parameters, float(quality)))
    return found


Rank = tuple[float, ...]  # a quality, and then what breaks a tie


def best(ranks: Mapping[str, Rank]) -> str | None:
    """What has the highest rank, of equals the first; None where nothing has a quality above 0."""
    wanted = max(ranks, key=lambda each: ranks[each])
    return wanted if ranks[wanted][0] > 0 else None


def media_type_for(accept: str, offered: Sequence[str]) -> str | None:
    """Which of the media types the client prefers, or None. A header that names no media range accepts any.

    Of equal qualities, what is named more precisely is preferred: browsers that send no weights name text/html.
    """
    ranges = [each for each in elements(accept) if _MEDIA_RANGE.fullmatch(each.value)]
    return best({each: _rank(each, ranges) for each in offered}) if ranges else offered[0]


def _rank(media_type: str, ranges: Iterable[Element]) -> Rank:
    """The quality and precision of the most specific range that a media type is in."""
    kind = media_type.partition("/")[0]
    met = [each for each in ranges if each.value in (media_type, f"{kind}/*", "*/*")]
    precision, quality = max(((_precision(each), each.quality) for each in met), default=(0, 0.0))
    return quality, precision


def _precision(media_range: Element) -> int:
    """How specific a range is. No type here has parameters, so one that asks for some comes after one that does not."""
    stars = media_range.value.count("*")
    return 2 * (2 - stars) - (not stars and bool(media_range.parameters.keys() - {"charset"}))


def coding_for(accept_encoding: str | None, offered: Sequence[str], is_worth_it: bool) -> str | None:
    """Which content coding the client prefers, `identity` for none; None where it takes not even that.

    `is_worth_it` is False for a body that a coding would hardly make smaller: then identity, if it is taken at all.
    """
    if accept_encoding is None:
        return IDENTITY
    sent = {each.value.removeprefix("x-"): each.quality for each in elements(accept_encoding)}
    identity = sent.get(IDENTITY, sent.get("*", LEAST))
    if identity and not is_worth_it:
        return IDENTITY
    return best({**{coding: (sent.get(coding, sent.get("*", 0.0)),) for coding in offered}, IDENTITY: (identity,)})


def is_utf_8(content_type: str) -> bool:
    """True where a content type names no charset but UTF-8, in any of its spellings."""
    named = [value.lower() for name, value in parameters_of(split(content_type, ";")[1:]) if name == "charset"]
    return all(charset in _UTF_8 for charset in named)


class Negotiation(BaseContentNegotiation):
    """How every view chooses: its renderer by the weights of `Accept`, its parser by the media type of the body."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """The parser of the body's media type, or None.

        A wildcard is no media type, and a parameter `name*` is none that JSON has; Django fails on some.
        """
        media_type = request.content_type.partition(";")[0].strip().lower()
        if "*" in request.content_type:
            return None
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """The renderer that the client prefers, with its media type; of equals the view's first.

        Raises:
            NotAcceptable: the client takes none.
        """
        by_type = {renderer.media_type: renderer for renderer in renderers}
        media_type = media_type_for(request.META.get("HTTP_ACCEPT", ""), [*by_type])
        if media_type is None:
            raise NotAcceptable
        return by_type[media_type], media_type
