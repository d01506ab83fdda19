"""A partner's own limits, as they are kept: a list in, the next version of it out; and a version under a release, read.

This is the only writer of that table. What is kept reaches a request with its caller, who is read by `api.keyring`.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import rfc8785
from django.db import transaction
from django.db.models import Max
from rest_framework.exceptions import APIException

from api import releases
from api.keys import KeptLimits
from api.models import HouseLimits, Partner
from api.releases import FrozenRelease
from api.rules import PlanFaults
from api.rules.book import Known
from api.rules.house import fitted
from api.rules.plan import HOUSE_LIMITS, HouseLimit
from api.rules.reading import Fault, Reader, Vocabulary
from api.rules.rows import Limit

WHERE = "/v1/whoami#/house_limits/items"  # where a limit that is kept is shown to whom it is kept for
MOST_READ = 500


class HouseLimitsUnfitError(APIException):
    """Raised where what is kept for a partner does not fit the release that is asked for; `faults` says how."""

    status_code = 409
    default_code = "house_limits_unfit"

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("The house limits that are kept do not fit the release.")
        self.faults = faults


def canonical(document: Any) -> bytes:
    """A list as it is kept: as its members are read, in canonical JSON (RFC 8785).

    Raises:
        PlanFaults: it is no list of house limits, or does not fit the newest release.
        ContentUnavailableError: there is no release to hold it against.
    """
    book = releases.current().book
    limits = _read(document, book.vocabulary)
    fitted(limits, book, WHERE)
    return rfc8785.dumps(HOUSE_LIMITS.write(limits))


def keep(partner: Partner, document: Any, who: str = "") -> HouseLimits:
    """Keep a list for a partner, as its next version; `who` is the account that does it, if it is one.

    Raises:
        PlanFaults, ContentUnavailableError: as `canonical` says.
    """
    text = canonical(document)
    with transaction.atomic():
        Partner.objects.select_for_update().get(pk=partner.pk)  # one version after the other
        last = HouseLimits.objects.filter(partner=partner).aggregate(last=Max("version"))["last"]
        row = HouseLimits(
            partner=partner,
            version=(last or 0) + 1,
            limits=text.decode(),
            digest=hashlib.sha256(text).hexdigest(),
            who=who,
        )
        row.full_clean()
        row.save()
    return row


def _read(document: Any, vocabulary: Vocabulary) -> tuple[HouseLimit, ...]:
    """The house limits that a document lists.

    Raises:
        PlanFaults: it is no such list; pointers are as in a plan that has it.
    """
    reader = Reader(vocabulary)
    limits: tuple[HouseLimit, ...] | None = HOUSE_LIMITS.read(document, "/house_limits", reader)
    if reader.faults or limits is None:
        raise PlanFaults(reader.faults)
    return limits


_known = Known(MOST_READ)  # by the digests of a version and a release, neither of which ever changes


def kept_under(kept: KeptLimits | None, release: FrozenRelease) -> Sequence[Limit]:
    """The limits that are kept for a caller, as a release holds them; none where nothing is kept.

    Raises:
        HouseLimitsUnfitError: they name what the release does not have.
    """
    if kept is None:
        return ()
    key = kept.digest, release.digest
    found: tuple[Limit, ...] | None = _known.get(key)
    if found is None:
        try:
            found = _known[key] = fitted(
                _read(kept.items(), release.book.vocabulary), release.book, WHERE, are_new=False
            )
        except PlanFaults as refusal:
            raise HouseLimitsUnfitError(refusal.faults) from None
    return found
