"""The only writer of tables and releases: fixtures in by `load_content`, a release out by `publish`."""

from api.publishing.freeze import publish, render
from api.publishing.load import StrictLoader, load_content
from api.publishing.refused import RefusedError

__all__ = ["RefusedError", "StrictLoader", "load_content", "publish", "render"]
