"""Command: the content tables and a note in, the next release out."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from api.models.releases import KINDS
from api.publishing import RefusedError, publish


class Command(BaseCommand):
    help = "Check every row and freeze the content tables into the next release."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--note", required=True, help="why it is published")
        parser.add_argument("--kind", choices=KINDS, default=KINDS[0], help="what sort of change it is")
        parser.add_argument(
            "--loosens",
            action="append",
            default=[],
            metavar="ROW",
            help="a limit or rule that is meant to tell less than in the newest release, such as "
            "session-limits/face-excluded; once for each",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            publish(options["note"], self.stdout.write, options["loosens"], options["kind"])
        except RefusedError as refused:
            raise CommandError(str(refused)) from refused
