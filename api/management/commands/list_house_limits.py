"""Command: a partner in; out, a line for each version of its own limits, or of one version, the list."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from api.models import HouseLimits


class Command(BaseCommand):
    help = "List the versions of a partner's own limits, the newest last; or write the list of one version."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("partner", metavar="PARTNER", help="slug of the partner")
        parser.add_argument("--number", type=int, metavar="N", help="the version whose list is written, as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        found = HouseLimits.objects.filter(partner=options["partner"])
        if options["number"] is not None:
            row = found.filter(version=options["number"]).first()
            if row is None:
                raise CommandError("There is no such version.")
            self.stdout.write(row.limits)
            return
        for row in found:
            who = row.who or "a command"
            self.stdout.write(f"version {row.version}, {row.saved_at:%Y-%m-%dT%H:%MZ}, by {who}, sha256 {row.digest}")
