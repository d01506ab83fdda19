"""The clock of the machine may jump: it tells days that are shown, and when keys end; no content hangs on it."""

import ast
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.test import Client

from api.models import Release
from api.releases import FrozenRelease

# Who may ask what time it is, and why a clock that jumps does no harm there.
ASKING = {
    "api/publishing/freeze.py": "the time of a release, which is never before that of the last one",
    "api/releases/store.py": "from when a release is shown, which is two seconds after it was read at most",
    "api/parsers.py": "whether the time that `as_of` names is past, else it is refused",
    "api/views/contract.py": "which reviews are overdue by now, which is shown; at what time nobody publishes any more",
    "api/ready.py": "which day it is, with which the answers end that tell what is overdue",
    "api/keyring.py": "when a key ends, which is chosen by the clock; and the day of its last use, which is shown",
    "api/models/partners.py": "when a key was issued or a list kept, which is shown; and that no key ends in the past",
    "api/migrations/0005_partners.py": "as in the model",
    "api/migrations/0008_house_limits.py": "as in the model",
    "api/management/commands/issue_key.py": "when a key ends, some days from now",
    "api/management/commands/list_keys.py": "which keys have ended, which is shown",
    "api/admin/partners.py": "which keys have ended, which is shown",
    "api/admin/facts.py": "which reviews are overdue or soon due, which is shown",
    "api/models/review.py": "when a step of the review was taken, which is shown",
    "api/migrations/0007_steps_of_the_review.py": "as in the model",
    "api/metrics.py": "when a process started, which Prometheus compares with its own clock",
    "api/management/exporting.py": "how old the release is by now, which is shown",
    "api/views/service.py": "until when security.txt holds, half a year ahead",
}
CLOCKS = {
    *("time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.ctime", "time.strftime"),
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "timezone.now", "timezone.localtime"),
}


def asks(path: str) -> bool:
    """Whether a module asks the clock of the machine."""
    tree = ast.parse((settings.BASE_DIR / path).read_text("utf-8"))
    named = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    taken = {
        f"{node.module}.{each.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for each in node.names
    }
    return any(name == clock or name.endswith(f".{clock}") for name in named | taken for clock in CLOCKS)


def test_nobody_else_asks_the_clock() -> None:
    modules = [path for folder in ("api", "sclero_service") for path in (settings.BASE_DIR / folder).rglob("*.py")]
    paths = [str(path.relative_to(settings.BASE_DIR)) for path in modules]
    assert {path for path in paths if asks(path)} == ASKING.keys()


@pytest.mark.parametrize("year", [1970, 2026, 9999])
def test_which_release_is_newest_is_told_by_its_number(year: int, specimen: FrozenRelease, client: Client) -> None:
    before = Release.objects.get(number=2)
    published_at = datetime(year, 1, 1, tzinfo=UTC)
    Release(3, published_at, "By a clock that jumped", before.digest, before.payload).save()
    assert client.get("/v1/areas")["Content-Release"] == "3"
    assert [row["number"] for row in client.get("/v1/releases").json()["items"]] == [1, 2, 3]
