"""Exact numbers: decimal text in, integers inside, decimal text out.

Every number is an integer count of thousandths of its unit, so 1 mL is 1,000 (microlitres), 1 % is 1,000 and
7 days are 7,000. A quotient stays a pair of integers until it is shown; nothing passes through a float.
"""

import re
from functools import lru_cache
from typing import NamedTuple

DECIMAL_PATTERN = r"(0|[1-9][0-9]{0,5})(\.[0-9]{1,3})?"
LONGEST_DECIMAL = 10  # six digits, a point, three digits
_DECIMAL = re.compile(DECIMAL_PATTERN)

UNITS = ("mL", "mg", "mg/kg", "mm", "%", "d", "h", "min", "mo", "wk", "a", "{vial}", "1")

# How a unit reads after a number in a sentence: after 1, and after any other number.
UNIT_NAMES = {
    "d": ("day", "days"),
    "h": ("hour", "hours"),
    "min": ("minute", "minutes"),
    "mo": ("month", "months"),
    "wk": ("week", "weeks"),
    "a": ("year", "years"),
    "{vial}": ("vial", "vials"),
    "1": ("", ""),
}


class Ratio(NamedTuple):
    """An exact quotient of integers, in thousandths of a unit: a third of a mL is `Ratio(1000, 3)`."""

    numerator: int
    denominator: int = 1


@lru_cache(maxsize=4096)
def thousandths(text: str) -> int | None:
    """The thousandths that a plain decimal text stands for, or None when it is not one: `0.5` is 500.

    Plain means: ASCII digits, at most six before and three behind the point, no sign, no exponent.
    """
    if not _DECIMAL.fullmatch(text):
        return None
    whole, _, fraction = text.partition(".")
    return int(whole) * 1000 + int(fraction.ljust(3, "0") or 0)


@lru_cache(maxsize=4096)
def as_text(numerator: int, denominator: int = 1, rounding: int = 0) -> str:
    """The shortest decimal text of a ratio of thousandths.

    A number that does not end, such as a third, is rounded at the sixth decimal: to the nearest (0), down (-1) or up
    (1). The caller rounds a number that is beyond a bound away from it, so that it never reads as the bound itself.
    """
    scaled = numerator * 1000
    millionths = -(-scaled // denominator) if rounding > 0 else scaled // denominator
    if rounding == 0 and 2 * (scaled - millionths * denominator) >= denominator:
        millionths += 1
    whole, fraction = divmod(abs(millionths), 1_000_000)
    sign = "-" if millionths < 0 else ""
    return f"{sign}{whole}.{fraction:06d}".rstrip("0").rstrip(".")


def rounded(ratio: Ratio, decimals: int, rounding: int) -> str:
    """A ratio of thousandths as text with few decimals, rounded up (1), down (-1) or to the nearest (0)."""
    step = 10 ** (3 - decimals)
    numerator, denominator = ratio
    parts = denominator * step
    whole = -(-numerator // parts) if rounding > 0 else numerator // parts
    if rounding == 0 and 2 * (numerator - whole * parts) >= parts:
        whole += 1
    return as_text(whole * step)


def in_words(value: str, unit: str) -> str:
    """A number with its unit as a sentence says it: `4.2 mL`, `1 day`, `7 vials`, `24 %`."""
    one, several = UNIT_NAMES.get(unit, (unit, unit))
    return f"{value} {one if value.removeprefix('-') == '1' else several}".strip()
