"""Two people in headless Chromium change a limit: edited, refused to its author, approved, published, dumped.

Run: python -m tests.admin_walk --pictures FOLDER. Ends with 1 where something is not as it is to be.
"""

import argparse
import json
import shutil
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

from tests.accounts import PASSWORD
from tests.chromium import Person, visiting
from tests.commands import PROJECT, python
from tests.servers import until

LIMIT = "asclera-session-volume-max"
ROW = f"session-limits/{LIMIT}"
OTHER = "clinic-session-volume-max"  # which the named plan breaks, too
FLIPS = "asclera-volume-over"
REVIEW = "/admin/api/reviewstep/"
PLAN = {
    "rule_sets": ["label"],
    "sessions": [{"treatments": [{"area": "leg", "product": "asclera", "amount": {"value": "11", "unit": "mL"}}]}],
}


def prepare(**chosen: Any) -> None:
    """A database with a small content, published, and accounts."""
    for module in ("tests.small_database", "tests.accounts"):
        run = python("-m", module, **chosen)
        assert run.returncode == 0, run.stderr


def log_in(person: Person, base: str, name: str) -> None:
    """Log somebody in."""
    person.go(f"{base}/admin/")
    person.fill("username", name)
    person.fill("password", PASSWORD)
    person.press("[type=submit]")
    assert "log out" in person.text().lower()


def asked(base: str, path: str, body: Any = None) -> Any:
    """What the API answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base + path, data, {"Content-Type": "application/json"})  # noqa: S310 - our own
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.loads(answer.read())


def breaks_the_limit(base: str) -> bool:
    """Whether a plan of 11 mL breaks the limit."""
    return LIMIT in json.dumps(asked(base, "/v1/session-plans/validate", PLAN)["findings"])


def edit(author: Person, base: str, pictures: Path) -> None:
    """Find the limit, and change its number."""
    author.go(f"{base}/admin/")
    author.picture(pictures / "1-index.png")
    author.go(f"{base}/admin/api/sessionlimit/?q=asclera-session")
    author.picture(pictures / "2-list.png")
    for slug in (LIMIT, OTHER):
        author.go(f"{base}/admin/api/sessionlimit/{slug}/change/")
        author.picture(pictures / "3-form.png")
        author.fill("value", "12")
        author.press("[name=_save]")
        assert "was changed successfully" in author.text(), author.text()
    author.go(f"{base}/admin/api/contraindication/pregnancy/change/")
    author.picture(pictures / "4-rulings.png")


def hand_in(author: Person, base: str, pictures: Path) -> None:
    """See what flips, say that it is meant, and hand the change in."""
    author.go(base + REVIEW)
    author.picture(pictures / "5-preview.png")
    shown = author.text()
    assert ROW in shown, shown
    assert FLIPS in shown, shown
    assert author.tick("[name=plan]") > 0
    author.press("[value=expect]")
    author.press("a[href='?proof=1']")
    author.picture(pictures / "6-proof.png")
    assert author.tick("[name=loosens]") > 0, author.text()
    author.fill("note", "The label of this year says 12 mL")
    author.press("[value=hand-in]")
    assert "Handed in" in author.text(), author.text()


def review(author: Person, reviewer: Person, base: str, pictures: Path) -> None:
    """Be refused to approve one's own change; let another approve and publish it."""
    author.tick("[name=loosens]")
    author.press("[value=approve]")
    author.picture(pictures / "7-refused.png")
    assert "another person must" in author.text(), author.text()
    reviewer.go(base + REVIEW)
    reviewer.press("[value=approve]")
    assert "was not ticked" in reviewer.text(), reviewer.text()
    reviewer.tick("[name=loosens]")
    reviewer.press("[value=approve]")
    reviewer.picture(pictures / "8-approved.png")
    assert "Approved." in reviewer.text(), reviewer.text()
    reviewer.fill("note", "nothing")
    reviewer.tell("document.querySelector('#note').value = 'Asclera: 12 mL in a session'; 0")
    reviewer.press("[value=publish]")
    reviewer.picture(pictures / "9-published.png")
    assert "Published as release 2" in reviewer.text(), reviewer.text()


def check_fixtures(folder: Path, **chosen: Any) -> None:
    """What was published is dumped, and loading that changes nothing, neither in the files nor for a release."""
    fixtures = Path(shutil.copytree(PROJECT / "fixtures", folder / "fixtures"))
    for command in (("dump_content",), ("load_content",), ("dump_content", "--check")):
        run = python("manage.py", command[0], str(fixtures), *command[1:], **chosen)
        assert run.returncode == 0, run.stderr
    refused = python("manage.py", "publish", "--note", "What was loaded", **chosen)
    assert "nothing changed since release 2" in refused.stderr, refused.stderr
    text = (fixtures / "session-limits.yaml").read_text("utf-8")
    assert 'value: "12"' in text.partition(f"slug: {LIMIT}\n")[2][:400]


def main() -> None:
    """Walk it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--pictures", type=Path, help="a folder for pictures of the pages")
    asked_for = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures = asked_for.pictures or folder
        pictures.mkdir(parents=True, exist_ok=True)
        chosen: dict[str, Any] = {"ADMIN": "on", "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}"}
        prepare(**chosen)
        with visiting(folder, **chosen) as (browser, base):
            assert breaks_the_limit(base)
            author, reviewer = browser.person(has_scripts=False), browser.person(has_scripts=False)
            log_in(author, base, "all")
            log_in(reviewer, base, "ben")
            edit(author, base, pictures)
            hand_in(author, base, pictures)
            review(author, reviewer, base, pictures)
            until(lambda: bool(asked(base, "/v1")["release"]["number"] == 2))
            values = [asked(base, f"/v1/session-limits/{LIMIT}{query}")["value"] for query in ("?release=1", "")]
            assert values == ["10", "12"], values
            assert not breaks_the_limit(base)
        check_fixtures(folder, **chosen)
    print("edited, previewed, refused to its author, approved, published, served, dumped")


if __name__ == "__main__":
    main()
