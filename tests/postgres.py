"""Options of the tests. `--postgres`: on a real PostgreSQL, from DATABASE_URL where set, else from pip."""

import os
import tempfile
from collections.abc import Callable, Generator

import pytest

from tests.real_postgres import Postgres


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--postgres", action="store_true", help="run on PostgreSQL instead of SQLite")
    parser.addoption("--approve", action="store_true", help="rewrite the answers in api/examples")
    parser.addoption("--database", metavar="FILE", help="keep the SQLite test database in a file, for many short runs")


def started(finalizers: Callable[[Callable[[], None]], object]) -> str:
    """The URL of a new PostgreSQL, whose end is left to the finalizers."""
    folder = tempfile.TemporaryDirectory(prefix="sclero-postgres-")
    server = Postgres(folder.name)
    finalizers(folder.cleanup)
    finalizers(server.end)
    return server.uri


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    """Name the database before Django reads its settings."""
    if not early_config.known_args_namespace.postgres:
        os.environ.pop("DATABASE_URL", None)
    elif not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        os.environ["DATABASE_URL"] = started(early_config.add_cleanup)
    return (yield)


def pytest_configure(config: pytest.Config) -> None:
    """With `--database`, the content is loaded and published by the first run, and found there by the next ones."""
    file = config.getoption("--database")
    if file:
        from django.db import connections

        connections.settings["default"]["TEST"]["NAME"] = file
        config.option.reuse_db = True
