"""A clinic's own limits to start from, as plain functions."""

from typing import Any

from api.house import keep
from api.models import HouseLimits, Partner
from tests.plans import without


def own(**changes: Any) -> dict[str, Any]:
    """At most 6 mL in a session, of anything."""
    base = {
        "slug": "our-session-maximum",
        "label": "Our most in a session",
        "rule": "session-volume",
        "comparator": "<=",
        "value": "6",
        "unit": "mL",
        "severity": "error",
    }
    return without(base | changes)


def kept_for(partner: str, *limits: dict[str, Any]) -> HouseLimits:
    """A version of a list that is kept for a partner."""
    owner, _ = Partner.objects.get_or_create(slug=partner)
    return keep(owner, list(limits))
