"""The playground in headless Chromium: by keys alone, with scripts and without, by day and at night, wide and narrow.

Run: python -m tests.try_in_browser --pictures FOLDER. Ends with 1 where something is not as it is to be.
"""

import argparse
import json
import tempfile
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from tests.axe import axe, violations
from tests.chromium import Chromium, Person
from tests.released import released, url_of
from tests.servers import until, up

PATHS = {"empty": "/try", "review": "/try?example=asclera-four-ml", "open": "/try?example=area-and-amount-only"}
AMOUNT = "/sessions/0/treatments/0/amount/value"
HEADROOM = (
    "[...document.querySelectorAll('#answer li')].find(each => "
    "each.querySelector('a[href=\"/v1/session-limits/asclera-session-volume-max\"]'))?.querySelector('.headroom').innerText"
)
KEYS = {"Tab": 9, "Enter": 13}
MOST_TABS = 80


def look(person: Person, url: str, width: int, colour: str) -> None:
    """Load a page on a screen of a width, by day or at night."""
    told: dict[str, Any] = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    person.browser.do("Emulation.setDeviceMetricsOverride", person.session, **told)
    feature = [{"name": "prefers-color-scheme", "value": colour}]
    person.browser.do("Emulation.setEmulatedMedia", person.session, features=feature)
    person.go(url)


def press(person: Person, key: str) -> None:
    """Press a key."""
    told = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key], "text": "\r" if key == "Enter" else ""}
    person.browser.do("Input.dispatchKeyEvent", person.session, type="keyDown", **told)
    person.browser.do("Input.dispatchKeyEvent", person.session, type="keyUp", **told)


def tab_to(person: Person, selector: str) -> None:
    """Press Tab until what a selector finds has the focus."""
    for _ in range(MOST_TABS):
        press(person, "Tab")
        if person.tell(f"document.activeElement.matches({json.dumps(selector)})"):
            return
    raise AssertionError(f"{selector} is not reached by keys")


def write(person: Person, text: str) -> None:
    """Write into the field that has the focus, over what is there."""
    person.tell("document.activeElement.select(); 0")
    person.browser.do("Input.insertText", person.session, text=text)


def shows(person: Person, headroom: str) -> bool:
    """Whether the page shows this headroom under the label's volume of a session."""
    return bool(person.tell(HEADROOM) == headroom)


def with_scripts(person: Person, base: str) -> None:
    """Headroom follows the amount while it is typed; a suggestion is one key; no address ever has the plan."""
    look(person, f"{base}/try?example=asclera-within", 1280, "light")
    assert shows(person, "7 mL")
    tab_to(person, f'[name="{AMOUNT}"]')
    for amount, headroom in (("2", "8 mL"), ("12", "-2 mL")):
        write(person, amount)
        until(partial(shows, person, headroom))
    assert person.tell("document.activeElement.name") == AMOUNT
    assert "Outside published limits" in person.tell("document.querySelector('#said').innerText")
    write(person, "1e3")
    until(lambda: bool(person.tell(f"document.getElementById('faults:{AMOUNT}').innerText")))
    assert person.tell("document.activeElement.getAttribute('aria-invalid')") == "true"
    write(person, "12")
    until(partial(shows, person, "-2 mL"))
    tab_to(person, ".suggestion button")
    press(person, "Enter")
    until(lambda: bool(person.tell("document.querySelector('#answer .notice')")))
    assert person.tell("document.activeElement.id") == "answer"
    assert person.tell("location.search + location.hash") == "?example=asclera-within"
    tab_to(person, "#answer a.place")
    press(person, "Enter")
    assert person.tell("document.activeElement.closest('.plan') !== null")


def without_scripts(person: Person, base: str) -> None:
    """The same by sending the form, also by keys alone."""
    look(person, f"{base}/try", 1280, "light")
    person.tell("document.querySelector('[name$=\"/0/area\"]').value = 'leg'; 0")
    person.fill(AMOUNT.replace("value", "unit"), "cc")
    tab_to(person, f'[name="{AMOUNT}"]')
    write(person, "12")
    with person.loading():
        press(person, "Enter")
    assert person.tell("location.pathname + location.search + location.hash") == "/try#answer"
    assert "Outside published limits" in person.text()
    person.press(".suggestion button")
    assert "done, and checked again" in person.text()
    person.press('[value="add /sessions"]')
    assert person.tell("document.getElementById('/sessions/1/treatments/0/area') !== null")
    person.press("[value=keep]")
    assert "cannot be read yet" in person.text()


def looks(person: Person, base: str, script: str, pictures: Path) -> int:
    """Load each page on each screen; how many things are not as they are to be."""
    wrong = 0
    for (name, path), width, colour in product(PATHS.items(), (320, 1280), ("light", "dark")):
        look(person, base + path, width, colour)
        person.picture(pictures / f"try-{name}-{width}-{colour}.png")
        found = violations(person, script)
        too_wide = person.tell("document.documentElement.scrollWidth - innerWidth")
        for each in [*found, *([f"{too_wide} px too wide"] if too_wide > 0 else [])]:
            print(f"{path} {width} {colour}: {each}")
            wrong += 1
    return wrong


def main() -> int:
    """Walk through it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--database", type=Path, help="a SQLite file with releases; a new one where none is named")
    asked_for = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures = asked_for.pictures or folder
        pictures.mkdir(parents=True, exist_ok=True)
        url = url_of(asked_for.database or folder / "db.sqlite3")
        released(url)
        with up(folder / "log", "--workers", "1", DATABASE_URL=url) as server, Chromium(folder / "profile") as browser:
            base = f"http://127.0.0.1:{server.until('Serving on').port}"
            with_scripts(browser.person(), base)
            without_scripts(browser.person(has_scripts=False), base)
            wrong = looks(browser.person(), base, axe(folder), pictures)
    print(f"walked with scripts and without; {wrong} faults of {len(PATHS)} pages on four screens")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
