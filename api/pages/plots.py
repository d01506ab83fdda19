"""The limits of a product in; out, plots of the published maxima by country: one for each amount that can be compared.

A plot holds limits that differ only in their country, who says them, and how serious they are. So an amount of one
strength is never beside one of another, nor a dose in a day beside one in a session. Each plot has a scale of its own.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from api.pages.facts import COUNTRIES, Facts, Link, Row, country_rank, words
from api.pages.limits import LimitLine, line
from api.rules.numbers import in_words, thousandths
from api.rules.rows import PRECEDENCE

UNITS = ("mL", "mg", "mg/kg")
# What two limits must have in common to be in one plot.
ALIKE = (
    *("quantity", "unit", "form", "concentration_percent", "vein_type", "vein", "area", "first_exposure"),
    *("made_in_clinic", "condition"),
)
# What goes without saying beside a bar.
USUAL = ("error", "confirmed")
WIDTH, STEP, TEXT, BAR = 300, 40, 14, 12  # of the drawing, in units of its own


class Bar(NamedTuple):
    """A maximum: whose it is, how much, and the bar that is drawn, which has no width where no number is given."""

    line: LimitLine
    who: str
    value: str
    text_y: int
    bar_y: int
    width: float


class Plot(NamedTuple):
    """Maxima that can be compared; `name` is their place in the page, `desc` says all that is drawn."""

    name: str
    title: str
    where: Sequence[Link]
    desc: str
    bars: Sequence[Bar]
    width: int
    height: int
    thick: int


class Measured(NamedTuple):
    """What is published of one measure: plots of the numbers, and limits of which no source gives one."""

    title: str
    plots: Sequence[Plot]
    without: Sequence[LimitLine]


def plots(facts: Facts, limits: Iterable[Row]) -> list[Measured]:
    """The published maxima of the limits, by measure."""
    maxima = [limit for limit in limits if limit["comparator"] == "<=" and limit["unit"] in UNITS]
    maxima.sort(key=lambda limit: [str(shared) for shared in _alike(limit)])
    return [
        _measured(facts, words(quantity), [list(alike) for _, alike in groupby(found, _alike)])
        for quantity, found in groupby(maxima, lambda limit: str(limit["quantity"]))
    ]


def _alike(limit: Row) -> list[object]:
    """What a limit must have in common with others."""
    return [limit[name] for name in ALIKE]


def _measured(facts: Facts, quantity: str, groups: list[list[Row]]) -> Measured:
    """What is published of one measure."""
    with_number = [group for group in groups if any(limit["value"] for limit in group)]
    without = [line(facts, limit) for group in groups if group not in with_number for limit in group]
    return Measured(quantity.capitalize(), [_plot(facts, quantity, group) for group in with_number], without)


def _plot(facts: Facts, quantity: str, limits: list[Row]) -> Plot:
    """A plot of limits that can be compared."""
    most = max(map(_amount, limits)) or 1
    limits.sort(key=lambda limit: (country_rank(limit["jurisdiction"]), PRECEDENCE[limit["rule_set"]]))
    bars = [_bar(line(facts, limit), place, most) for place, limit in enumerate(limits)]
    told = "; ".join(f"{bar.who}: {bar.value}" for bar in bars)
    shown = bars[0].line.where
    narrowed = ", ".join(part.text for part in shown) or "any strength, form and vein"
    return Plot(
        name=f"plot-{limits[0]['slug']}",
        title=f"Most {quantity}: {narrowed}",
        where=shown,
        desc=f"{told}.",
        bars=bars,
        width=WIDTH,
        height=STEP * len(bars),
        thick=BAR,
    )


def _bar(shown: LimitLine, place: int, most: int) -> Bar:
    """The bar of a limit at its place, as wide as its share of the most."""
    limit, top = shown.row, STEP * place
    told = [limit[name] for name in ("severity", "status") if limit["value"] and limit[name] not in USUAL]
    return Bar(
        line=shown,
        who=" · ".join([COUNTRIES.get(limit["jurisdiction"], "Any country"), limit["rule_set"], *told]),
        value=in_words(limit["value"], limit["unit"]) if limit["value"] else limit["status"],
        text_y=top + TEXT,
        bar_y=top + TEXT + 6,
        width=round(WIDTH * _amount(limit) / most, 2),
    )


def _amount(limit: Row) -> int:
    """A maximum in thousandths of its unit; 0 where no number is given."""
    return thousandths(limit["value"] or "") or 0
