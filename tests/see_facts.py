"""Pages of facts in headless Chromium; out, what axe finds on each, whether it scrolls sideways, and pictures of it.

Takes axe from npm, as it is pinned here. Ends with 1 where anything is found: python -m tests.see_facts [FOLDER]
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.chromium import Chromium, Person
from tests.nginx import program
from tests.servers import up

AXE = "axe-core@4.14.1"
PAGES = (
    *("", "facts", "facts/products", "facts/products/aethoxysklerol", "facts/products/glycerin", "facts/limits"),
    *("facts/limits/fibrovein", "facts/coverage", "facts/areas", "facts/vein-types", "facts/result-durations"),
    *("facts/contraindications", "facts/contraindications/pregnancy", "facts/claims", "facts/questions"),
    *("facts/ingredients", "facts/rules", "facts/sources", "facts/nowhere"),
)
WIDTHS = (320, 1280)
COLOURS = ("light", "dark")
FOUND = (
    "axe.run().then(found => JSON.stringify(found.violations.map("
    "each => [each.id, each.nodes.length, each.nodes[0].html.slice(0, 200)])))"
)


def axe(folder: Path) -> str:
    """The script that finds what stands in somebody's way."""
    packed = [program("npm", "npm"), "pack", "--silent", AXE]
    name = subprocess.run(packed, cwd=folder, check=True, capture_output=True, text=True, timeout=120).stdout  # noqa: S603
    subprocess.run(["tar", "-xzf", name.split()[-1]], cwd=folder, check=True, timeout=60)  # noqa: S603, S607
    return (folder / "package" / "axe.min.js").read_text()


def look(person: Person, url: str, width: int, colour: str) -> None:
    """Load a page on a screen of a width, by day or at night."""
    told = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    person.browser.do("Emulation.setDeviceMetricsOverride", person.session, **told)
    feature = [{"name": "prefers-color-scheme", "value": colour}]
    person.browser.do("Emulation.setEmulatedMedia", person.session, features=feature)
    person.go(url)


def faults(person: Person, script: str) -> list[Any]:
    """What axe finds on the page, and by how much the page is wider than the screen."""
    person.tell(f"{script};0")
    said = person.browser.do(
        "Runtime.evaluate", person.session, expression=FOUND, awaitPromise=True, returnByValue=True
    )
    found: list[Any] = json.loads(said["result"]["value"])
    too_wide = person.tell("document.documentElement.scrollWidth - innerWidth")
    return found + ([["sideways", too_wide]] if too_wide > 0 else [])


def main() -> None:
    """Look at each page on each screen."""
    found = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kept = Path(sys.argv[1]) if len(sys.argv) > 1 else folder
        script = axe(folder)
        url = f"sqlite:///{folder / 'db.sqlite3'}"
        with up(folder / "log", DATABASE_URL=url) as server, Chromium(folder / "profile") as browser:
            server.until("Serving on")
            person = browser.person()
            for page in PAGES:
                for width in WIDTHS:
                    for colour in COLOURS:
                        look(person, f"http://127.0.0.1:{server.port}/{page}", width, colour)
                        person.picture(kept / f"{page.replace('/', '-') or 'home'}-{width}-{colour}.png")
                        wrong = faults(person, script)
                        found += len(wrong)
                        for each in wrong:
                            print(f"/{page} {width} {colour}: {each}")
    print(f"{len(PAGES)} pages, {len(WIDTHS)} widths, {len(COLOURS)} colours: {found} faults")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
