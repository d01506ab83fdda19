"""A database in, empty or not there yet; out, the same with two releases of the packaged content, for commands to ask.

The newer one is the packaged content; the older has a lower volume of a session in the clinic. They are frozen without
being proved, which takes a third of the time: publishing is what other tests are for.

    DATABASE_URL=sqlite:////tmp/db.sqlite3 python -m tests.released   # --small: those of the specimen
"""

import argparse
import json
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests import postgres
from tests.commands import python

FORMER, LATTER = 1, 2


def released(url: str, *options: str) -> str:
    """The URL itself, once its database has the releases. One that has some is left as it is.

    Raises:
        AssertionError: it cannot be filled.
    """
    run = python("-m", "tests.released", *options, DATABASE_URL=url)
    assert run.returncode == 0, run.stderr
    return url


def url_of(file: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite:///{file.resolve()}"


def options(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The parser, with the options that say which database is asked."""
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL from pip instead of SQLite")
    parser.add_argument("--database", type=Path, help="keep the SQLite database in this file, for the next run")
    return parser


@contextmanager
def asked_for(chosen: argparse.Namespace) -> Iterator[str]:
    """The URL of the database that the options name, with its releases; one that is not kept is gone in the end."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        here = chosen.database or folder / "db.sqlite3"
        yield released(postgres.started(stack.callback) if chosen.postgres else url_of(here))


def processes(url: str, begin: Callable[[], None], most: int | None = None) -> ProcessPoolExecutor:
    """Processes of their own, one for each core or as many as said, whose database is the one at the URL."""
    os.environ["DATABASE_URL"] = url
    return ProcessPoolExecutor(most, mp_context=multiprocessing.get_context("spawn"), initializer=begin)


def main() -> None:
    """Fill the database that `DATABASE_URL` names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="with the small content of the specimen")
    is_small = parser.parse_args().small
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sclero_service.settings")
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from api.models import Release
    from api.publishing import load_content, render
    from tests.conftest import SPECIMEN, freeze

    call_command("migrate", verbosity=0)
    if Release.objects.exists():
        return
    if is_small:
        content = json.loads(SPECIMEN.read_text("utf-8"))
    else:
        load_content(settings.FIXTURES)
        content = render()
    lower = [
        {**limit, "value": "8"} if limit["slug"] == "clinic-session-volume-max" else limit
        for limit in content["session-limits"]
    ]
    freeze(FORMER, "The clinic's limit is 8 mL", {**content, "session-limits": lower})
    freeze(LATTER, "The packaged content", content)


if __name__ == "__main__":
    main()
