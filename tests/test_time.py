"""What was published when: pins by a number and as of a time, tombstones, what is overdue, the feed for news."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from api import releases
from api.history import changes
from api.models import Release
from api.models.releases import SCHEMA, digest_of, withdrawn_as_of
from api.publishing import RefusedError, publish, render
from api.releases import FrozenRelease
from api.views.contract import ContractView
from tests.conftest import freeze
from tests.histories import Follower, applied
from tests.plans import VALIDATE, clinic_plan, post
from tests.test_releases import overwrite

ATOM = "{http://www.w3.org/2005/Atom}"
KEPT = Path(__file__).parent / "kept"
LATER = datetime(2026, 11, 5, tzinfo=UTC)
READS = ("/v1/areas", "/v1/areas/leg", "/v1/coverage", "/v1/session-plans/examples", "/v1/session-limits/resolve")


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("2026-11-01", 1),  # its end: release 1 is of 9 o'clock on that day, release 2 of 9 o'clock on the next
        ("2026-11-01T09:00:00Z", 1),
        ("2026-11-01T23:59:59.999999Z", 1),
        ("2026-11-02T08:59:59Z", 1),
        ("2026-11-02T10:59:59%2B02:00", 1),
        ("2026-11-02T11:00:00%2B02:00", 2),
        ("2026-11-02", 2),
        ("2026-11-20", 2),
    ],
)
def test_a_read_as_of_a_time_is_of_the_release_that_was_the_newest_then(
    specimen: FrozenRelease, client: Client, path: str, moment: str, number: int
) -> None:
    answer = client.get(f"{path}?as_of={moment}")
    assert answer.status_code == 200
    pinned = client.get(f"{path}?release={number}")
    assert answer.content == pinned.content
    assert answer["Cache-Control"] == pinned["Cache-Control"] == "public, max-age=86400, immutable"


@pytest.mark.parametrize(
    ("asked", "is_settled"),
    [("2026-11-04", False), ("2026-11-04T00:30:00Z", False), ("2026-11-03", False), ("2026-11-02", True)],
)
def test_as_of_a_time_that_is_hardly_past_another_release_may_come(
    specimen: FrozenRelease, client: Client, monkeypatch: pytest.MonkeyPatch, asked: str, is_settled: bool
) -> None:
    """Clocks of machines that publish differ by less than an hour; where a later release is known, nothing comes."""
    monkeypatch.setattr(ContractView, "now", lambda self: datetime(2026, 11, 4, 0, 59, tzinfo=UTC))
    for number, settled in ((2, is_settled), (3, True)):
        answer = client.get(f"/v1/areas?as_of={asked}")
        assert answer["Content-Release"] == "2"
        assert ("immutable" in answer["Cache-Control"]) is settled
        assert ("stale-if-error" in answer["Cache-Control"]) is not settled
        if number == 2:
            freeze(3, "As the first", Release.objects.get(number=1).content(), published_at=LATER)


def test_no_release_is_dated_before_the_last_one(small_content: None) -> None:
    last = datetime.now(UTC) + timedelta(days=1)
    freeze(2, "By a clock that was ahead", {**Release.objects.get(number=1).content(), "faqs": []}, published_at=last)
    assert publish("By another").published_at == last


@pytest.mark.parametrize("path", [VALIDATE, f"{VALIDATE}-batch"])
def test_plans_are_checked_as_of_a_time(specimen: FrozenRelease, client: Client, path: str) -> None:
    body: dict[str, Any] = {"plans": [clinic_plan("9")]} if path.endswith("batch") else clinic_plan("9")
    then, now = (post(client, body, f"{path}?as_of={moment}") for moment in ("2026-11-01", "2026-11-02"))
    assert (then["Content-Release"], now["Content-Release"]) == ("1", "2")
    assert then.json() != now.json()


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("as_of=2026-10-31", 404, "release_not_found"),
        ("as_of=2026-11-01T08:59:59Z", 404, "release_not_found"),
        ("as_of=9999-12-31", 400, "in_the_future"),
        ("as_of=9999-12-31T23:59:59Z", 400, "in_the_future"),
        ("as_of=9999-12-31T23:59:59-23:59", 400, "not_a_moment"),
        ("as_of=2026-02-30", 400, "not_a_moment"),
        ("as_of=2026-11-01T09:00:00", 400, "not_a_moment"),
        ("as_of=2026-11-01T09:00:00+02:00", 400, "not_a_moment"),
        ("as_of=yesterday", 400, "not_a_moment"),
        ("as_of=%00", 400, "not_a_text"),
        ("as_of=2026-11-01&release=1", 400, "conflict"),
        ("as_of=2026-11-01&as_of=2026-11-01", 400, "doubled_parameter"),
    ],
)
def test_a_time_of_which_nothing_can_be_told_is_a_problem_that_says_so(
    specimen: FrozenRelease, client: Client, query: str, status: int, code: str
) -> None:
    answer = client.get(f"/v1/areas?{query}")
    assert answer.status_code == status
    problem = answer.json()
    assert code == problem["code"] or [error["code"] for error in problem["errors"]] == [code]


def test_today_is_no_future_and_pages_belong_together(specimen: FrozenRelease, client: Client) -> None:
    today = datetime.now(UTC).date().isoformat()
    assert client.get(f"/v1/areas?as_of={today}")["Content-Release"] == "2"
    first = client.get("/v1/areas?as_of=2026-11-01&limit=2").json()
    assert "release=1" in first["next"]
    assert client.get(first["next"]).json()["release"] == 1


def test_what_was_withdrawn_is_gone_for_good_unless_it_comes_back(two_rows: FrozenRelease, client: Client) -> None:
    content = {name: [*rows] for name, rows in two_rows.content.items()}
    freeze(3, "As before", content)
    for query in ("", "?release=2", "?as_of=2026-11-03"):
        gone = client.get(f"/v1/areas/calf{query}")
        assert (gone.status_code, gone.json()["last_release"]) == (410, 1)
    assert client.get("/v1/areas/calf?release=1").status_code == 200
    assert client.get("/v1/areas/never-there").json()["code"] == "not_found"
    calf = client.get("/v1/areas/calf?release=1").json()
    freeze(4, "Here again", {"areas": [{name: calf[name] for name in content["areas"][0]}, *content["areas"]]})
    assert client.get("/v1/areas/calf").status_code == 200
    assert withdrawn_as_of(4) == {}
    assert client.get("/v1/areas/calf?release=3").status_code == 410


def test_a_release_that_cannot_be_read_is_passed_over_for_what_is_withdrawn(two_rows: FrozenRelease) -> None:
    freeze(3, "Nothing", {"areas": []})
    assert withdrawn_as_of(3) == {"areas": {"calf": 1, "leg": 2}}
    overwrite(2, "payload", "{}")
    assert withdrawn_as_of(3) == {"areas": {"calf": 1, "leg": 1}}
    overwrite(1, "payload", "{}")
    assert withdrawn_as_of(3) == {"areas": {"calf": 1}}


@pytest.mark.parametrize(("day", "overdue", "seconds"), [(24, False, 86400), (25, False, 1800), (26, True, 86400)])
def test_a_fact_is_overdue_from_the_day_after_its_review_was_due(
    two_rows: FrozenRelease,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    day: int,
    overdue: bool,
    seconds: int,
) -> None:
    """A cache keeps a pinned answer no longer than until it says something else."""
    monkeypatch.setattr(ContractView, "now", lambda self: datetime(2026, 11, day, 23, 30, tzinfo=UTC))
    for path in ("/v1/areas/leg", "/v1/areas"):
        answer = client.get(f"{path}?release=2")
        body = answer.json()
        assert body.get("items", [body])[0]["overdue"] is overdue
        assert answer["Cache-Control"] == f"public, max-age={seconds}, immutable"
    follower = Follower("/v1/changes?after=2")
    follower.catch_up(lambda path: client.get(path).json())
    assert [change["position"] for change in follower.seen] == (["2-20261126-1"] if overdue else [])
    assert follower.path == ("/v1/changes?after=2-20261126" if overdue else "/v1/changes?after=2")


def test_a_row_that_another_schema_writes_otherwise_is_told_and_is_no_update(
    nothing_published: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an earlier version wrote it, by the schema of now, and by one that has more members."""
    monkeypatch.setattr(ContractView, "now", lambda self: datetime(2026, 11, 5, tzinfo=UTC))
    leg = {"slug": "leg", "review_due": "2027-11-01", "notes": [{"text": "x", "by": ""}], "caution": ""}
    now = {**leg, "notes": [{"text": "x", "by": None}], "caution": None}
    grown = {**now, "notes": [{"text": "x", "by": None, "links": []}], "seen": False}
    said = {**grown, "seen": True, "names": None}
    told = []
    for number, row in enumerate((leg, now, grown, said), 1):
        freeze(number, f"{number}", {"areas": [row]}, kind="safety")
        follower = Follower()
        follower.catch_up(lambda path: client.get(path).json())
        assert follower.content() == {"areas": [row]}
        assert follower.digest == digest_of(follower.content())
        bundle = client.get(f"/v1/releases/{number}/bundle").json()
        assert (bundle["resources"], bundle["digest"]) == (follower.content(), follower.digest)
        told.append({name: follower.seen[-1][name] for name in ("action", "changed", "kind", "reason")})
        diff = client.get(f"/v1/releases/1/diff/{number}").json()
        assert applied(diff, {"areas": [leg]}) == {"areas": [row]}
    reshaped = {
        "action": "reshaped",
        "changed": [],
        "kind": "editorial",
        "reason": "It says the same, by another schema.",
    }
    assert told == [
        {"action": "created", "changed": [], "kind": "safety", "reason": "1"},
        reshaped,
        reshaped,
        {"action": "updated", "changed": ["seen"], "kind": "safety", "reason": "4"},
    ]
    titles = [entry.findtext(f"{ATOM}title") for entry in entries_of_the_feed(client)]
    assert [title for title in titles if not str(title).startswith("Release")] == [
        "areas/leg updated in seen",
        "areas/leg created",
    ]


def entries_of_the_feed(client: Client) -> list[ElementTree.Element]:
    """The entries that the feed for news has."""
    return ElementTree.fromstring(client.get("/v1/releases.atom").content).findall(f"{ATOM}entry")  # noqa: S314 - our own


@pytest.mark.parametrize(
    ("old", "new"),
    [("x", None), ("", "x"), ([], None), ([1], []), ([1, 2], [2, 1]), ({"a": 1}, {}), (False, None), (0, "")],
)
def test_what_says_something_else_is_an_update(old: object, new: object) -> None:
    [change] = changes({"areas": [{"slug": "leg", "it": old}]}, {"areas": [{"slug": "leg", "it": new}]})
    assert (change.action, change.changed) == ("updated", ["it"])


def test_what_is_published_overdue_is_told_with_its_release_and_once(
    two_rows: FrozenRelease, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ContractView, "now", lambda self: datetime(2026, 12, 30, tzinfo=UTC))
    [leg] = two_rows.content["areas"]
    freeze(3, "Late", {"areas": [leg]}, published_at=datetime(2026, 12, 1, tzinfo=UTC))
    again = {**leg, "review_due": "2026-11-20"}
    freeze(4, "Later", {"areas": [again]}, published_at=datetime(2026, 12, 2, tzinfo=UTC))
    follower = Follower()
    follower.catch_up(lambda path: client.get(path).json())
    told = [change["position"] for change in follower.seen if change["action"] == "review_overdue"]
    assert told == ["2-20261126-1", "4-0-2"]


def test_a_page_of_changes_is_made_of_ten_releases_at_most(
    two_rows: FrozenRelease, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ContractView, "now", lambda self: datetime(2026, 11, 21, tzinfo=UTC))
    content = {name: [*rows] for name, rows in two_rows.content.items()}
    for number in range(3, 15):
        freeze(number, "As before", content, published_at=datetime(2026, 11, 20, tzinfo=UTC))
    page = client.get("/v1/changes?after=2").json()
    assert (page["items"], page["more"], page["next"]) == ([], True, "/v1/changes?after=11")
    page = client.get(page["next"]).json()
    assert (page["items"], page["more"], page["next"]) == ([], False, "/v1/changes?after=14")


def test_the_feed_for_news_has_each_release_and_what_is_of_clinical_weight(
    two_rows: FrozenRelease, client: Client
) -> None:
    freeze(3, "A \x0b name\x1f", {"areas": []}, kind="clinical")
    answer = client.get("/v1/releases.atom", HTTP_ACCEPT="application/json")
    assert answer["Content-Type"] == "application/atom+xml"
    feed = ElementTree.fromstring(answer.content)  # noqa: S314 - our own
    assert feed.tag == f"{ATOM}feed"
    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == [
        "Release 3: A   name ",
        "areas/leg withdrawn",
        "Release 2: A caution",
        "areas/calf withdrawn",
        "areas/leg updated in caution, review_due, reviewed_on",
        "Release 1: Two areas",
    ]
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None
    for element in (feed, *entries):  # what RFC 4287 asks of each
        for required in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{required}")) == 1
            assert element.findtext(f"{ATOM}{required}")
        updated = datetime.fromisoformat(str(element.findtext(f"{ATOM}updated")))
        assert updated.utcoffset() == timedelta(0)
    ids = [element.findtext(f"{ATOM}id") for element in (feed, *entries)]
    assert len({*ids}) == len(ids)
    for entry in entries:
        [link] = entry.findall(f"{ATOM}link")
        assert client.get(link.attrib["href"]).status_code == 200, link.attrib


def test_publishing_says_the_kind_the_schema_and_what_went(small_content: None) -> None:
    from api.models import Faq

    with pytest.raises(RefusedError, match="a release is of the kind editorial, clinical or safety, not 'urgent'"):
        publish("A change", kind="urgent")
    gone = Faq.objects.first()
    assert gone is not None
    Faq.objects.filter(pk=gone.pk).delete()
    release = publish("A question less", kind="clinical")
    assert (release.kind, release.schema, release.withdrawn) == ("clinical", SCHEMA, {"faqs": {gone.pk: 1}})
    assert releases.current().kind == "clinical"


@pytest.mark.usefixtures("small_content")
def test_what_is_published_today_has_the_members_of_the_release_that_is_kept_of_its_schema() -> None:
    """Where it has others, raise `SCHEMA` in api/models/releases.py, and keep a release of it in tests/kept as well."""
    kept = json.loads((KEPT / f"schema-{SCHEMA}.json").read_text("utf-8"))
    assert {name: [*rows[0]] for name, rows in render().items()} == {name: [*rows[0]] for name, rows in kept.items()}


@pytest.mark.parametrize("schema", range(1, SCHEMA + 1))
def test_a_release_of_every_schema_is_read_for_ever(nothing_published: None, client: Client, schema: int) -> None:
    content = json.loads((KEPT / f"schema-{schema}.json").read_text("utf-8"))
    freeze(1, "Kept", content, schema=schema)
    for path in (*READS, "/v1/session-limits", "/v1/changes", "/v1/releases/1/bundle", "/v1/releases/1/vectors"):
        assert client.get(path).status_code == 200, path
    for name, rows in content.items():
        if name != "plan-examples":
            assert client.get(f"/v1/{name}/{rows[0]['slug']}").status_code == 200
    assert client.get("/v1/releases/1").json()["schema"] == schema
    assert post(client, clinic_plan("12")).json()["verdict"] == "outside_limits"
