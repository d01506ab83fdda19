"""Command: a release in; files that nginx or a CDN serves out."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from api.management.files import NotForFilesError, export
from api.releases import ContentUnavailableError, ReleaseNotFoundError


class Command(BaseCommand):
    help = "Write a release as files, compressed ones beside them, with their headers, for nginx or a CDN."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="where to; it must not be there yet")
        parser.add_argument("--number", type=int, help="which release; default the newest")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            export(options["folder"].resolve(), options["number"], self.stdout.write)
        except ReleaseNotFoundError:
            raise CommandError(f"There is no release {options['number']}.") from None
        except ContentUnavailableError:
            raise CommandError("Nothing is published, or it cannot be read.") from None
        except NotForFilesError as refused:
            raise CommandError(str(refused)) from None
