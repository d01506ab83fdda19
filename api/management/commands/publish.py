"""Command: the content tables and a note in, the next release out."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from api.publishing import RefusedError, publish


class Command(BaseCommand):
    help = "Check every row and freeze the content tables into the next release."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--note", required=True, help="why it is published")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            publish(options["note"], self.stdout.write)
        except RefusedError as refused:
            raise CommandError(str(refused)) from refused
