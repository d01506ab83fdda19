"""Edits of the content drawn by chance: what an editor might do to the fixtures, by design or by mistake."""

import copy
from collections.abc import Callable
from random import Random
from typing import Any

from api.rules.measures import MEASURES
from api.rules.numbers import UNITS
from api.rules.plan import FORMS, JURISDICTIONS, RULE_SETS, VEINS
from api.rules.rows import COMPARATORS, KINDS, LISTS, SEVERITIES

Row = dict[str, Any]
Fixtures = dict[str, list[Row]]
Edit = Callable[[Fixtures, Random], str]

# Texts that stand where a slug, a number or a sentence is wanted.
ODD_TEXTS = (
    "",
    "fcae",
    "0,5",
    "-1",
    "1e3",
    "999999",
    "{observd}",
    "{observed.__class__}",
    "{observed:>50000}",
    "{0}",
    "{",
    "{{ faqs/x }}",
    "Ä \u0000?",
    "x" * 300,
)
ODD_VALUES: tuple[Any, ...] = (*ODD_TEXTS, None, True, False, 0, [], ["fcae"], {}, [{"kind": "bottle"}])


def rename_everywhere(fixtures: Fixtures, random: Random) -> str:
    """Another slug for a row, and for whatever names it: all hangs together as before."""
    name, row = _row(fixtures, random)
    old, new = row["slug"], random.choice((f"{row['slug']}s", f"a-{row['slug']}", "aaa", "zzz"))
    for resource in fixtures:
        fixtures[resource] = _renamed(fixtures[resource], old, new)
    return f"{name}/{old} is called {new} everywhere"


def rename_alone(fixtures: Fixtures, random: Random) -> str:
    """Another slug for a row, and for nothing that names it."""
    name, row = _row(fixtures, random)
    old, row["slug"] = row["slug"], random.choice((f"{row['slug']}s", "other", "resolve", "aaa", "Not A Slug", ""))
    return f"{name}/{old} is called {row['slug']!r}"


def drop(fixtures: Fixtures, random: Random) -> str:
    """One row less."""
    name, row = _row(fixtures, random)
    fixtures[name].remove(row)
    return f"{name}/{row['slug']} is dropped"


def drop_with_what_rests_on_it(fixtures: Fixtures, random: Random) -> str:
    """One row less, and none that names it, until all hangs together."""
    name, row = _row(fixtures, random)
    gone = {row["slug"]}
    fixtures[name].remove(row)
    for resource in ("areas", "products", "session-limits", "contraindications", "result-durations", "rules", "claims"):
        for other in list(fixtures[resource]):
            if resource == "contraindications":
                other["rulings"] = [ruling for ruling in other["rulings"] if ruling.get("product") not in gone]
            named = {other.get(member) for member in ("product", "rule", "area", "vein_type", "parent", "condition")}
            if named & gone:
                fixtures[resource].remove(other)
                gone.add(other["slug"])
            for member, value in other.items():
                if isinstance(value, list) and member not in ("rulings", "citations", "strengths"):
                    other[member] = [entry for entry in value if entry not in gone]
    return f"{name}/{row['slug']} is dropped with what rests on it"


def drop_a_ruling(fixtures: Fixtures, random: Random) -> str:
    """One ruling on a condition less, or all of them."""
    row = random.choice(fixtures["contraindications"])
    row["rulings"] = [] if random.random() < 0.3 else row["rulings"][1:]
    return f"contraindications/{row['slug']} has {len(row['rulings'])} rulings"


def move_abroad(fixtures: Fixtures, random: Random) -> str:
    """A limit, a ruling or a product of another country."""
    where = random.choice((*JURISDICTIONS, None, "XX"))
    limit, product = random.choice(fixtures["session-limits"]), random.choice(fixtures["products"])
    if random.random() < 0.5:
        limit["jurisdiction"] = where
        return f"session-limits/{limit['slug']} is of {where}"
    product["jurisdictions"] = [where] if where else []
    return f"products/{product['slug']} is sold in {where}"


def make_a_product_odd(fixtures: Fixtures, random: Random) -> str:
    """A product of other strengths, forms, containers or drug, or one more that comes first."""
    product = random.choice(fixtures["products"])
    if random.random() < 0.3:
        product = {**copy.deepcopy(product), "slug": random.choice(("aaa", "zzz"))}
        fixtures["products"].append(product)
    member, value = random.choice((
        ("forms", []),
        ("forms", ["foam"]),
        ("sclerosant", random.choice(("glycerin", "polidocanol", "water"))),
        ("excipients", ["fcae"]),
        ("excipients", []),
        ("jurisdictions", []),
        ("strengths", [{"concentration_percent": "0", "containers": []}]),
        ("strengths", [{"concentration_percent": "100", "containers": [{"kind": "canister", "volume_ml": "0.001"}]}]),
        ("strengths", [{"concentration_percent": "0.5", "containers": []}] * 2),
        ("strengths", [{"concentration_percent": "1", "containers": [{"kind": "vial", "volume_ml": "0"}]}]),
        ("strengths", [{"concentration_percent": "0.5", "containers": "none"}]),
        ("strengths", "0.5"),
    ))  # fmt: skip
    product[member] = value
    return f"products/{product['slug']} has the {member} {value}"


def change_where_a_limit_applies(fixtures: Fixtures, random: Random) -> str:
    """A limit with another selector, bound or list, of the kind that stands there."""
    limit = random.choice(fixtures["session-limits"])

    def slugs(resource: str) -> list[str]:
        return [row["slug"] for row in fixtures[resource]]

    member, value = random.choice((
        ("product", random.choice((*slugs("products"), None))),
        ("sclerosant", random.choice(("polidocanol", "glycerin", None))),
        ("concentration_percent", random.choice(("0.5", "1", "3", "0", None))),
        ("form", random.choice((*FORMS, None))),
        ("vein_type", random.choice((*slugs("vein-types"), None))),
        ("vein", random.choice((*VEINS, None))),
        ("area", random.choice((*slugs("areas"), None))),
        ("condition", random.choice((*slugs("contraindications"), None))),
        ("first_exposure", random.choice((True, False, None))),
        ("made_in_clinic", random.choice((True, False))),
        ("stands_in", random.choice((True, False))),
        ("always", random.choice((True, False))),
        ("rule", random.choice(slugs("rules"))),
        ("rule_set", random.choice(RULE_SETS)),
        ("severity", random.choice(SEVERITIES)),
        ("status", random.choice(("confirmed", "disputed", "unconfirmed"))),
        ("comparator", random.choice(COMPARATORS)),
        ("value", random.choice(("0", "0.001", "7", "99999", None))),
        ("values", random.choice((slugs("areas")[:2], ["0.5"], ["fcae"], ["0,5"], ["liquid"], []))),
        ("values_from", random.choice((*LISTS, None))),
        ("unit", random.choice(UNITS)),
    ))  # fmt: skip
    limit[member] = value
    return f"session-limits/{limit['slug']} has the {member} {value!r}"


def change_a_rule(fixtures: Fixtures, random: Random) -> str:
    """A rule that measures, compares or says something else."""
    rule = random.choice(fixtures["rules"])
    message = random.choice(list(rule["messages"]))
    member, value = random.choice((
        ("quantity", random.choice((*MEASURES, "fcae"))),
        ("unit", random.choice(UNITS)),
        ("kind", random.choice(tuple(KINDS))),
        ("essential", random.choice((True, False))),
        ("topic", random.choice((rule["slug"], None, "fcae", random.choice(fixtures["rules"])["slug"]))),
        ("messages", {**rule["messages"], message: random.choice(ODD_TEXTS)}),
        ("messages", {key: text for key, text in rule["messages"].items() if key != message}),
        ("messages", {}),
        ("title", random.choice(ODD_TEXTS)),
    ))  # fmt: skip
    rule[member] = value
    return f"rules/{rule['slug']} has the {member} {value!r}"


def bend_the_tree(fixtures: Fixtures, random: Random) -> str:
    """An area in another, perhaps in itself by way of others; or a vein type of other widths or veins."""
    area, vein_type = random.choice(fixtures["areas"]), random.choice(fixtures["vein-types"])
    if random.random() < 0.5:
        area["parent"] = random.choice((*(row["slug"] for row in fixtures["areas"]), None))
        return f"areas/{area['slug']} lies in {area['parent']}"
    member, value = random.choice((
        ("veins", [random.choice(VEINS)]), ("veins", []), ("diameter_max_mm", None), ("diameter_max_mm", "0.001"),
        ("diameter_over_mm", "50"),
    ))  # fmt: skip
    vein_type[member] = value
    return f"vein-types/{vein_type['slug']} has the {member} {value!r}"


def drop_many(fixtures: Fixtures, random: Random) -> str:
    """Every row of a resource less, every limit of a rule, every ruling, or every upper end of a vein type."""
    what = random.choice(("resource", "limits", "rulings", "ends"))
    if what == "resource":
        name = random.choice(list(fixtures))
        fixtures[name] = []
        return f"{name} is empty"
    if what == "limits":
        rule = random.choice(fixtures["rules"])["slug"]
        fixtures["session-limits"] = [row for row in fixtures["session-limits"] if row["rule"] != rule]
        return f"rules/{rule} has no limits"
    for row in fixtures["contraindications"]:
        row["rulings"] = [] if what == "rulings" else row["rulings"]
    for row in fixtures["vein-types"]:
        row["diameter_max_mm"] = None if what == "ends" else row["diameter_max_mm"]
    return f"all {what} are gone"


def refer_to_a_row(fixtures: Fixtures, random: Random) -> str:
    """A text that refers to a row, of any resource."""
    name, row = _row(fixtures, random)
    faq, reference = random.choice(fixtures["faqs"]), f"{{{{ {name}/{row['slug']} }}}}"
    faq["answer"] = f"It is {reference}."
    return f"faqs/{faq['slug']} refers to {reference}"


def write_nonsense(fixtures: Fixtures, random: Random) -> str:
    """Any member of any row with a value that does not belong there."""
    name, row = _row(fixtures, random)
    if random.random() < 0.2 and row.get("rulings"):
        name, row = "a ruling of " + name, random.choice(row["rulings"])
    member, value = random.choice(list(row)), random.choice(ODD_VALUES)
    row[member] = value
    return f"{name}/{row.get('slug')} has the {member} {value!r}"


EDITS: tuple[Edit, ...] = (
    rename_everywhere,
    rename_alone,
    drop,
    drop_with_what_rests_on_it,
    drop_a_ruling,
    move_abroad,
    make_a_product_odd,
    change_where_a_limit_applies,
    change_a_rule,
    bend_the_tree,
    drop_many,
    refer_to_a_row,
    write_nonsense,
)


def _row(fixtures: Fixtures, random: Random) -> tuple[str, Row]:
    name = random.choice([name for name, rows in fixtures.items() if rows])
    return name, random.choice(fixtures[name])


def _renamed(node: Any, old: str, new: str) -> Any:
    """The same with another name where the old one stands alone, or in a reference."""
    if isinstance(node, dict):
        return {member: _renamed(value, old, new) for member, value in node.items()}
    if isinstance(node, list):
        return [_renamed(value, old, new) for value in node]
    if isinstance(node, str):
        return new if node == old else node.replace(f"/{old} }}}}", f"/{new} }}}}").replace(f"{old}:/", f"{new}:/")
    return node
