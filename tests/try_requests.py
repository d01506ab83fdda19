"""Requests to every address, spoilt by chance and asked of the application itself: none may break a promise.

Each is asked of Django alone, too, and twice of what stands before it: these must answer the same.

The same seed makes the same request. Ends with 1 where a promise is broken, or where next to nothing was answered:

    python -m tests.try_requests --requests 100000 --postgres
"""

import argparse
import io
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from tests.asking import Answer, Broken, application, ask, django  # sets Django up, so it comes first

# isort: split
import json

from api.releases import current
from tests.promises import broken, differing
from tests.released import asked_for, options, processes
from tests.spoilt_requests import Request, request_of

AT_ONCE = 100
LEAST_ANSWERED = 0.05
_noted: list[logging.LogRecord] = []


class Outcome(NamedTuple):
    """What became of some requests: how many had each status and code, and what was broken by which."""

    counts: Counter[str]
    problems: list[str]


def note(*args: Any, **named: Any) -> logging.LogRecord:
    """Make a record of the log, and note it."""
    _noted.append(logging.LogRecord(*args, **named))
    return _noted[-1]


def silence() -> None:
    """Note what this process logs instead of writing it."""
    logging.setLogRecordFactory(note)
    for logger in (logging.getLogger(), *map(logging.getLogger, logging.root.manager.loggerDict)):
        logger.handlers = [logging.NullHandler()]


def sent(request: Request, of: Callable[..., Any] = application) -> Answer:
    """The answer to a request."""
    target = f"{request.path}?{request.query}" if request.query else request.path
    stream = Broken() if request.leaves else io.BytesIO(request.body)
    return ask(request.method, target, request.body, stream, of, **request.headers)


def problems_of(request: Request, answer: Answer) -> Iterator[str]:
    """What the answer to a request breaks, whether it is another than Django's, and what was logged in vain."""
    by_django = sent(request, django)
    for again in (answer, sent(request)):
        yield from differing(by_django, again)
    path = unquote_to_bytes(request.path.encode("latin-1")).decode("latin-1")
    yield from broken(request.method, path, request.body, answer)
    for record in _noted:
        if record.exc_info or record.levelno > logging.WARNING:
            yield f"a traceback or an error in the log: {record.getMessage()[:200]}"


def try_some(seeds: range) -> Outcome:
    """What became of the requests of some seeds."""
    outcome = Outcome(Counter(), [])
    for seed in seeds:
        _noted.clear()
        request = request_of(seed, current().content)
        try:
            answer = sent(request)
            found = [*problems_of(request, answer)]
        except Exception as error:
            found = [f"raised {type(error).__name__}: {error}"]
        else:
            code = json.loads(answer.plain).get("code", "") if answer.status >= 400 else ""
            outcome.counts[f"{answer.status} {code}".strip()] += 1
        outcome.problems.extend(f"seed {seed}: {problem[:400]}\n  {request}" for problem in found)
    return outcome


def try_all(seeds: range, url: str) -> Outcome:
    """What became of the requests of all seeds, tried on every core."""
    total = Outcome(Counter(), [])
    some = [seeds[k : k + AT_ONCE] for k in range(0, len(seeds), AT_ONCE)]
    with processes(url, silence) as pool:
        for outcome in pool.map(try_some, some):
            total.counts.update(outcome.counts)
            total.problems.extend(outcome.problems)
    return total


def main() -> int:
    """Try as many as asked for, and say what became of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--start", type=int, default=0, help="the first seed")
    asked = options(parser).parse_args()
    with asked_for(asked) as url:
        began = time.monotonic()
        outcome = try_all(range(asked.start, asked.start + asked.requests), url)
        took = time.monotonic() - began
    for status, count in sorted(outcome.counts.items()):
        print(f"{count:8} {status}")
    for problem in outcome.problems[:20]:
        print(problem)
    print(f"{asked.requests} requests in {took:.0f} s, {len(outcome.problems)} promises broken")
    return 1 if outcome.problems or outcome.counts["200"] < LEAST_ANSWERED * asked.requests else 0


if __name__ == "__main__":
    sys.exit(main())
