"""Tables of guides: code and settings in; out, Markdown, so that a guide types nothing that is known elsewhere."""

from collections.abc import Iterable

from api.pages.guides import Tables
from api.problems import FAULTS, PROBLEMS, SIZES
from api.rates import published_rates
from api.rules.plan import COUNTRIES, Patient, PreviousSession, Provider, Session, Treatment
from api.rules.value_types import fields_of

PLACES = {
    "patient.": Patient,
    "provider.": Provider,
    "previous_sessions[].": PreviousSession,
    "sessions[].": Session,
    "sessions[].treatments[].": Treatment,
}


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def essential_members() -> str:
    """The members whose absence can keep a plan `incomplete`."""
    rows = [("`previous_sessions`", "Earlier sessions. An empty list says: there were none.")]
    for place, record in PLACES.items():
        for name, declared in fields_of(record).items():
            if declared.metadata["essential"]:
                rows.append((f"`{place}{name}`", declared.metadata["text"]))
    return table(("Member", "What it is"), rows)


def jurisdictions() -> str:
    """Whose labels a plan may be held against."""
    return table(("Code", "Whose"), [(f"`{code}`", f"{word} label") for code, word in COUNTRIES.items()])


def problems() -> str:
    """Every problem with what to do, and its page."""
    rows = [
        (str(each.status), f"[`{each.code}`](/v1/problems/{each.code})", each.meaning) for each in PROBLEMS.values()
    ]
    return table(("HTTP", "Code", "What it means"), rows)


def faults() -> str:
    """Every code of a fault."""
    return table(("Code", "What it means"), [(f"`{code}`", text) for code, (text, _) in FAULTS.items()])


def rates() -> str:
    """How many requests are taken of whom."""
    rows = [
        (f"`{each['policy']}`", each["who"], f"{each['requests']} in {each['seconds']} s") for each in published_rates()
    ]
    return table(("Policy", "Who", "Requests"), rows)


TABLES: Tables = {
    "essential-members": essential_members,
    "jurisdictions": jurisdictions,
    "problems": problems,
    "faults": faults,
    "rates": rates,
    "sizes": lambda: SIZES,
}
