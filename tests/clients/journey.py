"""One journey with the client that openapi-python-client makes: list, resolve, validate, read a 400, send a key."""

import sys

from contract_client import AuthenticatedClient, Client
from contract_client.api.facts import list_session_limits
from contract_client.api.plans import resolve_session_limit, validate_session_plan
from contract_client.api.service import get_caller
from contract_client.models import (
    Amount,
    AmountUnit,
    Answer,
    Caller,
    Form,
    Jurisdiction,
    Plan,
    Problem,
    Quantity,
    Resolution,
    Session,
    SessionLimitList,
    Treatment,
    Verdict,
)


def plan(area: str) -> Plan:
    """12 cc in an area."""
    return Plan(sessions=[Session(treatments=[Treatment(area=area, amount=Amount(value="12", unit=AmountUnit.CC))])])


def main(address: str, key: str) -> None:
    client = Client(base_url=address)

    limits = list_session_limits.sync(
        client=client, applies_to_product="asclera", applies_to_jurisdiction=Jurisdiction.US
    )
    assert isinstance(limits, SessionLimitList)
    assert "clinic-session-volume-max" in [row.slug for row in limits.items]
    print("Python: lists")

    resolution = resolve_session_limit.sync(client=client, product="asclera", form=Form.LIQUID)
    assert isinstance(resolution, Resolution)
    assert resolution.binding is not None
    assert isinstance(resolution.binding.bound, Quantity)
    assert resolution.binding.bound.value == "10"
    print("Python: resolves")

    answer = validate_session_plan.sync(client=client, body=plan("leg"))
    assert isinstance(answer, Answer)
    assert answer.verdict is Verdict.OUTSIDE_LIMITS
    print("Python: validates")

    refusal = validate_session_plan.sync(client=client, body=plan("lge"))
    assert isinstance(refusal, Problem)
    assert (refusal.status, refusal.code) == (400, "invalid_plan")
    print("Python: reads a 400")
    assert refusal.errors
    assert refusal.errors[0].pointer == "/sessions/0/treatments/0/area"
    print("Python: reads its faults")

    nobody = get_caller.sync(client=client)
    assert isinstance(nobody, Caller)
    assert nobody.partner is None
    caller = get_caller.sync(client=AuthenticatedClient(base_url=address, token=key))
    assert isinstance(caller, Caller)
    assert caller.partner == "clinic-apps"
    print("Python: sends a key")


main(sys.argv[1], sys.argv[2])
