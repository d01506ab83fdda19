"""A page in headless Chromium on screens of several sizes, by day and at night; out, what stands in somebody's way."""

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.chromium import Person
from tests.nginx import program

AXE = "axe-core@4.14.1"
SCREENS = [(width, colour) for width in (320, 1280) for colour in ("light", "dark")]
FOUND = (
    "axe.run().then(found => JSON.stringify(found.violations.map("
    "each => [each.id, each.nodes.length, each.nodes[0].html.slice(0, 200)])))"
)


def axe(folder: Path) -> str:
    """The script that finds what stands in somebody's way, from npm."""
    packed = [program("npm", "npm"), "pack", "--silent", AXE]
    name = subprocess.run(packed, cwd=folder, check=True, capture_output=True, text=True, timeout=120).stdout  # noqa: S603
    subprocess.run(["tar", "-xzf", name.split()[-1]], cwd=folder, check=True, timeout=60)  # noqa: S603, S607
    return (folder / "package" / "axe.min.js").read_text("utf-8")


def show(person: Person, width: int, colour: str) -> None:
    """Give somebody a screen of a width, by day or at night."""
    told = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    person.browser.do("Emulation.setDeviceMetricsOverride", person.session, **told)
    feature = [{"name": "prefers-color-scheme", "value": colour}]
    person.browser.do("Emulation.setEmulatedMedia", person.session, features=feature)


def awaited(person: Person, expression: str) -> Any:
    """What a promise of the page comes to."""
    said = person.browser.do(
        "Runtime.evaluate", person.session, expression=expression, awaitPromise=True, returnByValue=True
    )
    assert "exceptionDetails" not in said, (expression, said)
    return said["result"].get("value")


def faults(person: Person, script: str) -> list[Any]:
    """What axe finds on the page, and by how much the page is wider than the screen."""
    person.tell(f"{script};0")
    found: list[Any] = json.loads(awaited(person, FOUND))
    too_wide = person.tell("document.documentElement.scrollWidth - innerWidth")
    return found + ([["sideways", too_wide]] if too_wide > 0 else [])


def walked(person: Person, url: str, script: str, pictures: Path | None) -> Iterator[str]:
    """The faults of a page on each screen; the top of each is kept as a picture, where there is a folder for it."""
    for width, colour in SCREENS:
        show(person, width, colour)
        person.go(url)
        if pictures:
            shot = person.browser.do("Page.captureScreenshot", person.session, format="png")
            name = url.partition("//")[2].partition("/")[2].replace("/", "-") or "home"
            (pictures / f"{name}-{width}-{colour}.png").write_bytes(base64.b64decode(shot["data"]))
        yield from (f"{url} {width} {colour}: {each}" for each in faults(person, script))


def press_key(person: Person, key: str, code: int) -> None:
    """Press a key and let it go."""
    for kind in ("rawKeyDown", "keyUp"):
        told = {"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code}
        person.browser.do("Input.dispatchKeyEvent", person.session, **told)
