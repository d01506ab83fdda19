"""Plans to start from, as plain functions."""

import copy
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.test import Client

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

VALIDATE = "/v1/session-plans/validate"
# A plan with every member; that two of them conflict does not matter where each is replaced by something else.
FULL: dict[str, Any] = {
    "jurisdiction": "GB",
    "rule_sets": ["label"],
    "patient": {
        "age_years": 42,
        "weight_kg": "66",
        "conditions": ["pregnancy"],
        "allergies": ["polidocanol"],
        "medications": ["anticoagulant"],
        "other_conditions": ["heart"],
        "other_allergies": ["latex"],
        "sex": "female",
        "ankle_brachial_index": "1",
        "days_since_delivery": 100,
        "breastfeeding_pause_hours": 48,
        "thermal_ablation_unsuitable": True,
    },
    "provider": {"eligibility_confirmed": True, "emergency_equipment_on_site": True},
    "previous_sessions": [{"date": "2026-10-10", "areas": ["calf"], "products": ["asclera"], "sides": ["left"]}],
    "sessions": [
        {
            "date": "2026-11-22",
            "observation_minutes": 20,
            "compression_days": 3,
            "activity_pause_days": 3,
            "same_day_procedures": ["phlebectomy"],
            "treatments": [
                {
                    "area": "calf",
                    "amount": {"value": "3", "unit": "mL"},
                    "vein_type": "telangiectasia",
                    "vein_diameter_mm": "0.7",
                    "product": "asclera",
                    "concentration_percent": "0.5",
                    "form": "foam",
                    "foam": {"gas": "room-air", "ratio": "4"},
                    "side": "left",
                    "vein": "perforator",
                    "injection_count": 20,
                    "injections": [{"count": 20, "volume_ml": "0.15"}],
                    "containers": {"volume_ml": "2", "count": 2},
                    "first_exposure": True,
                    "test_dose": {"volume_ml": "0.1", "observation_minutes": 30},
                }
            ],
        }
    ],
    "house_limits": [
        {
            "slug": "our-session-maximum",
            "label": "Our most in a session",
            "rule": "session-volume",
            "comparator": "<=",
            "value": "6",
            "unit": "mL",
            "severity": "warning",
            "jurisdiction": "GB",
            "product": "asclera",
            "sclerosant": "polidocanol",
            "concentration_percent": "0.5",
            "form": "foam",
            "vein_type": "telangiectasia",
            "vein": "perforator",
            "area": "calf",
            "first_exposure": True,
        }
    ],
}


def treatment(**changes: Any) -> dict[str, Any]:
    """Three mL of Asclera 0.5 % in twenty injections: inside every limit."""
    base = {
        "area": "calf",
        "vein_type": "telangiectasia",
        "vein_diameter_mm": "0.7",
        "product": "asclera",
        "concentration_percent": "0.5",
        "form": "liquid",
        "amount": {"value": "3", "unit": "mL"},
        "injection_count": 20,
    }
    return without(base | changes)


def session(*treatments: dict[str, Any], **changes: Any) -> dict[str, Any]:
    base = {
        "date": "2026-11-22",
        "treatments": list(treatments) or [treatment()],
        "observation_minutes": 20,
        "compression_days": 3,
    }
    return without(base | changes)


def plan(*sessions: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A plan with every essential member, inside every limit."""
    base = {
        "jurisdiction": "US",
        "patient": {"age_years": 42, "weight_kg": "66", "conditions": [], "allergies": []},
        "provider": {"eligibility_confirmed": True, "emergency_equipment_on_site": True},
        "previous_sessions": [{"date": "2026-10-10", "areas": ["calf"], "products": ["asclera"]}],
        "sessions": list(sessions) or [session()],
    }
    return without(copy.deepcopy(base | changes))


def without(members: dict[str, Any]) -> dict[str, Any]:
    """The members less those that are None."""
    return {name: value for name, value in members.items() if value is not None}


def clinic_plan(value: str = "12", unit: str = "cc", **changes: Any) -> dict[str, Any]:
    """The smallest plan: an area and an amount."""
    return {"sessions": [{"treatments": [{"area": "leg", "amount": {"value": value, "unit": unit}}]}], **changes}


def post(client: Client, body: Any, path: str = VALIDATE, **extra: Any) -> "Response":
    """Send a body: bytes and text as they are, anything else as JSON."""
    sent = body if isinstance(body, bytes | str) else json.dumps(body)
    return client.post(path, data=sent, content_type="application/json", **extra)


def checked(client: Client, body: Any) -> dict[str, Any]:
    """The answer to a plan that can be read."""
    response = post(client, body)
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = json.loads(response.content)
    return answer


def pages(client: Client, path: str) -> Iterator[dict[str, Any]]:
    """The pages of a list, one after the other; a list that does not end is an error."""
    following: str | None = path
    for _ in range(100):
        if following is None:
            return
        body: dict[str, Any] = client.get(following).json()
        yield body
        following = body["next"]
    raise AssertionError(f"{path} does not end")


def faults(client: Client, body: Any) -> dict[str, str]:
    """The code of each fault of a plan that cannot be read, by pointer."""
    response = post(client, body)
    assert response.status_code == 400, response.content
    assert response["Content-Type"] == "application/problem+json"
    return {error["pointer"]: error["code"] for error in json.loads(response.content)["errors"]}


def entry(answer: dict[str, Any], part: str, rule: str) -> dict[str, Any]:
    """The one entry of a rule in a part of an answer."""
    [found] = [row for row in answer[part] if row["rule"] == rule]
    return dict(found)
