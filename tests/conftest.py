"""One release of the packaged content for all tests; a test that publishes more is rolled back."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from django.conf import LazySettings, settings
from django.db import connection
from django.test import Client

from api.models import Release
from api.publishing import load_content, publish, render
from api.releases import FrozenRelease, current
from tests.commands import manage
from tests.specimen import cut

SPECIMEN = Path(__file__).parent / "specimen.json"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        if not Release.objects.exists():
            load_content(settings.FIXTURES)
            publish("The packaged content")


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a SQLite file with a release in it."""
    folder = tmp_path_factory.mktemp("prepared")
    url = f"sqlite:///{folder / 'db.sqlite3'}"
    for command in (["migrate"], ["load_content"], ["publish", "--note", "The packaged content"]):
        run = manage(*command, DATABASE_URL=url)
        assert run.returncode == 0, run.stderr
    return url


@pytest.fixture
def release(db: None) -> FrozenRelease:
    return current()


@pytest.fixture
def client(db: None) -> Client:
    """A client that names this machine as its host and sees a 500 as a partner would."""
    return Client(SERVER_NAME="localhost", raise_request_exception=False)


@pytest.fixture
def nothing_published(db: None) -> None:
    """No release, for the length of a test. The model refuses to delete one, so the table is emptied by itself."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {Release._meta.db_table}")  # noqa: S608 - the name of our own table


@pytest.fixture
def small_content(nothing_published: None) -> None:
    """Tables with what the specimen keeps, as release 1: publishing them takes a tenth of the time."""
    cut()
    freeze(1, "A small part of the content", render())


@pytest.fixture
def fault_of_ours(specimen: FrozenRelease, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service fails in a way that nobody foresaw."""

    def broken() -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr("api.releases.current", broken)


@pytest.fixture
def behind_proxy(settings: LazySettings) -> None:
    """A proxy ends TLS, and browsers are asked to stay with it."""
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_HSTS_SECONDS = 60


@pytest.fixture
def specimen(nothing_published: None) -> FrozenRelease:
    """Release 2 is the specimen, release 1 the same with a lower volume of a session in the clinic; no others."""
    newest = json.loads(SPECIMEN.read_text("utf-8"))
    limits = [
        {**limit, "value": "8"} if limit["slug"] == "clinic-session-volume-max" else limit
        for limit in newest["session-limits"]
    ]
    freeze(1, "The clinic's limit is 8 mL", {**newest, "session-limits": limits})
    freeze(2, "The clinic's limit is 10 mL", newest)
    return current()


def freeze(number: int, note: str, content: dict[str, Any]) -> None:
    """A release of the content, published on the day of its number."""
    Release(
        number=number,
        published_at=datetime(2026, 11, number, 9, tzinfo=UTC),
        note=note,
        digest=hashlib.sha256(rfc8785.dumps(content)).hexdigest(),
        payload=json.dumps(content),
    ).save()
