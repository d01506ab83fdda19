"""Where the time of a check goes: the processor time of its parts, of a plan of 12 treatments with one finding.

    python -m tests.benchmarks.parts

Each part is done by itself, many times; of each the median is printed, and its share of the whole. It is the work
within the process, without the server and the layer in front.
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


def microseconds(work: Callable[[], Any]) -> float:
    """What the work takes, of the processor."""
    taken = []
    for _ in range(TIMES):
        began = time.thread_time_ns()
        work()
        taken.append(time.thread_time_ns() - began)
    return median(taken) / 1000


def main() -> int:
    """Print the parts."""
    body, release = json.dumps(plan()).encode(), specimen()
    read = read_at_once(body, release.book.vocabulary)
    assert read is not None
    given, book = read[0], release.book
    answer = check_plan(given, book)
    whole = microseconds(lambda: answer_to(body, release))
    reading = microseconds(lambda: read_at_once(body, book.vocabulary))
    judging = microseconds(lambda: evaluate_plan(given, book))
    briefly = microseconds(lambda: check_plan(given, book, NONE))
    in_full = microseconds(lambda: check_plan(given, book))
    parts = {
        "read the body, and know it canonical": reading,
        "judge the plan by the rules": judging,
        "prove suggestions, and tell of findings": briefly - judging,
        f"tell of {len(answer['passed'])} rules that are kept": in_full - briefly,
        "write the answer as JSON": microseconds(lambda: as_json(answer)),
    }
    parts["the rest: receipt, metrics"] = whole - sum(parts.values())
    print(f"| A check takes {whole:.0f} µs | µs | share |\n| --- | --- | --- |")
    for part, taken in parts.items():
        print(f"| {part} | {taken:.0f} | {taken / whole:.0%} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
