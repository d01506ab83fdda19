"""Where the time of a check goes: the processor time of its parts, of a plan of 12 treatments with one finding.

    python -m tests.benchmarks.parts

Each part is done by itself, many times, in turns; of each the median is printed, and its share of the whole. It is the
work within the process, without the server and the layer in front.
"""

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from tests import alone  # noqa: F401 - sets Django up, so it comes first

# isort: split
import json

from api.checking import answer_to, read_at_once
from api.rendering import as_json
from api.rules import check_plan
from api.rules.answer import NONE
from api.rules.evaluate import evaluate_plan
from tests.benchmarks.lanes import plan
from tests.counted_work import specimen

TIMES = 1000


def microseconds(works: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """What each work takes of the processor; they take turns, since others may slow it down meanwhile."""
    taken: dict[str, list[int]] = {name: [] for name in works}
    for _ in range(TIMES):
        for name, work in works.items():
            began = time.thread_time_ns()
            work()
            taken[name].append(time.thread_time_ns() - began)
    return {name: median(each) / 1000 for name, each in taken.items()}


def main() -> int:
    """Print the parts."""
    body, release = json.dumps(plan()).encode(), specimen()
    book = release.book
    read = read_at_once(body, book.vocabulary)
    assert read is not None
    given, _ = read
    answer = check_plan(given, book)
    took = microseconds(
        {
            "whole": lambda: answer_to(body, release),
            "read": lambda: read_at_once(body, book.vocabulary),
            "judge": lambda: evaluate_plan(given, book),
            "check": lambda: check_plan(given, book, NONE),
            "check, and list what is kept": lambda: check_plan(given, book),
            "write": lambda: as_json(answer),
        }
    )
    parts = {
        "read the body, and write it in canonical form": took["read"],
        "judge the plan by the rules": took["judge"],
        "prove suggestions, and tell of findings": took["check"] - took["judge"],
        f"tell of {len(answer['passed'])} rules that are kept": took["check, and list what is kept"] - took["check"],
        "write the answer as JSON": took["write"],
    }
    parts["the rest: receipt, metrics"] = took["whole"] - sum(parts.values())
    print(f"| Of a check that takes {took['whole']:.0f} µs | µs | share |\n| --- | --- | --- |")
    for part, each in parts.items():
        print(f"| {part} | {each:.0f} | {each / took['whole']:.0%} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
