"""The only writer of tables and releases: fixtures in by `load_content`, fixtures and a release out."""

from api.publishing.dump import changed_files, dump_content
from api.publishing.freeze import publish, render
from api.publishing.load import StrictLoader, load_content
from api.publishing.refused import RefusedError

__all__ = ["RefusedError", "StrictLoader", "changed_files", "dump_content", "load_content", "publish", "render"]
