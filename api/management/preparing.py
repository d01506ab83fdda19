"""A database in, whatever it holds; out, the same with every table and a release, made by one process at a time."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, Error, connection
from django.db.migrations.executor import MigrationExecutor

from api.models import Release
from api.publishing import load_content, publish
from api.releases import ContentUnavailableError, current

Progress = Callable[[str], None]
LOCK = 0x5C1E20  # the advisory lock in PostgreSQL; any number that others do not take


def prepare(progress: Progress) -> None:
    """Migrate the database where that is needed; where nothing is published, publish the packaged content.

    Raises:
        CommandError: it lacks something and cannot be written.
    """
    with alone():
        if unapplied():
            progress("Migrating the database")
            with needing("migrations"):
                call_command("migrate", verbosity=0)
        if newest() is None:
            progress("Loading the packaged content")
            with needing("a release"):
                load_content(settings.FIXTURES, lambda line: progress(f"  {line}"))
                progress("Publishing it")
                publish("The packaged content", lambda line: progress(f"  {line}"))
        else:
            progress(f"Release {newest()} is published")
            warn_of_rules_that_cannot_be_read(progress)


def unapplied() -> list[str]:
    """The names of the migrations that the database lacks."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def newest() -> int | None:
    """The number of the newest release, or None."""
    return Release.objects.order_by("number").values_list("number", flat=True).last()


def warn_of_rules_that_cannot_be_read(progress: Progress) -> None:
    """Tell where the rules of the newest release cannot be read, because an older version published them."""
    try:
        _ = current().book
    except ContentUnavailableError:
        progress("Its rules are not as this version reads them: plans get a 503 until `manage.py load_content` and")
        progress("`manage.py publish` have made a new release.")


def in_a_line(error: Error) -> str:
    """What the database says."""
    return " ".join(str(error).split())


@contextmanager
def needing(what: str) -> Iterator[None]:
    """Where the database does not take what is written within, a line that says what it needs.

    Raises:
        CommandError: it does not.
    """
    try:
        yield
    except DatabaseError as error:
        raise CommandError(
            f"DATABASE_URL: the database lacks {what} and cannot be written ({in_a_line(error)}). "
            "Run `manage.py up` once where it can be written."
        ) from error


@contextmanager
def alone() -> Iterator[None]:
    """Nobody else who prepares the same database: whoever comes second waits, and finds it prepared."""
    if connection.vendor == "postgresql":
        own = connection.copy()
        try:
            with own.cursor() as cursor:
                cursor.execute("SET lock_timeout = 0")
                cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            yield
        finally:
            own.close()
        return
    name = str(connection.settings_dict["NAME"])
    if name.startswith("file:"):  # it cannot be written, so that there is nothing to wait for
        yield
        return
    folder = os.open(Path(name).parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
