"""Partner keys to start from, as plain functions."""

from typing import Any

from api import keys
from api.models import Partner, PartnerKey


def whole(is_test: bool, rest: str) -> str:
    """The key whose id and secret are these, with its checksum."""
    text = f"{keys.PREFIXES[is_test]}{rest}"
    return text + keys.checksum(text)


# Texts of the shape of a key, which no service has.
SAMPLE = whole(True, "SampleKey1NotAKeyThatAnyServiceWillAccept0")
READER = whole(False, "SampleKey2NotAKeyThatAnyServiceWillAccept0")
UNKNOWN = whole(False, "SampleKey3NotAKeyThatAnyServiceWillAccept0")


def stored(text: str, partner: str = "clinic-apps", **columns: Any) -> PartnerKey:
    """The row of a key, for all scopes where none are told."""
    owner, _ = Partner.objects.get_or_create(slug=partner)
    of_text = {"id": keys.id_of(text), "digest": keys.digest_of(text), "is_test": text.startswith("scl_test_")}
    return PartnerKey.objects.create(partner=owner, **{**of_text, "scopes": "content validate", **columns})


def bearer(text: str) -> dict[str, Any]:
    """The header with which a client of Django's tests sends a key."""
    return {"HTTP_AUTHORIZATION": f"Bearer {text}"}
