"""Strict JSON and strict queries in."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from django.http import QueryDict
from rest_framework.exceptions import APIException, UnsupportedMediaType
from rest_framework.parsers import BaseParser

from api.rules.kinds import Decimal
from api.rules.numbers import DECIMAL_PATTERN
from api.rules.reading import Fault, JsonNumber, Members, NotANumber, Reader, Words, nearest, under

DEEPEST = 32


class BodyFaults(APIException):
    """A body that is not strict JSON; `faults` says where."""

    status_code = 400
    default_code = "invalid_json"

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("The body is not strict JSON.")
        self.faults = faults


class BodyTooLarge(APIException):
    status_code = 413
    default_code = "body_too_large"


class LengthRequired(APIException):
    status_code = 411
    default_code = "length_required"


class StrictJSONParser(BaseParser):
    """JSON as RFC 8259 has it, and no more: numbers keep their source text, doubled members are remembered."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The document, its numbers as `JsonNumber`.

        Raises:
            BodyFaults: not JSON, or nested too deep.
        """
        context = parser_context or {}
        request, most_bytes = context["request"], context["view"].most_bytes
        refuse_encodings(request.META, media_type or "")
        return parse(read_body(request.META, stream, most_bytes))


def refuse_encodings(meta: Mapping[str, Any], media_type: str) -> None:
    """Raise for a body that is compressed or not UTF-8."""
    if meta.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        raise UnsupportedMediaType(media_type)
    parameters = [part.strip().lower() for part in media_type.split(";")[1:]]
    if any(part.startswith("charset=") and part[8:].strip('"') != "utf-8" for part in parameters):
        raise UnsupportedMediaType(media_type)


def refuse_no_body(meta: Mapping[str, Any]) -> None:
    """Raise for a body that DRF would take for `{}`: one in chunks, or none."""
    if not meta.get("CONTENT_LENGTH"):
        raise LengthRequired
    if meta["CONTENT_LENGTH"] == "0":
        raise BodyFaults([Fault("", "invalid_json", "The body is empty.")])


def read_body(meta: Mapping[str, Any], stream: IO[bytes], most_bytes: int) -> bytes:
    """The body, never more than is allowed."""
    if int(meta["CONTENT_LENGTH"]) > most_bytes:
        raise BodyTooLarge
    return stream.read()


def parse(body: bytes) -> Any:
    """A document from bytes; see `StrictJSONParser`."""
    try:
        document = json.loads(
            body.decode("utf-8"),
            parse_float=JsonNumber,
            parse_int=JsonNumber,
            parse_constant=lambda _: NotANumber(),
            object_pairs_hook=Members,
        )
    except UnicodeDecodeError:
        raise BodyFaults([Fault("", "invalid_json", "The body is not UTF-8.")]) from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise BodyFaults([Fault("", "invalid_json", f"The body is not JSON: see {place}.")]) from None
    except RecursionError:
        raise BodyFaults([_too_deep("")]) from None
    deep = _too_deep_at(document)
    if deep is not None:
        raise BodyFaults([_too_deep(deep)])
    return document


def _too_deep_at(document: Any) -> str | None:
    """The pointer to the first value that is nested too deep, or None."""
    level: list[tuple[str, Any]] = [("", document)]
    for _ in range(DEEPEST):
        level = [
            (under(pointer, str(name)), entry)
            for pointer, node in level
            if isinstance(node, dict | list)
            for name, entry in (node.items() if isinstance(node, dict) else enumerate(node))
        ]
    return next((pointer for pointer, node in level if isinstance(node, dict | list)), None)


def _too_deep(pointer: str) -> Fault:
    return Fault(pointer, "too_deep", f"Nest objects and lists at most {DEEPEST} deep.")


class QueryFaults(APIException):
    """Query parameters that are unknown, doubled, or not what they may be; a fault's pointer is the parameter."""

    status_code = 400
    default_code = "invalid_query"

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("The query cannot be read.")
        self.faults = faults


Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Parameter:
    """A query parameter: a number, a word of a list that may depend on the release, or free text."""

    name: str
    text: str
    words: Callable[[Rows], Iterable[str | None]] | None = None
    closed: tuple[str, ...] = ()
    most: int | None = None
    length: int = 100
    decimal: Decimal | None = None

    def read(self, text: str, content: Rows, faults: list[Fault]) -> str:
        """The text itself; a fault where it cannot be right."""
        allowed = tuple(sorted({word for word in self.words(content) if word})) if self.words else self.closed
        if allowed:
            if text not in allowed:
                detail = "Not one of the allowed values."
                near = nearest(text, allowed) if self.closed else None  # nothing is guessed of what content names
                faults.append(Fault(self.name, "not_a_choice", detail, allowed, near))
        elif self.most is not None:
            if not re.fullmatch("[1-9][0-9]{0,8}", text) or int(text) > self.most:
                faults.append(Fault(self.name, "out_of_range", f"Send a whole number from 1 to {self.most}."))
        elif self.decimal is not None:
            reader = Reader(Words({}, {}))
            self.decimal.read(text, self.name, reader)
            faults += reader.faults
        elif not 1 <= len(text) <= self.length:
            faults.append(Fault(self.name, "wrong_length", f"Send 1 to {self.length} characters."))
        return text

    def schema(self) -> dict[str, Any]:
        """What OpenAPI says of the values."""
        if self.most is not None:
            return {"type": "integer", "minimum": 1, "maximum": self.most}
        if self.closed:
            return {"type": "string", "enum": list(self.closed)}
        if self.decimal is not None:
            return {"type": "string", "pattern": f"^{DECIMAL_PATTERN}$"}
        return {"type": "string", "minLength": 1, "maxLength": self.length}


def read_query(query: QueryDict, parameters: Iterable[Parameter], content: Rows) -> dict[str, str]:
    """The query's values by name.

    Raises:
        QueryFaults: naming every parameter that is unknown, doubled or wrong.
    """
    known = {parameter.name: parameter for parameter in parameters}
    faults: list[Fault] = []
    values = {}
    for name, texts in query.lists():
        if name not in known:
            sayable = under("", name)[1:] or "?"
            allowed = tuple(sorted(known))
            faults.append(
                Fault(sayable, "unknown_parameter", "This parameter is not known here.", allowed, nearest(name, known))
            )
        elif len(texts) > 1:
            faults.append(Fault(name, "doubled_parameter", "Send this parameter once."))
        else:
            values[name] = known[name].read(texts[0], content, faults)
    if faults:
        raise QueryFaults(faults)
    return values
