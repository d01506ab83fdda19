"""Examples: the id of an operation in; out, the requests and answers that `api/examples` has of it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

PINS = ("?release=", "&release=", "as_of=", '"to_release"')
EXAMPLES: Path = settings.BASE_DIR / "api" / "examples"


def examples(operation_id: str = "*") -> Iterator[tuple[str, dict[str, Any]]]:
    """The name of each example of an operation, or of all, with its request and response.

    Those that send less come first, since a reader takes them in at once, and those that name a release last, since it
    may not be there; then they come by name.
    """
    found = [
        (path.name.split(".")[1], json.loads(path.read_text("utf-8")))
        for path in sorted(EXAMPLES.glob(f"{operation_id}.*.json"))
    ]
    yield from sorted(found, key=lambda each: _how_telling(each[1]["request"]))


def _how_telling(request: Mapping[str, Any]) -> tuple[bool, int]:
    """What is less for a request that tells more."""
    sent = json.dumps([request["path"], request.get("body")])
    return any(pin in sent for pin in PINS), len(json.dumps(request.get("body")))


def segment_of(operation_id: str, path: str, name: str) -> str | int | None:
    """What stands for a parameter of the path in the first example that was found; None where the path has none."""
    if f"{{{name}}}" not in path:
        return None
    place = path.split("/").index(f"{{{name}}}")
    found = next(each["request"]["path"] for _, each in examples(operation_id) if each["response"]["status"] == 200)
    segment = found.partition("?")[0].split("/")[place]
    return int(segment) if segment.isdigit() else segment
