"""A developer who comes to `/` and knows nothing else, in headless Chromium, by keys alone: links and what is copied.

    python -m tests.front_door [--pictures FOLDER]

From `/` to the first guide, whose samples are pasted into a shell and print what the guide says; to the reference,
whose sample is copied and checks a plan; to the playground, where a plan is filled in and checked. On each screen.
Ends with 1 where something is not as it is to be.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

from tests.chromium import Person, visiting
from tests.commands import PATIENCE
from tests.looking import SCREENS, follow, press, show, tab_to, write
from tests.servers import UNHINDERED, until

SAMPLES = (
    "JSON.stringify([...document.querySelectorAll('main figure')].map("
    "each => [each.querySelector('figcaption').innerText, each.querySelector('code').innerText]))"
)
SERVES = "npx"  # a mock, which `tests.run_docs` runs
TREATMENT = "/sessions/0/treatments/0"


def pasted(code: str, folder: Path) -> str:
    """What a shell prints."""
    command = ["bash", "-ec", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=PATIENCE)  # noqa: S603
    return done.stdout


def first_guide(person: Person, folder: Path) -> int:
    """Paste every sample for a shell of the guide; how many printed what it says that they print."""
    samples: list[tuple[str, str]] = json.loads(person.tell(SAMPLES))
    held = 0
    for (language, code), (next_one, printed) in zip(samples, [*samples[1:], ("", "")], strict=True):
        if language == "Shell" and not code.startswith(SERVES):
            said = pasted(code, folder)
            if next_one == "Prints":
                assert said.split() == printed.split(), (said, printed)
                held += 1
    assert '"verdict":"outside_limits"' in (folder / "answer.json").read_text("utf-8")
    return held


def reference(person: Person, folder: Path) -> None:
    """Copy the first sample by its button, and paste it."""
    tab_to(person, ".samples button")
    press(person, "Enter")
    until(lambda: person.tell("document.activeElement.innerText") != "Copy")
    asked = {"expression": "navigator.clipboard.readText()", "awaitPromise": True, "returnByValue": True}
    copied = person.browser.do("Runtime.evaluate", person.session, **asked)["result"]["value"]
    assert '"verdict":"outside_limits"' in pasted(copied, folder)


def playground(person: Person) -> None:
    """Fill in an area and an amount, and read what is said of them."""
    tab_to(person, f'[name="{TREATMENT}/area"]')
    for letter in "Leg":
        person.browser.do("Input.dispatchKeyEvent", person.session, type="keyDown", text=letter, key=letter)
    assert person.tell("document.activeElement.value") == "leg"
    tab_to(person, f'[name="{TREATMENT}/amount/value"]')
    write(person, "12")
    tab_to(person, f'[name="{TREATMENT}/amount/unit"]')
    for letter in "cc":
        person.browser.do("Input.dispatchKeyEvent", person.session, type="keyDown", text=letter, key=letter)
    tab_to(person, ".ends button")
    press(person, "Enter")
    until(lambda: "Outside published limits" in person.tell("document.querySelector('#answer').innerText"))


def main() -> int:
    """Walk the way on each screen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures = chosen.pictures or folder
        pictures.mkdir(parents=True, exist_ok=True)
        with visiting(folder, **UNHINDERED) as (browser, base):
            for width, colour in SCREENS:
                person = browser.person()
                person.may_copy(base)
                show(person, width, colour)

                def keep(step: str, person: Person = person, screen: str = f"{width}-{colour}") -> None:
                    person.picture(pictures / f"way-{step}-{screen}.png")

                person.go(f"{base}/")
                keep("1-home")
                follow(person, 'main a[href="/guides/getting-started"]')
                keep("2-guide")
                held = first_guide(person, folder)
                follow(person, 'a[href="/docs"]')
                reference(person, folder)
                keep("3-reference")
                follow(person, 'a[href="/try"]')
                playground(person)
                keep("4-playground")
                print(f"{width} px, {colour}: a plan was checked by {held} samples, the reference and the playground")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
