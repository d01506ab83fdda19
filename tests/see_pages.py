"""Every page for people that `/` leads to, in headless Chromium; out, what stands in somebody's way, and pictures.

    python -m tests.see_pages [--each-kind] [--pictures FOLDER]

Each is looked at 320 and 1280 px wide, by day and at night: by axe, which comes from npm, and whether it scrolls
sideways. `--each-kind` looks at one of those that are alike, such as one product, narrow at night and wide by day. Ends
with 1 where anything is found.
"""

import argparse
import re
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tests.chromium import visiting
from tests.looking import SCREENS, axe, faults, show
from tests.servers import UNHINDERED

# Beside what links lead to: forms that are filled in, and what is not there.
BESIDE = ("/try?example=asclera-four-ml", "/try?example=area-and-amount-only", "/facts/nowhere")
ALIKE = re.compile("(/facts/products/|/facts/limits/|/facts/contraindications/|/v1/problems/).+")
SHORT = ((320, "dark"), (1280, "light"))
NOT_OURS = "/docs/console"  # Swagger UI
LINK = re.compile('<a [^>]*href="([^"]+)"')


def kind_of(path: str) -> str:
    """What all pages that are alike have in common."""
    return ALIKE.sub(r"\1", path)


def page_at(address: str) -> str:
    """The text of a page; nothing, where something else is there."""
    asked = urllib.request.Request(address, headers={"Accept": "text/html"})  # noqa: S310 - our own server
    try:
        with urllib.request.urlopen(asked) as answer:  # noqa: S310 - our own server
            is_page = answer.headers.get_content_type() == "text/html"
            return answer.read().decode() if is_page else ""
    except urllib.error.HTTPError as refusal:
        refusal.close()
        assert refusal.code == 406, f"{address} is a {refusal.code}"  # JSON alone is there
        return ""


def pages(base: str, each_kind: bool) -> Iterator[str]:
    """The path of every page that links lead to, from `/` on."""
    coming, known = ["/"], {NOT_OURS}
    while coming:
        path = coming.pop(0)
        named = kind_of(path) if each_kind else path
        if named in known:
            continue
        known.add(named)
        if text := page_at(base + path):
            yield path
            links = map(urlsplit, LINK.findall(text))
            coming += [link.path for link in links if not link.netloc and not link.query and link.path]


def main() -> int:
    """Look at each page on each screen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each-kind", action="store_true")
    parser.add_argument("--pictures", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if chosen.pictures:
            chosen.pictures.mkdir(parents=True, exist_ok=True)
        script, screens = axe(folder), SHORT if chosen.each_kind else SCREENS
        with visiting(folder, **UNHINDERED) as (browser, base):
            person, seen, wrong = browser.person(), 0, 0
            for path in (*pages(base, chosen.each_kind), *BESIDE):
                seen += 1
                for width, colour in screens:
                    show(person, width, colour)
                    person.go(base + path)
                    if chosen.pictures:
                        name_of = re.sub("[^a-z0-9]+", "-", path.strip("/")) or "home"
                        person.picture(chosen.pictures / f"{name_of}-{width}-{colour}.png")
                    for fault in faults(person, script):
                        print(f"{path} {width} {colour}: {fault}")
                        wrong += 1
    print(f"{seen} pages on {len(screens)} screens: {wrong} faults")
    return 1 if wrong or not seen else 0


if __name__ == "__main__":
    raise SystemExit(main())
