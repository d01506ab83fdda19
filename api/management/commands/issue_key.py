"""Command: a partner and what a key is for in; out, a new key on the one line of its output, which is shown once."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from api.keyring import issue
from api.keys import SCOPES
from api.models import Partner, PartnerKey

MOST_DAYS = 36_500


class Command(BaseCommand):
    help = "Issue a key to a partner, who is added where there is none of that name. Its text is shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("partner", metavar="PARTNER", help="slug of the partner, such as clinic-apps")
        parser.add_argument("--name", default="", help="name of a new partner in plain words")
        parser.add_argument("--test", action="store_true", help="a key for tries, which starts with scl_test_")
        parser.add_argument("--scopes", default=",".join(SCOPES), help="what it is for; default %(default)s")
        end = parser.add_mutually_exclusive_group()
        end.add_argument("--expires", metavar="YYYY-MM-DD", help="last day of the key, in UTC")
        end.add_argument("--days", help="days from now until it ends")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                partner, is_new = partner_of(options["partner"], options["name"])
                key = PartnerKey(
                    partner=partner,
                    is_test=options["test"],
                    scopes=" ".join(scopes_of(options["scopes"])),
                    expires_at=end_of(options["expires"], options["days"]),
                )
                text = issue(key)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        if is_new:
            self.stderr.write(f"{partner} is a new partner.")
        ends = f"ends {key.expires_at:%Y-%m-%dT%H:%M:%SZ}" if key.expires_at else "does not end by itself"
        self.stderr.write(f"Key {key} of {partner}, for {key.scopes}, {ends}. It is shown this once, and kept nowhere:")
        self.stdout.write(text)


def partner_of(slug: str, name: str) -> tuple[Partner, bool]:
    """The partner of that name, and whether it is a new one.

    Raises:
        ValidationError: the slug is none.
        CommandError: a name is given to a partner who has one.
    """
    found = Partner.objects.filter(pk=slug).first()
    if found is not None:
        if name:
            raise CommandError(f"{slug} is there already; --name is for a new partner.")
        return found, False
    partner = Partner(slug=slug, name=name)
    partner.full_clean()
    partner.save(force_insert=True)
    return partner, True


def scopes_of(text: str) -> list[str]:
    """The scopes that a text lists, in their order.

    Raises:
        CommandError: it lists none, or one that is not known.
    """
    named = {word.strip() for word in text.split(",")}
    if not named <= {*SCOPES}:
        raise CommandError(f"--scopes must be one or more of {', '.join(SCOPES)}, with commas between.")
    return [scope for scope in SCOPES if scope in named]


def end_of(last_day: str | None, days: str | None) -> datetime | None:
    """When a key ends: with its last day, or after days; None where neither is given.

    Raises:
        CommandError: what is given is none.
    """
    if days is not None:
        if not (days.isascii() and days.isdigit() and len(days) < 9 and 1 <= int(days) <= MOST_DAYS):
            raise CommandError(f"--days must be a whole number from 1 to {MOST_DAYS}.")
        return datetime.now(UTC).replace(microsecond=0) + timedelta(days=int(days))
    if last_day is None:
        return None
    try:
        [text] = re.findall(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", last_day)
        return datetime.combine(date.fromisoformat(text), time(), UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise CommandError("--expires must be a day as YYYY-MM-DD.") from None
