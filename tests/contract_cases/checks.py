"""Schemathesis' checks in; out, the same, where a check knows less than the contract says, or than a schema can say.

Loaded by Schemathesis, in an environment of its own; see `tests/try_contract.py`, which leaves the built-in checks of
these three kinds out, by name.
"""

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.specs.openapi.checks import (
    negative_data_rejection,
    positive_data_acceptance,
    response_schema_conformance,
)

# What no schema can say of a value that it allows, by the code of the fault that tells it.
NO_SCHEMA_SAYS = {
    "conflict",  # two members that cannot stand beside each other
    "in_the_future",  # a day or time that is still to come
    "not_a_decimal",  # a number with an exponent, or with more than three decimals
    "not_a_moment",  # a day that the calendar does not have, or 25 o'clock
    "not_a_position",  # a day of the sequence that the calendar does not have
    "not_a_whole_number",  # JSON Schema takes 3.0 for one
    "out_of_range",  # a decimal that is sent as text: a pattern cannot say its bounds
    "repeated",  # one ingredient by two of its names
    "too_many_treatments",  # in all sessions, or all plans, together
    "unknown_slug",  # slugs come and go with releases, the contract stays
}


# What is no JSON: its schema is `string`, for clients that do not read it.
TEXTS = ("/v1/openapi.yaml", "/v1/releases.atom")


@schemathesis.check
def answer_schema_conformance(context, response, case):
    """An answer fits its schema, where it is JSON."""
    return None if case.path in TEXTS else response_schema_conformance(context, response, case)


@schemathesis.check
def allowed_data_acceptance(context, response, case):
    """What the schema allows is accepted, but for what no schema can say."""
    try:
        return positive_data_acceptance(context, response, case)
    except RejectedPositiveData:
        codes = {error["code"] for error in response.json().get("errors", [])}
        if codes and codes <= NO_SCHEMA_SAYS:
            return None
        raise


@schemathesis.check
def forbidden_data_rejection(context, response, case):
    """What the schema forbids is refused; a plan of several is so in its own entry of the answer, which is a 200."""
    try:
        return negative_data_rejection(context, response, case)
    except AcceptedNegativeData:
        answer = response.json()
        entries = [*answer.get("unreadable", []), *answer.get("items", [])]
        if case.path.endswith(("/validate-batch", "/compare")) and any(entry.get("errors") for entry in entries):
            return None
        raise
