"""Keys by command: issued and shown once, listed without what is secret, revoked everywhere within two seconds."""

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from api import keys
from api.models import Partner, PartnerKey
from tests.commands import manage
from tests.partners import READER, SAMPLE, stored
from tests.servers import Up, up

THEN = datetime(2026, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def run(capsys: pytest.CaptureFixture[str], *command: str) -> tuple[str, str]:
    """What a command prints: its output, and what it tells beside."""
    call_command(*command)
    printed = capsys.readouterr()
    return printed.out, printed.err


def test_a_key_is_the_only_output_and_is_kept_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    out, told = run(capsys, "issue_key", "clinic-apps", "--name", "Clinic Apps")
    text = out.removesuffix("\n")
    assert keys.is_whole(text)
    assert text.startswith("scl_live_")
    assert Partner.objects.get().name == "Clinic Apps"
    row = PartnerKey.objects.values().get()
    assert (row["id"], row["digest"]) == (keys.id_of(text), keys.digest_of(text))
    assert (row["scopes"], row["is_test"], row["expires_at"]) == ("content validate", False, None)
    assert not any(text[19:] in str(value) for value in row.values())
    assert told.splitlines() == [
        "clinic-apps is a new partner.",
        f"Key {keys.id_of(text)} of clinic-apps, for content validate, does not end by itself. It is shown this once, "
        "and kept nowhere:",
    ]


@pytest.mark.parametrize(
    ("options", "columns"),
    [
        (["--test"], {"is_test": True}),
        (["--scopes", "validate"], {"scopes": "validate"}),
        (["--scopes", "validate, content"], {"scopes": "content validate"}),
        (["--expires", "2100-12-31"], {"expires_at": datetime(2101, 1, 1, tzinfo=UTC)}),
    ],
)
def test_what_is_chosen_of_a_key_is_kept(
    capsys: pytest.CaptureFixture[str], options: list[str], columns: dict[str, Any]
) -> None:
    Partner.objects.create(slug="clinic-apps")
    out, told = run(capsys, "issue_key", "clinic-apps", *options)
    assert out.startswith("scl_test_" if "--test" in options else "scl_live_")
    assert columns.items() <= PartnerKey.objects.values().get().items()
    assert "new partner" not in told


def test_a_key_may_end_after_days(capsys: pytest.CaptureFixture[str]) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    _, told = run(capsys, "issue_key", "clinic-apps", "--days", "30")
    ends = PartnerKey.objects.get().expires_at
    assert ends is not None
    assert before <= ends - timedelta(days=30) <= datetime.now(UTC)
    assert f"ends {ends:%Y-%m-%dT%H:%M:%SZ}" in told


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--scopes", "banana"], "--scopes must be one or more of content, validate"),
        (["--scopes", ""], "--scopes must be"),
        (["--scopes", "content,"], "--scopes must be"),
        (["--days", "0"], "--days must be a whole number from 1 to 36500"),
        (["--days", "-1"], "--days must be"),
        (["--days", "36501"], "--days must be"),
        (["--days", "1.5"], "--days must be"),
        (["--days", "\u0661"], "--days must be"),
        (["--days", "9" * 5000], "--days must be"),
        (["--expires", "2026-02-30"], "--expires must be a day as YYYY-MM-DD"),
        (["--expires", "20990101"], "--expires must be"),
        (["--expires", "2099-W01-1"], "--expires must be"),
        (["--expires", "9999-12-31"], "--expires must be"),
        (["--expires", "2099-01-01\n"], "--expires must be"),
        (["--expires", "2026-01-01"], "A key must end in the future"),
        (["--expires", "2099-01-01", "--days", "1"], "not allowed with"),
    ],
)
def test_what_is_wrong_with_a_key_is_told_and_nothing_is_written(options: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=re.escape(words)):
        call_command("issue_key", "clinic-apps", *options)
    assert not Partner.objects.exists()


@pytest.mark.parametrize("slug", ["Clinic", "clinic apps", "", "clinic_apps", "-", "a--b", "a" * 101])
def test_what_is_no_slug_is_no_partner(slug: str) -> None:
    with pytest.raises(CommandError):
        call_command("issue_key", "--", slug)
    assert not Partner.objects.exists()


def test_a_partner_who_is_there_keeps_the_name() -> None:
    Partner.objects.create(slug="clinic-apps", name="Clinic Apps")
    with pytest.raises(CommandError, match="clinic-apps is there already"):
        call_command("issue_key", "clinic-apps", "--name", "Others")
    assert Partner.objects.get().name == "Clinic Apps"


@pytest.fixture
def four(db: None) -> None:
    """A live key, an expired one and a revoked one of a partner, and a live one of another."""
    stored(SAMPLE, created_at=THEN, last_used_on="2026-03-04")
    stored(keys.new_key(False), created_at=THEN.replace(day=2), expires_at=THEN.replace(month=2))
    stored(keys.new_key(False), created_at=THEN.replace(day=3), revoked_at=THEN.replace(month=2))
    stored(READER, "research", scopes="content", created_at=THEN, expires_at=datetime(2100, 1, 1, tzinfo=UTC))


@pytest.mark.usefixtures("four")
def test_keys_are_listed_with_their_state_and_nothing_secret(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = run(capsys, "list_keys")
    heading, *lines = out.splitlines()
    assert re.split("  +", heading) == ["id", "partner", "kind", "scopes", "state", "issued", "expires", "last used"]
    table = [re.split("  +", line)[1:] for line in lines]
    both = "content,validate"
    assert table == [
        ["clinic-apps", "test", both, "live", "2026-01-01", "-", "2026-03-04"],
        ["clinic-apps", "live", both, "expired", "2026-01-02", "2026-02-01T00:00Z", "-"],
        ["clinic-apps", "live", both, "revoked", "2026-01-03", "-", "-"],
        ["research", "live", "content", "live", "2026-01-01", "2100-01-01T00:00Z", "-"],
    ]
    for key in PartnerKey.objects.all():
        assert key.id in out
        assert key.digest not in out


@pytest.mark.usefixtures("four")
def test_keys_of_one_partner_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = run(capsys, "list_keys", "--partner", "research")
    assert [line.split()[0] for line in out.splitlines()] == ["id", keys.id_of(READER)]
    with pytest.raises(CommandError, match="no such partner"):
        call_command("list_keys", "--partner", "nobody")


@pytest.mark.parametrize("given", [keys.id_of(SAMPLE), SAMPLE])
def test_a_key_is_revoked_by_its_id_or_by_itself_where_it_leaked(
    capsys: pytest.CaptureFixture[str], given: str
) -> None:
    stored(SAMPLE)
    stored(READER)
    assert run(capsys, "revoke_key", given) == ("Key SampleKey1 of clinic-apps is revoked.\n", "")
    assert [key.id for key in PartnerKey.objects.filter(revoked_at=None)] == [keys.id_of(READER)]
    assert run(capsys, "revoke_key", given) == ("Key SampleKey1 of clinic-apps was revoked before.\n", "")


@pytest.mark.parametrize("given", ["nothing", "samplekey1", "", SAMPLE[:-1], "%"])
def test_what_is_no_key_cannot_be_revoked(given: str) -> None:
    stored(SAMPLE)
    with pytest.raises(CommandError, match="There is no key with this id"):
        call_command("revoke_key", "--", given)
    assert PartnerKey.objects.get().revoked_at is None


def statuses(servers: list[Up], text: str) -> list[int]:
    """What each server answers to whoever has the key and asks whose it is."""
    found = []
    for server in servers:
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
            connection.request("GET", "/v1/whoami", headers={"Authorization": f"Bearer {text}"})
            found.append(connection.getresponse().status)
    return found


@pytest.fixture
def database(prepared: str, tmp_path: Path) -> str:
    """The URL of a database of the test's own, with a release in it."""
    return f"sqlite:///{shutil.copy(prepared.removeprefix('sqlite:///'), tmp_path)}"


@pytest.fixture
def two(database: str, tmp_path: Path) -> Iterator[list[Up]]:
    """Two servers, each a process of its own, on one database."""
    with ExitStack() as stack:
        servers = [stack.enter_context(up(tmp_path / f"log{k}", DATABASE_URL=database)) for k in range(2)]
        yield [server.until("Serving on") for server in servers]


def test_a_new_key_is_let_in_and_a_revoked_one_refused_within_two_seconds_by_every_process(
    database: str, two: list[Up]
) -> None:
    issued = manage("issue_key", "clinic-apps", DATABASE_URL=database)
    text = issued.stdout.strip()
    time.sleep(2)
    assert statuses(two, text) == [200, 200]
    until = time.monotonic() + 1.5  # so that what they know of the key is neither new nor old
    while time.monotonic() < until:
        assert statuses(two, text) == [200, 200]
    revoked = manage("revoke_key", keys.id_of(text), DATABASE_URL=database)
    assert revoked.returncode == 0, revoked.stderr
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        statuses(two, text)
    assert statuses(two, text) == [401, 401]
    listed = manage("list_keys", DATABASE_URL=database)
    [line] = [line for line in listed.stdout.splitlines() if keys.id_of(text) in line]
    assert "revoked" in line
    assert line.endswith(f"{datetime.now(UTC):%Y-%m-%d}")
    for server in two:
        assert text not in server.text()


def test_a_process_that_was_idle_refuses_a_revoked_key_at_once(database: str, two: list[Up]) -> None:
    text = manage("issue_key", "clinic-apps", DATABASE_URL=database).stdout.strip()
    time.sleep(2)
    assert statuses(two, text) == [200, 200]
    assert manage("revoke_key", keys.id_of(text), DATABASE_URL=database).returncode == 0
    time.sleep(2)
    assert statuses(two, text) == [401, 401]


@pytest.mark.usefixtures("nothing_published")
def test_where_nothing_is_published_no_house_limits_are_kept(tmp_path: Path) -> None:
    Partner.objects.create(slug="clinic-apps")
    (tmp_path / "limits.json").write_text("[]", "utf-8")
    with pytest.raises(CommandError, match="Nothing is published"):
        call_command("set_house_limits", "clinic-apps", str(tmp_path / "limits.json"))
