"""Command: the public id of a key in, the key revoked."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from api import keys
from api.keyring import revoke
from api.models import PartnerKey


class Command(BaseCommand):
    help = "Revoke a key. Every process refuses it within two seconds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "id", metavar="ID", help="public id of the key, as list_keys shows it; or a key that leaked"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        given = options["id"]
        key = PartnerKey.objects.filter(pk=keys.id_of(given) if keys.is_whole(given) else given).first()
        if key is None:
            raise CommandError("There is no key with this id; `manage.py list_keys` lists them.")
        done = "is revoked" if revoke(key) else "was revoked before"
        self.stdout.write(f"Key {key} of {key.partner_id} {done}.")
