"""The laws, and the reference implementation, on many plans. Run: python -m tests.try_laws --plans 20000"""

import argparse
import multiprocessing
import os
import sys
from typing import Any

from tests.mutants import packaged_content  # sets Django up, so it comes first

# isort: split
from api.rules import Book
from tests.laws import LAWS, broken_laws, disagreement
from tests.reference import Reference

_state: dict[str, Any] = {}


def main() -> int:
    """Try the laws on every core; exit with 1 where one is broken.

    The reference implementation, which is slower, is held to every fifth plan.
    """
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--plans", type=int, default=20_000)
    arguments.add_argument("--start", type=int, default=0)
    asked = arguments.parse_args()
    content = packaged_content()
    _state.update(content=content, book=Book(content), reference=None)  # each process opens its own reference one
    with multiprocessing.get_context("fork").Pool(os.cpu_count() or 1) as pool:
        found = pool.imap(_broken, range(asked.start, asked.start + asked.plans), chunksize=50)
        problems = [problem for several in found for problem in several]
    for problem in problems[:20]:
        print(problem)
    print(f"{asked.plans} plans, {len(LAWS)} laws, {len(problems)} broken")
    return 1 if problems else 0


def _broken(seed: int) -> list[str]:
    """What breaks a law on the plan of a seed."""
    book, content = _state["book"], _state["content"]
    problems = broken_laws(seed, book, content)
    if seed % 5 == 0:
        _state["reference"] = _state["reference"] or Reference(content)
        problems += disagreement(seed, book, content, _state["reference"])
    return problems


if __name__ == "__main__":
    sys.exit(main())
