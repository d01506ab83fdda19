"""Command: fixtures in, filled content tables out."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from api.publishing import RefusedError, load_content


class Command(BaseCommand):
    help = "Empty the content tables and load the fixtures, all or nothing. Nothing is shown before `publish`."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, default=settings.FIXTURES, help="default: fixtures/")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            load_content(options["folder"], self.stdout.write)
        except RefusedError as refused:
            raise CommandError(str(refused)) from refused
