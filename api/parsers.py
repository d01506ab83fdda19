"""Strict reading of requests: a body or a query in; a document, or values by name, or every fault out."""

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import islice
from typing import IO, Any, Protocol
from urllib.parse import unquote_to_bytes

from django.http import UnreadablePostError
from rest_framework.exceptions import APIException, UnsupportedMediaType
from rest_framework.parsers import BaseParser

from api.negotiation import is_utf_8
from api.rules.own_texts import CONTROL_CHARACTERS, TEXT_PATTERN
from api.rules.reading import (
    MOST_FAULTS,
    Fault,
    JsonNumber,
    JsonObject,
    NotANumber,
    Reader,
    Vocabulary,
    nearest,
    pointer_to,
)
from api.rules.value_types import Decimal, Slug

DEEPEST = 32
HOLDERS = (dict, list)
MOST_PARAMETERS = 100
SLUG = "[a-z0-9]+([-:][a-z0-9]+)*"  # the colon is for boundary vectors, whose slugs have their side after it
NO_SLUGS = Vocabulary({}, {})
CONTROL_CHARACTER = re.compile(f"[{CONTROL_CHARACTERS}]")
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class BodyFaults(APIException):
    """Raised for a body that is not strict JSON; `faults` says where."""

    status_code = 400
    default_code = "invalid_json"

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("The body is not strict JSON.")
        self.faults = faults


class BodyTooLarge(APIException):
    """Raised for a body of more bytes than the view takes."""

    status_code = 413
    default_code = "body_too_large"


class LengthRequired(APIException):
    """Raised for a body whose length was not sent."""

    status_code = 411
    default_code = "length_required"


class JSONBodyParser(BaseParser):
    """The bytes of a body that is sent as JSON, whole and not encoded; they are read later, by `parse` or faster."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The body.

        Raises:
            UnsupportedMediaType, BodyTooLarge, BodyFaults: it cannot be taken.
        """
        context = parser_context or {}
        request, most_bytes = context["request"], context["view"].most_bytes
        refuse_encodings(request.META, media_type or "")
        return read_body(request.META, stream, most_bytes)


class StrictJSONParser(JSONBodyParser):
    """JSON as RFC 8259 has it, and no more. Numbers keep their source text; objects know which members came twice."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The document, its numbers as `JsonNumber`.

        Raises:
            BodyFaults: not JSON, or nested too deep.
        """
        return parse(super().parse(stream, media_type, parser_context))


def refuse_encodings(meta: Mapping[str, Any], content_type: str) -> None:
    """Check that a body is neither compressed nor in another encoding than UTF-8.

    Raises:
        UnsupportedMediaType: it is.
    """
    if meta.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity" or not is_utf_8(content_type):
        raise UnsupportedMediaType(content_type)


def refuse_no_body(meta: Mapping[str, Any]) -> None:
    """Check that there is a body: DRF would take one that is sent in chunks, or none at all, for `{}`.

    Raises:
        LengthRequired: its length was not sent.
        BodyFaults: it is empty.
    """
    length = meta.get("CONTENT_LENGTH") or ""
    if not re.fullmatch("[0-9]{1,18}", length) or "HTTP_TRANSFER_ENCODING" in meta:
        raise LengthRequired
    if int(length) == 0:
        raise BodyFaults([Fault("", "invalid_json", "The body is empty.")])


def read_body(meta: Mapping[str, Any], stream: IO[bytes], most_bytes: int) -> bytes:
    """The whole body.

    Raises:
        BodyTooLarge: it has more bytes than the view takes.
        BodyFaults: the client left before all of it had come.
    """
    length = int(meta["CONTENT_LENGTH"])
    if length > most_bytes:
        raise BodyTooLarge
    try:
        body = stream.read()
    except UnreadablePostError:
        body = b""
    if len(body) < length:
        raise BodyFaults([Fault("", "incomplete_body", "The body has fewer bytes than its Content-Length says.")])
    return body


def parse(body: bytes) -> Any:
    """The document that the bytes of a body stand for; see `StrictJSONParser`.

    Raises:
        BodyFaults: not JSON, or nested too deep.
    """
    constants: list[NotANumber] = []

    def constant(_: str) -> NotANumber:
        constants.append(NotANumber())
        return constants[-1]

    try:
        document = json.loads(
            body.decode("utf-8"),
            parse_float=JsonNumber,
            parse_int=JsonNumber,
            parse_constant=constant,
            object_pairs_hook=JsonObject,
        )
    except UnicodeDecodeError:
        raise BodyFaults([Fault("", "invalid_json", "The body is not UTF-8.")]) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise BodyFaults([Fault("", "invalid_json", f"The body is not JSON: see {where}.")]) from None
    except RecursionError:
        raise BodyFaults([_too_deep("")]) from None
    if _is_too_deep(document):
        raise BodyFaults([_too_deep(next(pointer for depth, pointer, _ in _places(document) if depth > DEEPEST))])
    if constants:
        raise BodyFaults(_constants_in(document))
    return document


def _is_too_deep(document: Any) -> bool:
    """True where objects and lists are nested deeper than is read. It makes no pointer, so it takes next to no time."""
    level = [document] if isinstance(document, HOLDERS) else []
    for _ in range(DEEPEST):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, HOLDERS)
        ]
    return bool(level)


def _places(document: Any) -> Iterator[tuple[int, str, Any]]:
    """The objects, lists and constants of a document, the outer ones first, each with its depth and its pointer.

    A pointer is made when its turn comes, so that whoever has seen enough saves the rest.
    """
    waiting: deque[tuple[int, str, str, Any]] = deque([(1, "", "", document)])
    while waiting:
        depth, holder, name, node = waiting.popleft()
        pointer = pointer_to(holder, name) if depth > 1 else ""
        yield depth, pointer, node
        waiting += [
            (depth + 1, pointer, str(name), child)
            for name, child in _members(node)
            if isinstance(child, (*HOLDERS, NotANumber))
        ]


def _members(node: Any) -> Iterable[tuple[str | int, Any]]:
    """What an object or a list holds, by name or by place; nothing where the node is neither."""
    if isinstance(node, dict):
        return node.items()
    return enumerate(node) if isinstance(node, list) else ()


def _constants_in(document: Any) -> list[Fault]:
    """A fault for each NaN or Infinity of a document; one of the whole where a doubled member hides them all."""
    detail = "NaN and Infinity are no JSON, so the body is none."
    pointers = (pointer for _, pointer, node in _places(document) if isinstance(node, NotANumber))
    return [Fault(pointer, "invalid_json", detail) for pointer in islice(pointers, MOST_FAULTS)] or [
        Fault("", "invalid_json", detail)
    ]


def _too_deep(pointer: str) -> Fault:
    return Fault(pointer, "too_deep", f"Nest objects and lists at most {DEEPEST} deep.")


class QueryFaults(APIException):
    """Raised for query parameters that are unknown, doubled or wrong; the pointer of each fault names its parameter."""

    status_code = 400
    default_code = "invalid_query"

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("The query cannot be read.")
        self.faults = faults


class ValueType(Protocol):
    """What a text may be; faults go to the reader."""

    def read(self, value: Any, pointer: str, reader: Reader) -> Any: ...

    def schema(self) -> dict[str, Any]: ...


LENGTH_OF_DATE = 10
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT = rf"{_DATE}(T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(\.[0-9]{{1,6}})?(Z|[+-][0-9]{{2}}:[0-9]{{2}}))?"


class Moment:
    """A time that has been: a date and a time with its offset, or a date, which stands for the end of it in UTC."""

    def read(self, value: str, pointer: str, reader: Reader) -> datetime | None:
        """The moment; and a fault, where the text is none, or one that is still to come."""
        moment = moment_of(value)
        if moment is None:
            detail = "Send YYYY-MM-DD, or a date and time as 2026-11-30T09:00:00Z; a plus in the offset is sent as %2B."
            reader.fault(pointer, "not_a_moment", detail)
        elif moment > (_end_of(datetime.now(UTC).date()) if len(value) == LENGTH_OF_DATE else datetime.now(UTC)):
            reader.fault(
                pointer, "in_the_future", "What is published then is not known yet. Send a day or time that was."
            )
        return moment

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the text."""
        return {"type": "string", "pattern": f"^{_MOMENT}$", "maxLength": 40}


def moment_of(text: str) -> datetime | None:
    """The moment that a text stands for, in UTC: of a date, its last; None where it stands for none."""
    if not re.fullmatch(_MOMENT, text):
        return None
    try:
        if len(text) == LENGTH_OF_DATE:
            return _end_of(date.fromisoformat(text))
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time.max, UTC)


@dataclass(frozen=True)
class Parameter:
    """A query parameter: of a `value_type`, read as the members of a plan are; else a whole number, the slug
    of a row, or free text.

    `example` is a value that a request may have; `instead_of` names a parameter that it cannot stand beside.
    """

    name: str
    text: str
    example: str | int
    value_type: ValueType | None = None
    most: int | None = None
    length: int = 100
    slug: bool = False
    required: bool = False
    instead_of: str | None = None

    def faults_in(self, text: str, vocabulary: Callable[[], Vocabulary]) -> list[Fault]:
        """What is wrong with a text that was sent for the parameter: one fault, or none.

        The vocabulary, which a release must be read for, is asked for by slugs alone.
        """
        if self.value_type is not None:
            reader = Reader(vocabulary() if isinstance(self.value_type, Slug) else NO_SLUGS)
            self.value_type.read(text, self.name, reader)
            return reader.faults
        if self.most is not None:
            fault = Fault(self.name, "out_of_range", f"Send a whole number from 1 to {self.most}.")
            return [] if re.fullmatch("[1-9][0-9]{0,8}", text) and int(text) <= self.most else [fault]
        if self.slug:
            fault = Fault(self.name, "not_a_slug", "Send the slug of a row: lower-case words joined by hyphens.")
            return [] if len(text) <= self.length and re.fullmatch(SLUG, text) else [fault]
        fault = Fault(self.name, "wrong_length", f"Send 1 to {self.length} characters, not spaces alone.")
        return [] if len(text) <= self.length and text.strip() else [fault]

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the parameter."""
        if isinstance(self.value_type, Decimal):
            return self.value_type.text_schema()
        if self.value_type is not None:
            return self.value_type.schema()
        if self.most is not None:
            return {"type": "integer", "minimum": 1, "maximum": self.most}
        if self.slug:
            return {"type": "string", "pattern": f"^{SLUG}$", "maxLength": self.length}
        return {"type": "string", "pattern": TEXT_PATTERN, "maxLength": self.length}


Texts = Mapping[str, Sequence[str | None]]


def split_query(query: str) -> Texts:
    """What was sent for each parameter, by name, from a query as WSGI has it; None for what is no text.

    Raises:
        QueryFaults: there are too many.
    """
    pairs = [pair for pair in query.encode("latin-1").split(b"&") if pair]
    if len(pairs) > MOST_PARAMETERS:
        detail = f"Send at most {MOST_PARAMETERS} parameters."
        raise QueryFaults([Fault("?", "too_many_parameters", detail)])
    texts: dict[str, list[str | None]] = {}
    for pair in pairs:
        name, _, text = pair.partition(b"=")
        texts.setdefault(_unescaped(name) or "", []).append(_unescaped(text))
    return texts


def _unescaped(text: bytes) -> str | None:
    """What a percent-encoded text stands for; None for a broken escape, what is no UTF-8, and control characters."""
    if _BROKEN_ESCAPE.search(text):
        return None
    try:
        plain = unquote_to_bytes(text.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if CONTROL_CHARACTER.search(plain) else plain


def read_query(sent: Texts, parameters: Iterable[Parameter], vocabulary: Callable[[], Vocabulary]) -> dict[str, str]:
    """The query's values by name.

    Raises:
        QueryFaults: naming every parameter that is missing, unknown, doubled or wrong.
    """
    by_name = {parameter.name: parameter for parameter in parameters}
    faults = [
        Fault(name, "required", "Send this parameter.")
        for name, parameter in by_name.items()
        if parameter.required and name not in sent
    ]
    values = {}
    for name, texts in sent.items():
        if name not in by_name:
            sayable = pointer_to("", name)[1:] or "?"
            detail = "This parameter is not known here."
            faults.append(Fault(sayable, "unknown_parameter", detail, tuple(sorted(by_name)), nearest(name, by_name)))
        elif len(texts) > 1:
            faults.append(Fault(name, "doubled_parameter", "Send this parameter once."))
        elif texts[0] is None:
            faults.append(Fault(name, "not_a_text", "Send percent-encoded UTF-8 without control characters."))
        else:
            values[name] = texts[0]
            faults += by_name[name].faults_in(texts[0], vocabulary)
            if by_name[name].instead_of in sent:
                faults.append(Fault(name, "conflict", f"Send this or `{by_name[name].instead_of}`, not both."))
    if faults:
        raise QueryFaults(faults)
    return values
