"""The reference in headless Chromium: how soon it is there on a slow line, without scripts, by keys; and the console.

Ends with 1 where something is not as it is to be: python -m tests.see_reference
"""

import sys
import tempfile
import time
from pathlib import Path

from tests.chromium import Chromium, Person, visiting
from tests.looking import follow, press, show, tab_to, write
from tests.servers import UNHINDERED, until

GROUPS = ("facts", "plans", "releases", "service")
PAGES = ("docs", *(f"docs/{group}" for group in GROUPS))
BITS_A_SECOND = 1_600_000
ROUND_TRIP = 150  # milliseconds, as on a mobile line
SOON = 1000  # milliseconds until what a page has first is to be seen
TIMES = 5  # tries, of which the best counts: the machine has more to do
IS_SEEN = "(e => e && e.getBoundingClientRect().height > 0)"


def how_soon(browser: Chromium, url: str) -> int:
    """Milliseconds from asking for a page on a slow line, with nothing kept, until all of it is shown."""
    person = browser.person()
    show(person, 1280, "light")
    browser.do("Network.enable", person.session)
    rate = BITS_A_SECOND / 8
    line = {"offline": False, "latency": ROUND_TRIP, "downloadThroughput": rate, "uploadThroughput": rate}
    browser.do("Network.emulateNetworkConditions", person.session, **line)
    person.go(url)
    until(lambda: bool(person.tell("performance.getEntriesByName('first-contentful-paint').length")))
    painted = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    there = "performance.getEntriesByType('navigation')[0].responseEnd"
    return int(person.tell(f"Math.max({painted}, {there})"))


def check_without_scripts(browser: Chromium, base: str) -> None:
    """Every operation is there to read, samples of one language are shown, and another language can be chosen."""
    person = browser.person(has_scripts=False)
    person.go(f"{base}/docs")
    operations = person.tell("document.querySelectorAll('.operations li').length")
    told = 0
    assert not person.tell(f"{IS_SEEN}(document.querySelector('form.search'))"), "a search that nothing answers"
    for group in GROUPS:
        person.go(f"{base}/docs/{group}")
        told += person.tell("document.querySelectorAll('.samples').length")
        for language in ("python", "swift"):
            person.tell(f"document.querySelector('#in-{language}').click(); 0")
            seen = person.tell(
                f"[...document.querySelectorAll('.samples pre')].filter({IS_SEEN}).map(e => e.className)"
            )
            assert set(seen) == {f"in-{language}"}, seen
    assert operations == told > 0, (operations, told)


def check_by_keys(person: Person, base: str) -> None:
    """Search, open what is found, and choose a language, by keys alone."""
    person.go(f"{base}/docs")
    press(person, "Tab")
    assert person.tell("document.activeElement.className") == "skip"
    tab_to(person, "#search")
    write(person, "unknown_slug")
    until(lambda: person.has(".search ol a"))
    follow(person, ".search ol a")
    assert person.tell("location.pathname + location.hash") == "/docs/service#FaultCode.unknown_slug"
    person.go(f"{base}/docs")
    tab_to(person, "[name=language]")
    press(person, "ArrowRight")
    assert person.tell(f"{IS_SEEN}(document.querySelector('.samples .in-python'))")


def check_console(person: Person, base: str) -> None:
    """An old link leads to the console, which is filled in with the first example, and sends it."""
    person.go(f"{base}/docs#/Plans/validate_session_plan")
    until(lambda: person.has("#operations-Plans-validate_session_plan textarea"))
    assert person.tell("location.pathname") == "/docs/console"
    operation = "document.querySelector('#operations-Plans-validate_session_plan')"
    assert '"12"' in person.tell(f"{operation}.querySelector('textarea').value")
    assert person.has(".operation-filter-input"), "no filter"
    person.tell(f"{operation}.querySelector('button.execute').click(); 0")
    until(
        lambda: "outside_limits" in person.tell(f"{operation}.querySelector('.live-responses-table')?.innerText ?? ''")
    )


def main() -> int:
    """Try all of it."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with visiting(folder, **UNHINDERED) as (browser, base):
            for page in PAGES:
                soon = min(how_soon(browser, f"{base}/{page}") for _ in range(TIMES))
                print(f"/{page}: shown after {soon} ms at {BITS_A_SECOND / 1e6} Mbit/s, {ROUND_TRIP} ms a round trip")
                found += [f"/{page} after {soon} ms"] if soon > SOON else []
            check_without_scripts(browser, base)
            check_by_keys(browser.person(), base)
            check_console(browser.person(), base)
    print("\n".join([*found, f"{len(PAGES)} pages, also without scripts and by keys; {len(found)} faults"]))
    return 1 if found else 0


if __name__ == "__main__":
    start = time.monotonic()
    failed = main()
    print(f"{time.monotonic() - start:.0f} s")
    sys.exit(failed)
