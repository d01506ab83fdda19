"""Command: messages of an agent's host on stdin in; the answers of the API, as tools of an MCP server, on stdout."""

from contextlib import suppress
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from api import releases
from api.management.agents import LOCK
from api.management.agents.calls import call
from api.management.agents.tools import Contract
from api.management.asking import asking
from api.pages.contract import document
from api.releases import ContentUnavailableError


class Command(BaseCommand):
    help = "Serve the operations of the API to an agent, as tools by the Model Context Protocol over stdin and stdout."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            from api.management.agents.server import serve
        except ModuleNotFoundError as missing:
            if (missing.name or "").partition(".")[0] not in ("mcp", "anyio"):
                raise
            raise CommandError(f"The SDK of MCP is not installed. Run: pip install -r {LOCK}") from None
        try:
            releases.current()
        except ContentUnavailableError:
            raise CommandError("Nothing is published, or it cannot be read. Run: manage.py up") from None
        with asking() as ask, suppress(KeyboardInterrupt):
            serve(Contract(document()), partial(call, ask))
