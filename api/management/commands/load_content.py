"""Command: fixtures in, filled content tables out."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from api.publishing import RefusedError, load_content


class Command(BaseCommand):
    help = "Empty the content tables and load the fixtures, all or nothing. Nothing is shown before `publish`."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            load_content(settings.FIXTURES, self.stdout.write)
        except RefusedError as refused:
            raise CommandError(str(refused)) from refused
