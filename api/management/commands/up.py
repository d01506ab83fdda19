"""Command: migrate, publish the packaged content where there is no release, and serve."""

import os
import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from api.models import Release
from api.publishing import load_content, publish
from api.releases import ContentUnavailableError, current

GREETING = """
Serving on {url}

  {url}/        what this is
  {url}/docs    the API to read and try
  {url}/v1      the API

A plan that breaks a limit, and one that keeps them:

curl -s {url}/v1/session-plans/validate -H 'Content-Type: application/json' -d '{failing}'

curl -s {url}/v1/session-plans/validate -H 'Content-Type: application/json' -d '{passing}'

Stop with Ctrl-C.
"""
FAILING = '{"sessions":[{"treatments":[{"area":"leg","amount":{"value":"12","unit":"cc"}}]}]}'
PASSING = (
    '{"rule_sets":["clinic"],"provider":{"eligibility_confirmed":true},'
    '"sessions":[{"treatments":[{"area":"leg","amount":{"value":"8","unit":"cc"}}]}]}'
)


class Command(BaseCommand):
    help = "Migrate, load and publish the packaged content when there is none, and serve."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on")

    def handle(self, *args: Any, **options: Any) -> None:
        prepare(self._progress)
        host, port = options["host"], options["port"]
        shown = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::", "::1") else host  # noqa: S104 - only compared
        self.stdout.write(GREETING.format(url=f"http://{shown}:{port}", failing=FAILING, passing=PASSING))
        serve(host, port)

    def _progress(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def prepare(progress: Callable[[str], None]) -> None:
    """Migrate the database; where nothing is published, load the packaged content and publish it."""
    progress("Migrating the database")
    call_command("migrate", verbosity=0)
    newest = Release.objects.order_by("number").values_list("number", flat=True).last()
    if newest is None:
        progress("Loading the packaged content")
        load_content(settings.FIXTURES, lambda line: progress(f"  {line}"))
        progress("Publishing it")
        publish("The packaged content", lambda line: progress(f"  {line}"))
    else:
        progress(f"Release {newest} is published")
        warn_of_rules_that_cannot_be_read(progress)


def warn_of_rules_that_cannot_be_read(progress: Callable[[str], None]) -> None:
    """Tell where the rules of the newest release cannot be read, because an older version published them."""
    try:
        _ = current().book
    except ContentUnavailableError:
        progress("Its rules are not as this version reads them: plans get a 503 until `manage.py load_content` and")
        progress("`manage.py publish` have made a new release.")


def serve(host: str, port: int) -> None:
    """Become the WSGI server: it takes over this process, and with it Ctrl-C and SIGTERM."""
    connections.close_all()
    sys.stdout.flush()
    options = ["--interface", "wsgi", "--host", host, "--port", str(port), "--blocking-threads", "16", "--no-ws"]
    command = [sys.executable, "-m", "granian", *options, "sclero_service.wsgi:application"]
    os.execv(sys.executable, command)  # noqa: S606 - the arguments are our own, the program is the Python that runs us
