"""Value types for texts that a client chooses: the slug and the label of a limit of its own."""

import re
from dataclasses import dataclass
from typing import Any

from api.rules.reading import LONGEST_NAME, Reader
from api.rules.value_types import SLUG_PATTERN, AsItIs, text_of

CONTROL_CHARACTERS = r"\u0000-\u001f\u007f-\u009f"  # as every dialect of patterns has them
# Something that can be read, and no control character.
TEXT_PATTERN = rf"^[^{CONTROL_CHARACTERS}]*[^\s{CONTROL_CHARACTERS}][^{CONTROL_CHARACTERS}]*$"


@dataclass(frozen=True)
class OwnSlug(AsItIs):
    """A slug that a client chooses: lower-case words joined by hyphens."""

    def read(self, value: Any, pointer: str, reader: Reader) -> str | None:
        text = text_of(value, pointer, reader)
        if text is None or (len(text) <= LONGEST_NAME and re.fullmatch(SLUG_PATTERN[1:-1], text)):
            return text
        detail = f"Send lower-case words joined by hyphens, {LONGEST_NAME} characters at most."
        reader.fault(pointer, "not_a_slug", detail)
        return None

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": SLUG_PATTERN, "maxLength": LONGEST_NAME}


@dataclass(frozen=True)
class OwnText(AsItIs):
    """Words that a client chooses, in one line."""

    most: int

    def read(self, value: Any, pointer: str, reader: Reader) -> str | None:
        text = text_of(value, pointer, reader)
        if text is None or (len(text) <= self.most and re.fullmatch(TEXT_PATTERN[1:-1], text) and _is_utf_8(text)):
            return text
        detail = f"Send a text without control characters, {self.most} characters at most."
        reader.fault(pointer, "not_a_text", detail)
        return None

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": TEXT_PATTERN, "minLength": 1, "maxLength": self.most}


def _is_utf_8(text: str) -> bool:
    """Whether a text can be written as UTF-8; one with half a surrogate pair, which JSON lets through, cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
