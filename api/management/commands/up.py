"""Command: migrate, publish the packaged content where there is no release, and serve."""

import signal
import socket
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from api.management.exporting import measured
from api.management.preparing import prepare
from api.management.serving import answers, reason_of, serve, take_port

GREETING = """
Serving on {url}

  {url}/        what this is
  {url}/docs    the API to read; {url}/try to try it
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
# By what is listened on, the names under which this machine reaches it, the best first.
REACHED_BY = {
    **dict.fromkeys(("localhost", "127.0.0.1", "0.0.0.0"), ("localhost", "127.0.0.1")),  # noqa: S104 # nosec B104 - only compared
    "[::1]": ("[::1]", "localhost"),
    "[::]": ("localhost", "127.0.0.1", "[::1]"),
}
MOST_WORKERS = 64


class Command(BaseCommand):
    help = "Migrate, load and publish the packaged content when there is none, and serve."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address or name to listen on")
        parser.add_argument("--port", default="8000", help="port to listen on")
        parser.add_argument("--workers", default="1", help="processes that answer; each uses one core")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take the port, prepare the database, and serve until SIGINT or SIGTERM, which end it well at any time."""
        workers = whole("--workers", options["workers"], MOST_WORKERS)
        host, port = options["host"], whole("--port", options["port"], 65535)
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.default_int_handler)
        try:
            with listening(host, port) as listener, measured() as export:
                prepare(self._tell)
                connections.close_all()
                serve(listener, workers, lambda: self._served(listener, host, export))
        except KeyboardInterrupt:
            self._tell("Stopped")

    def _served(self, listener: socket.socket, host: str, export: Callable[[], None]) -> None:
        """Let the metrics be asked for, and say where it is served, as soon as it is."""
        export()
        url = url_of(host, listener.getsockname()[1])
        if answers(listener, url.partition("://")[2]):
            self._tell(GREETING.format(url=url, failing=FAILING, passing=PASSING))

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def whole(name: str, text: str, most: int) -> int:
    """The number that an option gives.

    Raises:
        CommandError: it is none from 1 to the most.
    """
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
        raise CommandError(f"{name} must be a whole number from 1 to {most}.")
    return int(text)


def listening(host: str, port: int) -> socket.socket:
    """The socket that listens there.

    Raises:
        CommandError: nothing can listen there.
    """
    try:
        return take_port(host.strip("[]"), port)
    except OSError as error:
        raise CommandError(f"Cannot listen on --host {host} --port {port}: {reason_of(error)}.") from None


def url_of(host: str, port: int) -> str:
    """The URL for a client: by the host listened on where ALLOWED_HOSTS admits it, else by one that it admits."""
    named = f"[{host}]" if ":" in host and "[" not in host else host
    admitted = [name for name in REACHED_BY.get(named, (named,)) if name in settings.ALLOWED_HOSTS]
    if admitted:
        return f"http://{admitted[0]}:{port}"
    behind_proxy = settings.SECURE_PROXY_SSL_HEADER is not None
    return f"https://{settings.ALLOWED_HOSTS[0]}" if behind_proxy else f"http://{settings.ALLOWED_HOSTS[0]}:{port}"
