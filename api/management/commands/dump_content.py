"""Command: the content tables in, the files of `fixtures/` out, or which of them are not as the tables are."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from api.publishing import RefusedError, changed_files, dump_content


class Command(BaseCommand):
    help = "Write the content tables to YAML files, as `load_content` reads them, so that git has what the tables have."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, default=settings.FIXTURES, help="default: fixtures/")
        parser.add_argument("--check", action="store_true", help="write nothing; fail where a file would change")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        if not folder.is_dir():
            raise CommandError(f"{folder}: is no folder")
        try:
            if not options["check"]:
                changed = dump_content(folder, self.stdout.write)
                self.stdout.write(f"{len(changed)} of the files changed")
                return
            differing = changed_files(folder)
        except RefusedError as refused:
            raise CommandError(str(refused)) from refused
        if differing:
            raise CommandError(f"not as the tables are: {', '.join(differing)}")
