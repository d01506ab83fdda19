"""Narrowing: the rows of the newest release and the new ones in; out, each row that holds less than it did.

Whatever the rules read of a row is compared, whether or not a plan of the release would show it. Bounds and severities
are not: plans on both sides of each limit show them (`loosened.py`).
"""

from collections.abc import Iterator

from api.rules import Book
from api.rules.book import MEMBER_OF_SELECTOR
from api.rules.rows import Limit

# What a limit applies to: a limit that gains one of these, or has another, leaves out what it applied to before.
SELECTORS = (*MEMBER_OF_SELECTOR, "jurisdiction", "vein", "area", "condition")
# What makes a limit be held in another way: of another question, for whoever asks for another rule set, ...
HELD_AS = ("rule", "rule_set", "comparator", "values_from", "stands_in")
# The resource whose rows a list of words in a plan names, where it is called otherwise.
RESOURCE_OF = {"conditions": "contraindications", "medications": "contraindications", "allergies": "ingredients"}
# Rows, each with a problem that says by what it holds less.
Narrowed = Iterator[tuple[str, str]]


def narrowed(before: Book, after: Book) -> Narrowed:
    """Each row that holds less than before, with a problem that says by what. Rows that are gone are not among them."""
    yield from _limits(before, after)
    yield from _rules(before, after)
    yield from _products(before, after)
    yield from _areas(before, after)
    yield from _vein_types(before, after)
    yield from _names(before, after)


def _limits(before: Book, after: Book) -> Narrowed:
    """Limits that apply to less, or allow more values."""
    for old in before.limits:
        new, row = after.by_slug.get(old.slug, old), row_of(old)
        changed = [name for name in SELECTORS if getattr(new, name) not in (None, getattr(old, name))]
        changed += [name for name in HELD_AS if getattr(new, name) != getattr(old, name)]
        fewer, more = ({*new.values}, {*old.values}) if old.comparator == "in" else ({*old.values}, {*new.values})
        if not fewer <= more:
            changed.append("values")
        if not old.direction and new.value != old.value:
            changed.append("value")  # true, false, or what a vial stands for: no side of it is stricter
        if new.made_in_clinic and not old.made_in_clinic:
            changed.append("made_in_clinic")
        if old.always and not new.always:
            changed.append("always")
        if changed:
            yield row, f"{row}: applies to less than before, by {' and '.join(changed)}"


def _rules(before: Book, after: Book) -> Narrowed:
    """Rules that measure something else, or leave a plan incomplete no longer."""
    for slug, old in before.rules.items():
        new = after.rules.get(slug, old)
        asks_less = old.topic is not None and new.topic != old.topic
        if new.measure != old.measure or new.essential < old.essential or asks_less:
            yield f"rules/{slug}", f"rules/{slug}: holds less than before, by its measure, essential or topic"


def _products(before: Book, after: Book) -> Narrowed:
    """Products of which more is allowed: limits take strengths, containers and countries from their rows, and allergies
    take ingredients.
    """
    for slug, old in before.products.items():
        new = after.products.get(slug, old)
        lists = {
            "ingredients": (
                not {*old.ingredients} <= {*new.ingredients}
                or old.sclerosant != new.sclerosant
                or (new.excipients_known and not old.excipients_known)
            ),
            "strengths and containers": old.containers != new.containers or old.in_canisters != new.in_canisters,
            "forms": not {*new.forms} <= {*old.forms},
            "jurisdictions": not {*new.jurisdictions} <= {*old.jurisdictions},
        }
        changed = [name for name, is_changed in lists.items() if is_changed]
        if changed:
            yield f"products/{slug}", f"products/{slug}: is held to less than before, by its {' and '.join(changed)}"


def _areas(before: Book, after: Book) -> Narrowed:
    """Areas that lie in others than before: limits of an area are those of what lies in it."""
    for slug, old in before.areas.items():
        if after.areas.get(slug, old) != old:
            yield f"areas/{slug}", f"areas/{slug}: lies in other areas than before, whose limits it had"


def _vein_types(before: Book, after: Book) -> Narrowed:
    """Vein types with other diameters, or without a vein that they had."""
    for slug, band in before.bands.items():
        veins = [vein for vein, of in before.type_of_vein.items() if of == slug]
        if after.bands.get(slug, band) != band or any(after.type_of_vein.get(vein) != slug for vein in veins):
            yield f"vein-types/{slug}", f"vein-types/{slug}: is told by other diameters or veins than before"


def _names(before: Book, after: Book) -> Narrowed:
    """Rows whose name, or other name, now means another row. In a plan, a name that means nothing is refused."""
    for domain, name, slugs in before.vocabulary.names():
        now = after.vocabulary.meant(domain, name)
        for slug in slugs:
            if now and slug not in now:
                row = f"{RESOURCE_OF.get(domain, domain)}/{slug}"
                yield row, f"{row}: is no longer meant by {name!r}, which means {' and '.join(now)}"


def row_of(limit: Limit) -> str:
    """The resource and slug of a limit's row, or of a ruling's."""
    return f"{'rulings' if limit.message else 'session-limits'}/{limit.slug}"
