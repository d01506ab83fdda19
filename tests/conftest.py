"""One release of the packaged content for all tests; a test that publishes more is rolled back."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import prometheus_client.values
import pytest
from django.conf import LazySettings, settings
from django.db import OperationalError, connection
from django.test import Client
from prometheus_client import CollectorRegistry, generate_latest

from api import metrics, releases
from api.keyring import Keyring
from api.management.exporting import Sums
from api.models import HouseLimits, Release
from api.models.releases import digest_of
from api.publishing import load_content, publish, render
from api.releases import FrozenRelease, current
from tests import postgres
from tests.commands import manage
from tests.own_limits import kept_for, own
from tests.partners import READER, SAMPLE, stored
from tests.ready import Asked
from tests.scrapes import Scrape, samples_of
from tests.specimen import cut

TWO = ("calf", "leg")
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


@pytest.fixture(scope="module")
def own_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a database for programs of a module, of the vendor that tests run on; nothing is in it."""
    if request.config.getoption("postgres"):
        return postgres.started(request.addfinalizer)
    return f"sqlite:///{tmp_path_factory.mktemp('own') / 'db.sqlite3'}"


@pytest.fixture(autouse=True)
def no_keys_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known of the keys of another test."""
    ring = Keyring()
    for reader in ("authentication", "ready"):
        monkeypatch.setattr(f"api.{reader}.keyring", ring)


@pytest.fixture
def release(db: None) -> FrozenRelease:
    return current()


@pytest.fixture
def client(db: None) -> Client:
    """A client that names this machine as its host and sees a 500 as a partner would."""
    return Client(SERVER_NAME="localhost", raise_request_exception=False)


@pytest.fixture
def empty_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """No release was read yet, as in a process that has just begun."""
    monkeypatch.setattr(releases, "_reader", releases.Reader())


@pytest.fixture
def nothing_published(db: None, empty_memory: None) -> None:
    """No release, for the length of a test. The model refuses to delete one, so the table is emptied by itself."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {Release._meta.db_table}")  # noqa: S608 - the name of our own table


@pytest.fixture
def small_content(nothing_published: None) -> None:
    """Tables with what the specimen keeps, as release 1: publishing them takes a tenth of the time."""
    cut()
    freeze(1, "A small part of the content", render())


@pytest.fixture
def asked() -> Asked:
    """Django with the layer before it, which has nothing ready yet."""
    return Asked()


@pytest.fixture
def partner_keys(specimen: FrozenRelease) -> None:
    """A partner has a key for everything, and one that only reads."""
    stored(SAMPLE, expires_at=datetime(2100, 1, 1, tzinfo=UTC))
    stored(READER, scopes="content")


@pytest.fixture
def own_limits(partner_keys: None) -> None:
    """Limits of its own are kept for the partner."""
    kept_for("clinic-apps", own(severity="warning"))


@pytest.fixture
def unfit_limits(partner_keys: None) -> None:
    """They are of a product that no release has any more."""
    text = json.dumps([own(product="a-product-of-before")])
    HouseLimits(partner_id="clinic-apps", version=1, limits=text, digest="0" * 64).save()


@pytest.fixture
def keys_alone(specimen: FrozenRelease, settings: LazySettings) -> None:
    """Nobody is answered without a key."""
    settings.ANONYMOUS = False


@pytest.fixture
def keys_away(specimen: FrozenRelease) -> Iterator[None]:
    """The database does not tell of keys."""

    def refuse(execute: Any, sql: str, *rest: Any) -> Any:
        if "partnerkey" in sql:
            raise OperationalError("the database is away")
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse):
        yield


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
def security_contact(settings: LazySettings) -> None:
    """Somebody is told of weaknesses."""
    settings.SECURITY_CONTACT = "mailto:security@example.org"


@pytest.fixture
def scrape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scrape:
    """Counting, from nothing, in a folder as workers have one; called, what Prometheus would be given."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    monkeypatch.setattr(prometheus_client.values, "ValueClass", prometheus_client.values.MultiProcessValue())  # type: ignore[no-untyped-call]
    monkeypatch.setattr(metrics, "_state", metrics.State())
    metrics.begin()
    registry = CollectorRegistry()
    registry.register(Sums(str(tmp_path)))
    return lambda: samples_of(generate_latest(registry).decode())


@pytest.fixture
def used_up(client: Client, settings: LazySettings, specimen: FrozenRelease) -> None:
    """The client has sent all the requests that are taken from it in a minute."""
    for _ in range(settings.RATE_ANONYMOUS):
        client.get("/v1/nowhere")


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


@pytest.fixture
def two_rows(nothing_published: None) -> FrozenRelease:
    """Release 1 has two areas; release 2 has one of them less, and another caution for the other, for safety."""
    first = {"areas": [row for row in json.loads(SPECIMEN.read_text("utf-8"))["areas"] if row["slug"] in TWO]}
    [calf, leg] = first["areas"]
    freeze(1, "Two areas", first)
    changed = {**leg, "caution": "Look twice.", "reviewed_on": "2026-05-25", "review_due": "2026-11-25"}
    freeze(2, "A caution", {"areas": [changed]}, kind="safety", withdrawn={"areas": {calf["slug"]: 1}})
    return current()


def freeze(number: int, note: str, content: dict[str, Any], **more: Any) -> None:
    """A release of the content, published on the day of its number."""
    row = {
        "published_at": datetime(2026, 11, number, 9, tzinfo=UTC),
        "digest": digest_of(content),
        "payload": json.dumps(content),
        **more,
    }
    Release(number=number, note=note, **row).save()
