"""Command: a partner and a file with limits of its own in; out, the version that is kept, and its digest."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from api.house import keep
from api.models import Partner
from api.parsers import BodyFaults, parse
from api.releases import ContentUnavailableError
from api.rules import PlanFaults


class Command(BaseCommand):
    help = (
        "Keep a partner's own limits: whatever plan comes with a key of the partner is held against them, too, within "
        "two seconds. The file has the list as a plan carries it in `house_limits`; an empty list ends it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("partner", metavar="PARTNER", help="slug of the partner, such as clinic-apps")
        parser.add_argument("file", metavar="FILE", type=Path, help="JSON file with the list")

    def handle(self, *args: Any, **options: Any) -> None:
        partner = Partner.objects.filter(pk=options["partner"]).first()
        if partner is None:
            raise CommandError("There is no such partner.")
        try:
            kept = keep(partner, parse(options["file"].read_bytes()))
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error.strerror}.") from None
        except (BodyFaults, PlanFaults) as refusal:
            told = [f"{fault.pointer or 'the file'}: {fault.detail}" for fault in refusal.faults]
            raise CommandError("\n".join(told)) from None
        except ContentUnavailableError:
            raise CommandError("Nothing is published that the limits could be held against.") from None
        self.stdout.write(f"version {kept.version}, sha256 {kept.digest}")
