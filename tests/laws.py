"""Laws that hold for every plan, of every jurisdiction and every choice of rule sets, tried on plans drawn by chance.

Each law takes a plan and says what breaks it, or nothing. Run on many: python -m tests.try_laws --plans 20000
"""

import copy
import json
from collections.abc import Callable, Iterator
from datetime import date
from fractions import Fraction
from itertools import combinations
from random import Random
from typing import Any

import jsonpatch
from jsonpointer import resolve_pointer

from api.parsers import parse
from api.rules import Book, check
from api.rules.evaluate import Evaluation, evaluate
from api.rules.outcomes import Finding
from tests.full_proof import differences
from tests.random_house import random_house
from tests.random_plans import Content, random_plan
from tests.reference import Reference

Plan = dict[str, Any]
Law = Callable[[Plan, Random, Book, Content], Iterator[str]]

# From the worst to the best.
VERDICTS = ("outside_limits", "needs_review", "incomplete", "within_limits")
RULE_SETS = ("clinic", "label", "guideline", "policy")
# The essential members: those of the contract's example, by what holds them.
OF_PATIENT = ("age_years", "weight_kg", "conditions", "allergies")
OF_PROVIDER = ("eligibility_confirmed", "emergency_equipment_on_site")
OF_SESSION = ("date", "observation_minutes", "compression_days")
OF_TREATMENT = ("vein_type", "vein_diameter_mm", "product", "concentration_percent", "form", "injection_count")


def seen(plan: Plan, book: Book) -> Evaluation:
    return evaluate(parse(json.dumps(plan).encode()), book)


def findings(plan: Plan, book: Book) -> list[Finding]:
    return seen(plan, book).outcomes.findings


def treatments(plan: Plan) -> list[Plan]:
    return [treatment for session in plan["sessions"] for treatment in session["treatments"]]


def is_bare(plan: Plan) -> bool:
    """Whether the plan tells where and how much, and nothing else: of `clinic` alone, the article's own question."""
    return (
        plan.keys() <= {"jurisdiction", "rule_sets", "provider", "sessions", "previous_sessions"}
        and not plan.get("previous_sessions")
        and plan.get("provider", {}).keys() <= {"eligibility_confirmed"}
        and all(session.keys() <= {"date", "treatments"} for session in plan["sessions"])
        and all(treatment.keys() <= {"area", "amount", "containers"} for treatment in treatments(plan))
    )


def a_hundred_ml_is_never_within_limits(plan: Plan, random: Random, book: Book, content: Content) -> Iterator[str]:
    """Whatever it is, wherever, whoever is asked."""
    changed = copy.deepcopy(plan)
    random.choice(treatments(changed))["amount"] = {"value": "100", "unit": "mL"}
    if seen(changed, book).verdict == "within_limits":
        yield f"100 mL: {json.dumps(changed)}"


def silence_is_no_approval(plan: Plan, random: Random, book: Book, content: Content) -> Iterator[str]:
    """Taking an essential member away never turns an error, a warning or an `incomplete` into `within_limits`."""
    if seen(plan, book).verdict == "within_limits":
        return
    places = [(plan, "previous_sessions")]
    places += [(plan.get("patient", {}), name) for name in OF_PATIENT]
    places += [(plan.get("provider", {}), name) for name in OF_PROVIDER]
    places += [(session, name) for session in plan["sessions"] for name in OF_SESSION]
    places += [(treatment, name) for treatment in treatments(plan) for name in OF_TREATMENT]
    there = [(holder, name) for holder, name in places if name in holder]
    for holder, name in random.sample(there, min(2, len(there))):
        kept = holder.pop(name)
        bare = is_bare(plan) and plan.get("rule_sets") == ["clinic"]
        if not bare and seen(plan, book).verdict == "within_limits":
            yield f"without {name} ({kept!r}): {json.dumps(plan)}"
        holder[name] = kept


def more_rule_sets_clear_nothing(plan: Plan, random: Random, book: Book, content: Content) -> Iterator[str]:
    """Asking for more rule sets never clears a finding of one that was asked for."""
    asked = plan.get("rule_sets", list(RULE_SETS))
    others = [name for name in RULE_SETS if name not in asked]
    if not others:
        return
    more = {**plan, "rule_sets": [*asked, *random.sample(others, random.randint(1, len(others)))]}
    found = {finding.id for finding in findings(more, book)}
    for finding in findings(plan, book):
        limit = finding.limit
        # What is always in force is no one's finding: that nothing rules on a condition ends when more is asked.
        if limit.rule_set in asked and not limit.always and finding.id not in found:
            yield f"{finding.id} cleared by {more['rule_sets']}: {json.dumps(plan)}"


def more_troubles_make_nothing_better(plan: Plan, random: Random, book: Book, content: Content) -> Iterator[str]:
    """Adding a condition, an allergy or a drug never makes a verdict better."""
    rows = content["contraindications"]
    named = {
        "conditions": [row["slug"] for row in rows if "conditions" in row["named_in"]],
        "medications": [row["slug"] for row in rows if "medications" in row["named_in"]],
        "allergies": [row["slug"] for row in content["ingredients"]],
        "other_conditions": ["heart"],
        "other_allergies": ["latex", "compression-material"],
    }
    members = random.choice(sorted(named))
    before = seen(plan, book).verdict
    changed = copy.deepcopy(plan)
    patient = changed.setdefault("patient", {})
    entries = patient.setdefault(members, [])
    fresh = [entry for entry in (*named[members], "other") if entry not in entries]
    if not fresh:
        return
    entries.append(random.choice(fresh))
    after = seen(changed, book).verdict
    asked_for = members not in ("conditions", "allergies") or members in plan.get("patient", {})
    if asked_for and VERDICTS.index(after) > VERDICTS.index(before):
        yield f"{entries[-1]} made {before} {after}: {json.dumps(plan)}"


def order_does_not_matter(plan: Plan, random: Random, book: Book, content: Content) -> Iterator[str]:
    """Reordering keys, sessions or treatments changes no verdict; reordering keys changes no byte."""
    turned = reordered(plan, random)
    one, other = (json.dumps(check(parse(json.dumps(each).encode()), book)) for each in (plan, turned))
    if one != other:
        yield f"other keys, other bytes: {json.dumps(plan)}"
    shuffled = copy.deepcopy(plan)
    random.shuffle(shuffled["sessions"])
    for session in shuffled["sessions"]:
        random.shuffle(session["treatments"])
    before, after = seen(plan, book), seen(shuffled, book)
    if after.verdict != before.verdict or told(after) != told(before):
        yield f"other order, other verdict or findings: {json.dumps(plan)}"


def told(evaluation: Evaluation) -> list[tuple[str, str]]:
    """The rules that are broken, each with the limit that binds."""
    return sorted((finding.rule.slug, finding.limit.slug) for finding in evaluation.outcomes.findings)


def reordered(node: Any, random: Random) -> Any:
    """The same document with the keys of every object in another order."""
    if isinstance(node, dict):
        names = list(node)
        random.shuffle(names)
        return {name: reordered(node[name], random) for name in names}
    return [reordered(entry, random) for entry in node] if isinstance(node, list) else node


def what_contributed_is_there(plan: Plan, random: Random, book: Book, content: Content) -> Iterator[str]:
    """Every pointer to what made up an observed value leads to a member of the plan as sent."""
    for finding in findings(plan, book):
        for pointer in finding.contributing:
            if resolve_pointer(plan, pointer, None) is None:
                yield f"{finding.id} names {pointer}: {json.dumps(plan)}"


def suggestions_only_lower(plan: Plan, random: Random, book: Book, content: Content) -> Iterator[str]:
    """No patch, alone or combined, raises a strength, a dose, a volume or an injection, or shortens an interval.

    Each clears what it says that it clears, and brings no warning.
    """
    answer = check(parse(json.dumps(plan).encode()), book)
    patches = [
        (suggestion["label"], suggestion["patch"], suggestion, finding["id"])
        for finding in answer["findings"]
        for suggestion in finding["suggestions"]
    ]
    if answer["nearest_within_limits"]:
        patches.append(("nearest", answer["nearest_within_limits"]["patch"], None, ""))
    for finding in answer["findings"]:
        sizes = [len(suggestion["patch"]) for suggestion in finding["suggestions"]]
        if sizes != sorted(sizes) or (sizes and finding["rule"] in ("contraindication", "provider-eligibility")):
            yield f"{finding['id']} has suggestions of {sizes} operations: {json.dumps(plan)}"
    before = {finding["id"] for finding in answer["findings"]}
    for label, patch, suggestion, cleared in patches:
        changed = jsonpatch.apply_patch(plan, patch)
        yield from (f"{label}: {problem}: {json.dumps(plan)}" for problem in raised(plan, changed))
        after = seen(changed, book)
        severities = {finding.id: finding.severity for finding in after.outcomes.findings}
        if suggestion is None and after.verdict != "within_limits":
            yield f"nearest is {after.verdict}: {json.dumps(plan)}"
        if suggestion is not None and (
            cleared not in suggestion["resolves"]
            or set(suggestion["resolves"]) != before - severities.keys()
            or set(suggestion["introduces"]) != severities.keys() - before
            or any(severities[each] != "info" for each in severities.keys() - before)
        ):
            yield f"{label} does not do what it says: {json.dumps(plan)}"


def raised(plan: Plan, changed: Plan) -> Iterator[str]:
    """What is more, stronger, larger or closer in a changed plan; volumes in the unit of the amount."""
    count = len(plan["sessions"])
    for session, other in zip(plan["sessions"], changed["sessions"], strict=False):
        for old, new in zip(session["treatments"], other["treatments"], strict=True):
            yield from (f"more of {what}" for what in more_in(new, old))
    for added in changed["sessions"][count:]:
        for new in added["treatments"]:
            if all(any(more_in(new, old)) or new.get("product") != old.get("product") for old in treatments(plan)):
                yield "a session with more than was planned"
    had, has = doses(plan), doses(changed)
    if any(dose > had.get(day, max(had.values())) for day, dose in has.items()):
        yield "a day with a higher dose"
    was, now = days(plan), days(changed)
    for (i, one), (j, other_day) in combinations(enumerate(was), 2):
        if one and other_day and abs(now[i] - now[j]) < abs(one - other_day):
            yield "two sessions that are closer"
    if any(day in was for day in now[len(was) :]):
        yield "a session on a day that had one"


def more_in(new: Plan, old: Plan) -> Iterator[str]:
    """What of a treatment is more than of another."""
    if number(new.get("concentration_percent", 0)) > number(old.get("concentration_percent", 0)):
        yield "the drug in a mL"
    if number(new["amount"]["value"]) > number(old["amount"]["value"]):
        yield "the amount"
    if injection(new) > injection(old):
        yield "an injection"


def number(value: Any) -> Fraction:
    return Fraction(str(value))


def injection(treatment: Plan) -> Fraction:
    """The largest injection of a treatment, or its whole amount where that is not told."""
    if "injections" in treatment:
        return max(number(group["volume_ml"]) for group in treatment["injections"])
    count: int = treatment.get("injection_count", 1)
    return number(treatment["amount"]["value"]) / count


def doses(plan: Plan) -> dict[str | None, Fraction]:
    """Amount times strength by day."""
    found: dict[str | None, Fraction] = {}
    for session in plan["sessions"]:
        for treatment in session["treatments"]:
            dose = number(treatment["amount"]["value"]) * number(treatment.get("concentration_percent", 1))
            found[session.get("date")] = found.get(session.get("date"), Fraction(0)) + dose
    return found


def days(plan: Plan) -> list[Any]:
    """The day numbers of the earlier sessions and of the planned ones; None where one has no date."""
    sessions = [*plan.get("previous_sessions", []), *plan["sessions"]]
    return [date.fromisoformat(each["date"]).toordinal() if "date" in each else None for each in sessions]


def the_short_proof_is_the_full_one(plan: Plan, random: Random, book: Book, content: Content) -> Iterator[str]:
    """What a proposal makes of a plan comes to the same on the typed plan and on the document, judged in full."""
    yield from differences(plan, random, book)


def house_limits_only_add(plan: Plan, random: Random, book: Book, content: Content) -> Iterator[str]:
    """With limits of the clinic's own, all that was found, kept or left open stays as it is, and no verdict is better.

    Their suggestions and their short proofs keep the other laws, too.
    """
    own = {**plan, "house_limits": random_house(random, content)}
    yield from (f"{problem}: {json.dumps(own)}" for problem in lost(everything(plan, book), everything(own, book)))
    yield from suggestions_only_lower(own, random, book, content)
    yield from differences(own, random, book)


def everything(plan: Plan, book: Book) -> Plan:
    """The answer to a plan, less suggestions, which what is added may take away."""
    answer = check(parse(json.dumps(plan).encode()), book)
    for finding in answer["findings"]:
        del finding["suggestions"]
    return answer


def lost(before: Plan, after: Plan) -> Iterator[str]:
    """What of an answer is not in another, told in the same words and order; and whether the verdict is better."""
    for told in ("findings", "passed", "not_evaluated"):
        rest = iter(after[told])
        yield from (f"{told} lacks {row}" for row in before[told] if row not in rest)
    if VERDICTS.index(after["verdict"]) > VERDICTS.index(before["verdict"]):
        yield f"{before['verdict']} became {after['verdict']}"


LAWS: tuple[Law, ...] = (
    a_hundred_ml_is_never_within_limits,
    silence_is_no_approval,
    more_rule_sets_clear_nothing,
    more_troubles_make_nothing_better,
    order_does_not_matter,
    what_contributed_is_there,
    suggestions_only_lower,
    the_short_proof_is_the_full_one,
    house_limits_only_add,
)


def broken_laws(seed: int, book: Book, content: Content) -> list[str]:
    """What breaks a law on the plan of a seed."""
    random = Random(seed)  # noqa: S311 - plans, not secrets
    plan = random_plan(random, content)
    return [f"{law.__name__} (seed {seed}): {problem}" for law in LAWS for problem in law(plan, random, book, content)]


def summary(plan: Plan, book: Book) -> tuple[set[tuple[str, str, str, str]], bool]:
    """What both implementations must agree on: the findings, and whether something leaves the plan incomplete."""
    result = seen(plan, book)
    found = {
        (finding.rule.slug, finding.pointer, finding.severity, finding.limit.slug)
        for finding in result.outcomes.findings
    }
    return found, result.outcomes.leave_incomplete()


def disagreement(seed: int, book: Book, content: Content, reference: Reference) -> list[str]:
    """Where the reference implementation comes to something else on the plan of a seed."""
    plan = random_plan(Random(seed), content)  # noqa: S311
    one, other = summary(plan, book), reference.look(plan)
    if one == other:
        return []
    here, there = sorted(one[0] - other[0]), sorted(other[0] - one[0])
    differ = f"only here {here}, only in SQL {there}, incomplete {one[1]} {other[1]}"
    return [f"reference implementation (seed {seed}): {differ}: {json.dumps(plan)}"]
