"""Counts the work of hot requests: calls of functions, of Python and of C, which come out the same on any machine.

`tests/counted_work.yaml` has the most that each case may do. A case fails that does more, and one that does less by
more than a tenth, so that what was won is kept: then write the new bound there, with its reason. Another version of
Python than the one named there makes other calls, so nothing fails on it. A case is a function that makes its release
and its request, and gives what is to be done; it is counted when it was done twice before, so that nothing is worked
out for the first time.

    python -m tests.counted_work
"""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import yaml

from tests import alone  # noqa: F401 - sets Django up, so it comes first

# isort: split
from api.checking import answer_to
from api.releases import FrozenRelease
from tests.commands import PROJECT
from tests.conftest import SPECIMEN
from tests.plans import plan, session, treatment

BOUNDS = PROJECT / "tests" / "counted_work.yaml"
Work = Callable[[], Any]


def specimen() -> FrozenRelease:
    """The small release that examples are answers to, which correcting content does not change."""
    return FrozenRelease(1, datetime(2026, 11, 22, tzinfo=UTC), "", "0" * 64, json.loads(SPECIMEN.read_text("utf-8")))


def twelve_treatments() -> Work:
    """A plan of 12 treatments, one finding and its suggestions."""
    treatments = [
        treatment(
            amount={"value": f"0.{k % 2 + 1}", "unit": "mL"}, injection_count=k % 2 + 1, area=("calf", "thigh")[k % 2]
        )
        for k in range(12)
    ]
    body, release = json.dumps(plan(session(*treatments, compression_days=1))).encode(), specimen()
    answer = json.loads(answer_to(body, release))
    assert [len(finding["suggestions"]) for finding in answer["findings"]] == [1], answer["findings"]
    return lambda: answer_to(body, release)


CASES: dict[str, Callable[[], Work]] = {"validate-12-treatments": twelve_treatments}


def calls_of(work: Work) -> int:
    """How many functions are called while the work is done."""
    calls = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    for _ in range(2):
        work()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def verdict(counted: int, bound: int) -> str | None:
    """What is wrong with a count, or None."""
    if counted > bound:
        return f"more than {bound}"
    return f"less than {bound} by more than a tenth: lower the bound" if counted < bound * 0.9 else None


def main() -> int:
    """Count every case; exit with 1 where one is out of its bounds, or has none."""
    known = yaml.safe_load(BOUNDS.read_text("utf-8"))
    bounds = {row["case"]: row["calls"] for row in known["items"]}
    is_judged = known["python"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    wrong = 0
    for name, case in CASES.items():
        counted = calls_of(case())
        problem = verdict(counted, bounds[name]) if name in bounds else "no bound"
        print(f"{name}: {counted} calls{f', {problem}' if problem else ''}")
        wrong += problem is not None
    return 1 if wrong and is_judged else 0


if __name__ == "__main__":
    sys.exit(main())
