"""Bodies that no plan can be read from, as a plan, in a batch and in a comparison: how, and how soon, each is refused.

Ends with 1 where one is taken, its place is not told, or it takes the processor longer than 50 ms:

    python -m tests.try_bad_json
"""

import argparse
import gc
import sys
import time
from statistics import median

from tests.asking import JSON, Answer, ask  # sets Django up, so it comes first

# isort: split
from tests.bad_json import PLAN, every_request, placed, wrong
from tests.released import asked_for, options, processes
from tests.try_requests import silence

MOST_SECONDS = 0.05
TRIES = 5  # of one that was slow, since others use this machine, too


def timed(path: str, body: bytes) -> tuple[float, Answer]:
    """The seconds of the processor that a body took until it was answered, and the answer."""
    began = time.thread_time()
    answer = ask("POST", path, body, **JSON)
    return time.thread_time() - began, answer


def soonest(path: str, body: bytes) -> tuple[float, Answer]:
    """The same, tried again while it is slow."""
    for _ in range(TRIES):
        took, answer = timed(path, body)
        if took <= MOST_SECONDS:
            break
    return took, answer


def try_all() -> list[tuple[str, float, list[str]]]:
    """Each request in words, the seconds that it took, and what was wrong with its answer."""
    for path, body in placed(PLAN.encode()).items():
        timed(path, body)  # reads the releases
    gc.freeze()  # as in a process that serves
    outcomes = []
    for name, path, body, due in every_request():
        took, answer = soonest(path, body)
        found = wrong(path, body, due, answer)
        found += [f"{took * 1000:.0f} ms"] if took > MOST_SECONDS else []
        outcomes.append((f"{name}, {len(body)} bytes, to {path}", took, found))
    return outcomes


def main() -> int:
    """Try all, and say what went wrong, and how long they took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked = options(parser).parse_args()
    with asked_for(asked) as url, processes(url, silence, most=1) as pool:
        outcomes = pool.submit(try_all).result()
    for words, _, found in outcomes:
        for problem in found:
            print(f"{words}: {problem}")
    times = sorted(took for _, took, _ in outcomes)
    broken = sum(bool(found) for _, _, found in outcomes)
    words, most, _ = max(outcomes, key=lambda each: each[1])
    print(f"{len(times)} requests: median {median(times) * 1000:.1f} ms, slowest {most * 1000:.1f} ms ({words})")
    print(f"{broken} went wrong")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
