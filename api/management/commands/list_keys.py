"""Command: a partner in, or none; out, a line for each key, with nothing of it that is secret."""

from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from api.models import Partner, PartnerKey

HEADINGS = ("id", "partner", "kind", "scopes", "state", "issued", "expires", "last used")


class Command(BaseCommand):
    help = "List keys: whose, what for, live, expired or revoked, and the day of the last use."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--partner", help="slug of the partner; default all")

    def handle(self, *args: Any, **options: Any) -> None:
        found = PartnerKey.objects.order_by("partner", "created_at", "id")
        if options["partner"] is not None:
            if not Partner.objects.filter(pk=options["partner"]).exists():
                raise CommandError("There is no such partner.")
            found = found.filter(partner=options["partner"])
        now = timezone.now()
        table = [HEADINGS, *(row(key, now) for key in found)]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        for line in table:
            self.stdout.write("  ".join(map(str.ljust, line, widths)).rstrip())


def row(key: PartnerKey, now: datetime) -> tuple[str, ...]:
    """What is shown of a key."""
    kind = "test" if key.is_test else "live"
    ends = f"{key.expires_at:%Y-%m-%dT%H:%MZ}" if key.expires_at else "-"
    told = (key.id, key.partner_id, kind, key.scopes.replace(" ", ","), key.state(now))
    return *told, day(key.created_at), ends, day(key.last_used_on)


def day(moment: date | None) -> str:
    """The day of a moment, or a dash."""
    return f"{moment:%Y-%m-%d}" if moment else "-"
