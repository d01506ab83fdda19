"""The playground in headless Chromium, by keys alone, with scripts and without.

Ends with 1 where something is not as it is to be: python -m tests.try_in_browser
"""

import argparse
import tempfile
from functools import partial
from pathlib import Path

from tests.chromium import Person, visiting
from tests.looking import press, tab_to, write
from tests.released import asked_for, options
from tests.servers import until

AMOUNT = "/sessions/0/treatments/0/amount/value"
HEADROOM = (
    "[...document.querySelectorAll('#answer li')].find(each => "
    "each.querySelector('a[href=\"/v1/session-limits/asclera-session-volume-max\"]'))?.querySelector('.headroom').innerText"
)


def shows(person: Person, headroom: str) -> bool:
    """Whether the page shows this headroom under the label's volume of a session."""
    return bool(person.tell(HEADROOM) == headroom)


def with_scripts(person: Person, base: str) -> None:
    """Headroom follows the amount while it is typed; a suggestion is one key; no address ever has the plan."""
    person.go(f"{base}/try?example=asclera-within")
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
    press(person, "Enter")
    until(lambda: bool(person.tell("document.activeElement.id === 'answer'")))
    assert shows(person, "-2 mL")
    tab_to(person, ".suggestion button")
    press(person, "Enter")
    until(lambda: person.has("#answer .notice"))
    assert person.tell("document.activeElement.id") == "answer"
    assert person.tell("location.search + location.hash") == "?example=asclera-within"
    tab_to(person, "#answer a.place")
    press(person, "Enter")
    assert person.tell("document.activeElement.closest('.plan') !== null")


def without_scripts(person: Person, base: str) -> None:
    """The same by sending the form, also by keys alone."""
    person.go(f"{base}/try")
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


def main() -> int:
    """Walk through it."""
    asked = options(argparse.ArgumentParser(description=__doc__)).parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        asked_for(asked) as url,
        visiting(Path(name), DATABASE_URL=url) as (browser, base),
    ):
        with_scripts(browser.person(), base)
        without_scripts(browser.person(has_scripts=False), base)
    print("the playground was walked by keys, with scripts and without")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
