"""Clients that follow the feed of changes through many releases, in Python and with Node's `fetch`, from a real server.

    python -m tests.sync_clients --releases 20 [--postgres]

Each release is another edit of the specimen. After each, both clients follow until there is no more, twice, and send
the ETag of what they have read. Exits with status 1 where one of them does not hold what was published, did not get the
304s that it was due, or does not end with what the bundle of the newest release has.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import django
import rfc8785
from django.core.management import call_command

from tests import postgres
from tests.commands import PROJECT
from tests.histories import Follower, history
from tests.released import url_of
from tests.servers import UNHINDERED, until, up


class PythonClient:
    """Follows by `urllib`, with the ETags of what it has read."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.kept: dict[str, tuple[str, Any]] = {}
        self.unchanged = 0
        self.follower = Follower()

    def get(self, path: str) -> Any:
        """The body of an answer; that which was read before, where it is the same still."""
        etag, body = self.kept.get(path, ("", None))
        try:
            with urlopen(Request(self.base + path, headers={"If-None-Match": etag} if etag else {})) as answer:  # noqa: S310 - our own server
                self.kept[path] = answer.headers["ETag"], json.load(answer)
        except HTTPError as error:
            if error.code != 304:
                raise
            self.unchanged += 1
            return body
        return self.kept[path][1]

    def step(self) -> dict[str, Any]:
        """Follow until there is no more; what is held then."""
        self.follower.catch_up(self.get)
        held = hashlib.sha256(rfc8785.dumps(self.follower.content())).hexdigest()
        return {"told": self.follower.digest, "held": held, "unchanged": self.unchanged}


class NodeClient:
    """Follows by Node's `fetch`, in a process of its own."""

    def __init__(self, base: str, stack: ExitStack) -> None:
        command = ["node", str(PROJECT / "tests" / "sync_clients.mjs"), base]
        self.process = stack.enter_context(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own program
        )
        stack.callback(self.process.kill)

    def step(self) -> dict[str, Any]:
        """Follow until there is no more; what is held then."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the client in JavaScript has ended"
        told: dict[str, Any] = json.loads(line)
        return told


def followed(base: str, asked: argparse.Namespace, stack: ExitStack) -> list[str]:
    """Publish and follow; what went wrong, in words."""
    clients: dict[str, PythonClient | NodeClient] = {
        "Python": PythonClient(base),
        "JavaScript": NodeClient(base, stack),
    }
    wrong: list[str] = []
    for number, content in enumerate(history(asked.start, asked.releases), 1):
        if number > 1:
            publish(number, content)
            until(lambda number=number: PythonClient(base).get("/v1")["release"]["number"] == number)  # type: ignore[misc]
        for name, client in clients.items():
            for _ in range(3):  # the second reads the empty page at the end, the third is told that it is so still
                told = client.step()
            if told["held"] != told["told"]:
                wrong.append(f"{name} holds another content than release {number}")
            if told["unchanged"] < number:
                wrong.append(f"{name} got {told['unchanged']} answers of 304 by release {number}")
    bundle = PythonClient(base).get(f"/v1/releases/{asked.releases}/bundle")
    digest = hashlib.sha256(rfc8785.dumps(bundle["resources"])).hexdigest()
    for name, client in clients.items():
        told = client.step()
        print(f"{name}: release {asked.releases}, {told['unchanged']} answers of 304, digest {told['held'][:16]}")
        if not digest == bundle["digest"] == told["held"]:
            wrong.append(f"{name} does not end with what the bundle has")
    return wrong


def publish(number: int, content: Any) -> None:
    """Freeze the content as the release of a number."""
    from api.models import Release
    from api.models.releases import SCHEMA, digest_of, withdrawn_with

    Release(
        number=number,
        published_at=datetime.now(UTC),
        note=f"Edit {number}",
        kind="clinical",
        schema=SCHEMA,
        digest=digest_of(content),
        payload=json.dumps(content),
        withdrawn=withdrawn_with(content),
    ).save()


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--releases", type=int, default=20)
    arguments.add_argument("--start", type=int, default=0, help="the seed of the history")
    arguments.add_argument("--postgres", action="store_true", help="on a PostgreSQL from pip instead of SQLite")
    asked = arguments.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = postgres.started(stack.callback) if asked.postgres else url_of(folder / "db.sqlite3")
        os.environ["DATABASE_URL"] = url
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sclero_service.settings")
        django.setup()
        call_command("migrate", verbosity=0)
        publish(1, next(history(asked.start, 1)))
        settings: dict[str, Any] = {"DATABASE_URL": url, **UNHINDERED}
        server = stack.enter_context(up(folder / "log", **settings))
        server.until("Serving on")
        wrong = followed(f"http://127.0.0.1:{server.port}", asked, stack)
    print("\n".join(wrong) or "Both held what was published, after each release.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
