"""How long a search of the packaged content takes: the queries of `searches.yaml` and every title, twenty hits each.

Ends with 1 where the processor works on one of them for more than 5 ms: python -m tests.search_times
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import yaml

from tests.mutants import packaged_content  # sets Django up, so it comes first

# isort: split
from api.search import Index, title_of
from api.serializers import FACTS
from api.views.search import USUAL_ON_A_PAGE

MOST_MILLISECONDS = 5.0
TIMES = 5


def milliseconds(work: Callable[[], object]) -> float:
    """What the work takes of the processor's time, whoever else is at work: the median of several times."""
    taken = []
    for _ in range(TIMES):
        began = time.thread_time()
        work()
        taken.append(1000 * (time.thread_time() - began))
    return median(taken)


def first_page(index: Index, query: str) -> None:
    """What a search finds, as its first page has it."""
    found = index.find(query)
    for place in found.places[:USUAL_ON_A_PAGE]:
        index.hit(place, found.words)


def main() -> int:
    """Print the slowest; 1 where it is too slow."""
    table = yaml.safe_load(Path(__file__).with_name("searches.yaml").read_text("utf-8"))["items"]
    facts = {name: rows for name, rows in packaged_content().items() if name in FACTS}
    index = Index(facts)
    queries = [entry["query"] for entry in table] + [title_of(row) for rows in facts.values() for row in rows]
    taken = sorted((milliseconds(lambda query=query: first_page(index, query)), query) for query in queries)  # type: ignore[misc]
    slowest, query = taken[-1]
    print(
        f"{len(queries)} queries: median {median(each for each, _ in taken):.2f} ms, slowest {slowest:.2f} ms ({query})"
    )
    print(f"making the index: {milliseconds(lambda: Index(facts)):.0f} ms")
    return 0 if slowest <= MOST_MILLISECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
