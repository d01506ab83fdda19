"""Headers that are near to a right one in; out, whether any is let in, and whether a wrong secret can be told by time.

Each is sent to the application, and what HTTP can carry, to a server, too. Ends with 1 where one is not refused, or
where the time that it takes tells a wrong secret from an unknown key: python -m tests.key_variants --variants 5000
"""

import tests.alone  # noqa: F401 - sets Django up, so it comes first

# isort: split
import argparse
import logging
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

from django.db import connection

from api import keys
from api.authentication import Refusal, caller_by
from tests.asking import ask
from tests.partners import stored
from tests.servers import UNHINDERED, up
from tests.variants import unknown, variants, wrong_secret

WHOAMI = "/v1/whoami"
# A difference of this many standard errors comes by chance in 1 of 15,000 runs.
TOLD_APART = 4.0
# Where memory lies makes some differ by a nanosecond, in either direction from run to run: less than this share of some
# microseconds is nothing that shows through a network, however often it is measured.
LEAST_SEEN = 0.01
THEN = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> int:
    """Send the variants and take the times; exit with 1 where a promise does not hold."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--variants", type=int, default=5000)
    arguments.add_argument("--times", type=int, default=20_000, help="how often the time of each kind is taken")
    arguments.add_argument("--seed", type=int, default=20261127)
    asked = arguments.parse_args()
    logging.disable()  # each refusal is a line
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "db.sqlite3"
        with up(folder / "log", DATABASE_URL=f"sqlite:///{file}", **UNHINDERED) as server:
            server.until("Serving on")
            connection.settings_dict["NAME"] = str(file)
            live, others = a_key_of_each_state()
            found = [*variants(asked.variants, asked.seed, live, others)]
            kept = [
                refused_in_process(found, live),
                refused_by(server.port, found, live),
                times_are_alike(live, asked.times),
            ]
            connection.close()
            kept.append(not any(keys.id_of(key) in server.text() for key in (live, *others)))
    return 0 if all(kept) else 1


def a_key_of_each_state() -> tuple[str, list[str]]:
    """A live key, and keys that expired or were revoked."""
    live, expired, revoked = (keys.new_key(is_test) for is_test in (False, True, False))
    stored(live)
    stored(expired, created_at=THEN, expires_at=THEN.replace(month=2))
    stored(revoked, created_at=THEN, revoked_at=THEN.replace(month=2))
    return live, [expired, revoked]


def refused_in_process(found: Sequence[tuple[str, str]], live: str) -> bool:
    """Whether the application refuses every variant by a 401, and lets the right header in."""

    def status(header: str) -> tuple[int, bool]:
        answer = ask("GET", WHOAMI, HTTP_AUTHORIZATION=header)
        return answer.status, "WWW-Authenticate" in answer.headers

    return told("in the process", found, status, live)


def refused_by(port: int, found: Sequence[tuple[str, str]], live: str) -> bool:
    """Whether the server refuses every variant that HTTP can carry."""
    # Blanks around a value are no part of it; and a control character ends the connection.
    carried = [
        (kind, header) for kind, header in found if re.fullmatch(r"(?![ \t])[\t\x20-\x7e\x80-\xff]*(?<![ \t])", header)
    ]
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as http:

        def status(header: str) -> tuple[int, bool]:
            http.request("GET", WHOAMI, headers={"Authorization": header.encode("latin-1")})
            answer = http.getresponse()
            answer.read()
            return answer.status, answer.getheader("WWW-Authenticate") is not None

        return told("by a server", carried, status, live)


def told(where: str, found: Sequence[tuple[str, str]], status: Callable[[str], tuple[int, bool]], live: str) -> bool:
    """Print what became of variants, and whether none was let in."""
    not_refused = Counter(kind for kind, header in found if status(header) != (401, True))
    right = [status(f"{scheme} {live}")[0] for scheme in ("Bearer", "bearer")]
    kinds = len({kind for kind, _ in found})
    print(
        f"{where}: {len(found)} variants of {kinds} kinds, {not_refused.total()} not refused {dict(not_refused) or ''}"
    )
    return not not_refused and right == [200, 200]


def times_are_alike(live: str, times_each: int) -> bool:
    """Whether the time of a refusal tells nothing; it must tell a mistyped key, for which nothing is looked up.

    All have one prefix: to read that of a key for tests takes some nanoseconds more, and tells what everybody sees.
    """
    draw = random.Random(1)  # noqa: S311 - no secrets
    texts = {
        "unknown": [unknown(draw, live[: keys.PREFIX_LENGTH]) for _ in range(times_each)],
        "wrong secret": [wrong_secret(draw, live) for _ in range(times_each)],
        "mistyped": [mistyped(draw, live) for _ in range(times_each)],
    }
    times = {kind: list[int]() for kind in texts}
    for k in range(times_each):
        for kind in draw.sample([*texts], len(texts)):
            times[kind].append(time_to_refuse(f"Bearer {texts[kind][k]}"))
    for kind, taken in times.items():
        print(f"{kind}: {median(taken) / 1000:.2f} µs, the median of {len(taken)}")
    apart = standard_errors(times["unknown"], times["wrong secret"])
    seen = standard_errors(times["unknown"], times["mistyped"])
    print(f"unknown and wrong secret: {apart:+.1f} standard errors; a mistyped one is told apart by {seen:+.1f}")
    ratio = median(times["unknown"]) / median(times["wrong secret"])
    return (abs(apart) < TOLD_APART or abs(ratio - 1) < LEAST_SEEN) and abs(seen) > TOLD_APART


def mistyped(draw: random.Random, live: str) -> str:
    """A key whose checksum is wrong."""
    end = keys.CHECKSUM_LENGTH
    text = live[:-end] + "".join(draw.choices(keys.ALPHABET, k=end))
    return mistyped(draw, live) if keys.is_whole(text) else text


def time_to_refuse(header: str) -> int:
    """The nanoseconds that it takes to find that nobody has the key."""
    before = time.perf_counter_ns()
    try:
        caller_by(header)
    except Refusal:
        return time.perf_counter_ns() - before
    raise AssertionError("a key that never was is let in")


def standard_errors(these: Sequence[int], those: Sequence[int]) -> float:
    """How far two samples are apart, by the ranks of their members (Mann and Whitney), in standard errors of chance."""
    ranks = dict(ranked(sorted([*these, *those])))
    sum_of_ranks = sum(ranks[value] for value in these)
    one, other = len(these), len(those)
    expected = one * (one + other + 1) / 2
    return float((sum_of_ranks - expected) / (one * other * (one + other + 1) / 12) ** 0.5)


def ranked(values: Sequence[int]) -> Iterator[tuple[int, float]]:
    """Each value of a sorted sequence with its rank; of equal ones, the mean of theirs."""
    start = 0
    for value, count in Counter(values).items():
        yield value, start + (count + 1) / 2
        start += count


if __name__ == "__main__":
    sys.exit(main())
