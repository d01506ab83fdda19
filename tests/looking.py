"""A page in headless Chromium on screens of several sizes, by day and at night; out, what stands in somebody's way."""

import json
import subprocess
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
KEYS = {"Tab": 9, "Enter": 13, "Space": 32, "ArrowRight": 39}
TYPED = {"Enter": "\r", "Space": " "}
MOST_TABS = 100


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


def faults(person: Person, script: str) -> list[Any]:
    """What axe finds on the page, and by how much the page is wider than the screen."""
    person.tell(f"{script};0")
    asked = {"expression": FOUND, "awaitPromise": True, "returnByValue": True}
    said = person.browser.do("Runtime.evaluate", person.session, **asked)
    found: list[Any] = json.loads(said["result"]["value"])
    too_wide = person.tell("document.documentElement.scrollWidth - innerWidth")
    return found + ([["sideways", too_wide]] if too_wide > 0 else [])


def press(person: Person, key: str) -> None:
    """Press a key and let it go."""
    told = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key], "text": TYPED.get(key, "")}
    person.browser.do("Input.dispatchKeyEvent", person.session, type="keyDown", **told)
    person.browser.do("Input.dispatchKeyEvent", person.session, type="keyUp", **told)


def tab_to(person: Person, selector: str) -> None:
    """Press Tab until what a selector finds has the focus."""
    for _ in range(MOST_TABS):
        press(person, "Tab")
        if person.tell(f"document.activeElement.matches({json.dumps(selector)})"):
            return
    raise AssertionError(f"{selector} is not reached by keys at {person.tell('location.href')}")


def follow(person: Person, selector: str) -> None:
    """Go by keys to a link that a selector finds, and open it."""
    tab_to(person, selector)
    with person.loading():
        press(person, "Enter")


def write(person: Person, text: str) -> None:
    """Write into the field that has the focus, over what is there."""
    person.tell("document.activeElement.select(); 0")
    person.browser.do("Input.insertText", person.session, text=text)
