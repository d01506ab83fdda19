"""A page in headless Chromium in; out, what axe finds on it that stands in somebody's way."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.chromium import Person
from tests.nginx import program

AXE = "axe-core@4.14.1"
FOUND = (
    "axe.run().then(found => JSON.stringify(found.violations.map("
    "each => [each.id, each.nodes.length, each.nodes[0].html.slice(0, 200)])))"
)


def axe(folder: Path) -> str:
    """The script, from npm, as it is pinned here."""
    packed = [program("npm", "npm"), "pack", "--silent", AXE]
    name = subprocess.run(packed, cwd=folder, check=True, capture_output=True, text=True, timeout=120).stdout  # noqa: S603
    subprocess.run(["tar", "-xzf", name.split()[-1]], cwd=folder, check=True, timeout=60)  # noqa: S603, S607
    return (folder / "package" / "axe.min.js").read_text()


def violations(person: Person, script: str) -> list[Any]:
    """What axe finds on the page that somebody looks at."""
    person.tell(f"{script};0")
    asked = {"expression": FOUND, "awaitPromise": True, "returnByValue": True}
    said = person.browser.do("Runtime.evaluate", person.session, **asked)
    found: list[Any] = json.loads(said["result"]["value"])
    return found
