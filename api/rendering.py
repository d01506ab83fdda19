"""A body in; out, the JSON that every answer is sent as. Problems alone are written by `api.errors`."""

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.renderers import JSONRenderer


def as_json(body: Any) -> bytes:
    """A body as JSON, its members in the order in which they are."""
    return orjson.dumps(body)


class Json(JSONRenderer):
    """What DRF sends a body by."""

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return as_json(data)
