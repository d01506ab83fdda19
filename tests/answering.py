"""A file of requests in, one a line; out, a line for each: digests of the answer's bytes, and of what it tells.

A process of its own for `tests.determinism`, which says by its environment on which database, and with which seed of
hashes. `--draw` prints such requests instead, made from the published content.

    python -m tests.answering requests.jsonl
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

from tests.asking import JSON, Answer, ask  # sets Django up, so it comes first

# isort: split
from api.releases import current
from tests.contract import OPERATIONS, needed, whole
from tests.laws import reordered
from tests.random_plans import random_plan

VALIDATE = "/v1/session-plans/validate"
SHUFFLES_OF_A_PLAN = 20
# Of the headers, all but the id of the request.
HEADERS = ("Content-Type", "Content-Length", "Content-Release", "ETag", "Cache-Control", "Vary")
Sent = dict[str, Any]  # path, body or None, and the names of those that must come to the same bytes, or tell the same


def drawn(shuffles: int) -> Iterator[Sent]:
    """A request to each address that is read; and plans, with their members, sessions and treatments shuffled."""
    for path, method, operation in OPERATIONS:
        declared = [whole(parameter) for parameter in operation.get("parameters", ())]
        values = {each["name"]: each["example"] for each in declared if each["in"] == "path"}
        if method == "get":
            query = urlencode(needed(operation))
            target = path.format(**values) + (f"?{query}" if query else "")
            yield {"path": target, "body": None, "same": path, "telling": path}
    content = current().content
    for seed in range(shuffles // SHUFFLES_OF_A_PLAN):
        plan = random_plan(Random(seed), content)  # noqa: S311 - plans, not secrets
        yield from (asked(plan, f"{seed}", seed, turn) for turn in range(SHUFFLES_OF_A_PLAN))
        other = in_another_order(plan, Random(seed))  # noqa: S311
        yield from (asked(other, f"{seed} in another order", seed, turn) for turn in range(2))


def asked(plan: Sent, same: str, seed: int, turn: int) -> Sent:
    """A plan as it is sent to be checked, with the members of every object shuffled; the first as it is."""
    shuffled = reordered(plan, Random(f"{seed}-{turn}")) if turn else plan  # noqa: S311
    return {"path": VALIDATE, "body": json.dumps(shuffled), "same": same, "telling": f"{seed}"}


def in_another_order(plan: Sent, random: Random) -> Sent:
    """The plan with its sessions, and the treatments of each, in another order."""
    sessions = [{**each, "treatments": shuffled(each["treatments"], random)} for each in plan["sessions"]]
    return {**plan, "sessions": shuffled(sessions, random)}


def shuffled(entries: list[Any], random: Random) -> list[Any]:
    return random.sample(entries, len(entries))


def told(answer: Answer) -> Any:
    """What an answer tells of a plan, less the places: these follow the order of what was sent."""
    body = json.loads(answer.body)
    alike = ("rule", "severity", "message", "observed", "also_exceeds", "headroom")
    findings = [
        [*(found[name] for name in alike), found["limit"]["slug"], len(found["contributing"])]
        for found in body["findings"]
    ]
    passed = [[each["rule"], each["limit"]["slug"], each["observed"]] for each in body["passed"]]
    open_ = [[each["rule"], each["reason"], each["leaves_incomplete"]] for each in body["not_evaluated"]]
    parts = [sorted(map(json.dumps, part)) for part in (findings, passed, open_)]
    return [body["verdict"], body["summary"], *parts, body["nearest_within_limits"] is None]


def digests(sent: Sent) -> tuple[str, str]:
    """Digests of the bytes of an answer with its headers, and of what it tells.

    Raises:
        AssertionError: it is no answer.
    """
    body = sent["body"]
    answer = ask("POST", sent["path"], body.encode(), **JSON) if body else ask("GET", sent["path"])
    assert answer.status == 200, (sent["path"], answer.body)
    headers = [f"{name}: {answer.headers.get(name)}" for name in HEADERS]
    whole_answer = "\n".join(headers).encode() + answer.body
    telling = json.dumps(told(answer)).encode() if body else answer.body
    return hashlib.sha256(whole_answer).hexdigest(), hashlib.sha256(telling).hexdigest()


def main() -> None:
    """Answer the requests of a file, or draw some."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--draw", type=int, metavar="SHUFFLES")
    chosen = parser.parse_args()
    if chosen.draw:
        for request in drawn(chosen.draw):
            print(json.dumps(request))
        return
    for line in chosen.file.read_text("utf-8").splitlines():
        print(*digests(json.loads(line)))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
