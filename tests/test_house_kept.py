"""A partner's own limits, as they are kept: in versions, by command, and held wherever the partner's keys are."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from api import keys
from api.house import kept_under
from api.keyring import Keyring, read_callers
from api.models import HouseLimits, Partner, Release
from api.models.releases import FrozenError
from api.releases import FrozenRelease
from tests.asking import ask, django
from tests.conftest import freeze
from tests.own_limits import kept_for, own
from tests.partners import READER, SAMPLE, bearer, stored
from tests.plans import VALIDATE, clinic_plan, post
from tests.promises import differing
from tests.ready import Asked
from tests.servers import until
from tests.try_pages import read, sent

RESOLVE = "/v1/session-limits/resolve?product=asclera&concentration_percent=0.5&form=liquid"
BATCH = "/v1/session-plans/validate-batch"
COMPARE = "/v1/session-plans/compare"
OTHERS = "other-apps"
pytestmark = pytest.mark.usefixtures("specimen")


@pytest.fixture
def two_partners(specimen: FrozenRelease) -> None:
    """One for whom limits are kept, and one for whom none are."""
    stored(SAMPLE)
    stored(READER, OTHERS)
    kept_for("clinic-apps", own(), own(slug="of-foam", form="foam", value="4"))


def told(client: Client, method: str, path: str, body: Any = None, key: str | None = SAMPLE) -> Any:
    sent = bearer(key) if key else {}
    response = post(client, body, path, **sent) if method == "POST" else client.get(path, **sent)
    return json.loads(response.content)


def test_each_list_is_another_version_and_none_is_changed_or_deleted() -> None:
    first, second, other = kept_for("a", own()), kept_for("a"), kept_for("b", own())
    assert [first.version, second.version, other.version] == [1, 2, 1]
    assert first.digest == other.digest == hashlib.sha256(rfc8785.dumps([own()])).hexdigest()
    for change in (first.save, first.delete, HouseLimits.objects.all().delete):
        with pytest.raises(FrozenError):
            change()
    with pytest.raises(FrozenError):
        HouseLimits.objects.update(limits="[]")
    assert str(second) == "a, version 2"


def test_a_list_is_kept_in_one_form_however_it_was_written() -> None:
    kept = kept_for("a", own(unit="cc", value="6.50"))
    assert json.loads(kept.limits) == [own(value="6.5")]


@pytest.mark.usefixtures("two_partners")
def test_what_is_kept_holds_for_the_partner_and_for_nobody_else(client: Client) -> None:
    body, newest = clinic_plan("8"), HouseLimits.objects.get()
    mine, others, nobodys = (told(client, "POST", VALIDATE, body, key) for key in (SAMPLE, READER, None))
    assert [finding["id"] for finding in mine["findings"]] == ["session-volume:/sessions/0:house:our-session-maximum"]
    assert mine["findings"][0]["limit"]["href"] == "/v1/whoami#/house_limits/items/0"
    assert mine["receipt"]["house_limits"] == {
        "sent_sha256": None,
        "kept_sha256": newest.digest,
        "kept_version": 1,
    }
    assert others == nobodys
    assert others["findings"] == []
    [item] = told(client, "POST", BATCH, {"plans": [body]})["items"]
    assert item["answer"] == mine
    whoami = told(client, "GET", "/v1/whoami")["house_limits"]
    assert (whoami["version"], whoami["sha256"]) == (1, newest.digest)
    assert whoami["items"][0] == own()
    assert told(client, "GET", "/v1/whoami", key=READER)["house_limits"] is None


@pytest.mark.usefixtures("two_partners")
def test_a_comparison_is_made_with_what_is_kept(client: Client) -> None:
    freeze(3, "As the first", Release.objects.get(number=1).content())
    compared = told(client, "POST", COMPARE, {"plans": [clinic_plan("8")], "from_release": 2, "to_release": 3})
    assert (compared["compared"], compared["items"]) == (1, [])


@pytest.mark.usefixtures("two_partners")
def test_it_is_held_together_with_what_comes_with_the_plan_and_a_slug_is_not_in_both(client: Client) -> None:
    both = told(client, "POST", VALIDATE, clinic_plan("8", house_limits=[own(slug="mine", value="7")]))
    assert {finding["limit"]["slug"] for finding in both["findings"]} == {"our-session-maximum", "mine"}
    assert None not in both["receipt"]["house_limits"].values()
    [fault] = told(client, "POST", VALIDATE, clinic_plan("8", house_limits=[own(slug="mine"), own()]))["errors"]
    assert (fault["pointer"], fault["code"]) == ("/house_limits/1/slug", "conflict")


@pytest.mark.usefixtures("two_partners")
def test_resolve_tells_it_beside_the_binding_limit(client: Client) -> None:
    answer, plain = told(client, "GET", RESOLVE), told(client, "GET", RESOLVE, key=None)
    assert answer["binding"] == plain["binding"]
    assert answer["binding"]["limit"]["slug"] == "asclera-session-volume-max"
    assert (answer["house_binding"]["bound"], plain["house_binding"]) == ({"value": "6", "unit": "mL"}, None)
    assert [each["limit"]["slug"] for each in answer["house_candidates"]] == ["our-session-maximum"]
    assert {**answer, "house_binding": None, "house_candidates": []} == plain
    open_form = told(client, "GET", "/v1/session-limits/resolve?product=asclera")
    assert [(each["limit"]["slug"], each["applies"]) for each in open_form["house_candidates"]] == [
        ("of-foam", "unknown"),
        ("our-session-maximum", "yes"),
    ]


def test_resolve_tells_of_a_house_limit_on_the_dose_and_of_none_on_anything_else(client: Client) -> None:
    stored(SAMPLE)
    dose = own(rule="daily-dose-per-weight", value="1", unit="mg/kg")
    kept_for("clinic-apps", dose, own(slug="b", rule="injection-volume"), own(slug="c", jurisdiction="DE"))
    [candidate] = told(client, "GET", f"{RESOLVE}&weight_kg=50")["house_candidates"]
    assert candidate["bound"] == {"value": "10", "unit": "mL"}


@pytest.mark.usefixtures("two_partners")
def test_caches_that_are_shared_keep_it_apart(client: Client) -> None:
    mine, others = (client.get(RESOLVE, **bearer(key)) for key in (SAMPLE, READER))
    assert mine["Cache-Control"] == "private, no-cache"
    assert others["Cache-Control"].startswith("public")
    for response in (mine, others, client.get(RESOLVE)):
        assert "Authorization" in response["Vary"]
    assert mine["ETag"] != others["ETag"]
    assert client.get(RESOLVE, HTTP_IF_NONE_MATCH=others["ETag"], **bearer(SAMPLE)).status_code == 200
    assert client.get(RESOLVE, HTTP_IF_NONE_MATCH=mine["ETag"], **bearer(SAMPLE)).status_code == 304


# What is answered again without Django.


@pytest.mark.usefixtures("two_partners")
@pytest.mark.parametrize("order", [(SAMPLE, READER, None), (None, READER, SAMPLE), (READER, SAMPLE, None)])
def test_whoever_asked_before_each_gets_what_django_answers(asked: Asked, order: tuple[str | None, ...]) -> None:
    body = json.dumps(clinic_plan("8")).encode()
    for _ in range(2):
        for key in (*order, *order):
            sent = bearer(key) if key else {}
            posted: dict[str, Any] = {"CONTENT_TYPE": "application/json", "body": body}
            asked_for: list[tuple[str, str, dict[str, Any]]] = [
                ("GET", RESOLVE, {}),
                ("GET", "/v1/areas", {}),
                ("POST", VALIDATE, posted),
            ]
            for method, path, more in asked_for:
                by_django = ask(method, path, of=django, **sent, **more)
                answer = asked.ask(path, method, **sent, **more)
                assert [*differing(by_django, answer)] == [], (key, path)
        kept_for("clinic-apps", own(value="5"))  # another version, and the same is true


@pytest.mark.usefixtures("two_partners")
def test_a_plan_of_the_partner_is_checked_without_django_too(asked: Asked) -> None:
    sent: dict[str, Any] = {"CONTENT_TYPE": "application/json", "body": json.dumps(clinic_plan("8")).encode()}
    answers = [asked.ask(VALIDATE, "POST", **sent, **bearer(key)) for key in (READER, SAMPLE, SAMPLE)]
    assert [len(json.loads(answer.body)["findings"]) for answer in answers] == [0, 1, 1]
    assert asked.times == 1


# Read with the keys.


@pytest.mark.usefixtures("two_partners")
def test_a_text_is_read_once_and_no_request_asks_for_it() -> None:
    ring = Keyring()
    ring.caller(keys.digest_of(SAMPLE))
    with CaptureQueriesContext(connection) as seen:
        ring.refresh()
    assert len(seen) == 2
    assert not any('"limits"' in query["sql"] for query in seen.captured_queries)


@pytest.fixture
def polling() -> Iterator[Keyring]:
    """Keys as a process has them that serves, read by a function that tests can change."""
    ring = Keyring(lambda: dict(polled))
    polled.clear()
    polled.update(read_callers())
    ring.poll()
    yield ring
    ring.end()


polled: dict[str, keys.Caller] = {}


@pytest.mark.usefixtures("two_partners")
def test_another_version_holds_in_the_background_within_two_seconds(polling: Keyring) -> None:
    digest = keys.digest_of(SAMPLE)

    def version() -> int | None:
        caller = polling.caller(digest)
        return caller.house.version if caller and caller.house else None

    assert version() == 1
    kept_for("clinic-apps")
    polled.update(read_callers())
    until(lambda: version() == 2)


@pytest.mark.usefixtures("two_partners")
def test_what_does_not_fit_the_release_refuses_the_plan_and_says_why(client: Client) -> None:
    content = Release.objects.get(number=1).content()
    content["rules"] = [row for row in content["rules"] if row["slug"] != "vein-diameter"]
    content["session-limits"] = [row for row in content["session-limits"] if row["rule"] != "vein-diameter"]
    kept_for("clinic-apps", own(rule="vein-diameter", unit="mm"))
    assert told(client, "POST", VALIDATE, clinic_plan("8"))["release"] == 2
    freeze(3, "Without a rule", content)
    for method, path, body in (
        ("POST", VALIDATE, clinic_plan("8")),
        ("POST", BATCH, {"plans": [clinic_plan("8")]}),
        ("POST", COMPARE, {"plans": [clinic_plan("8")], "from_release": 2}),
        ("GET", RESOLVE, None),
    ):
        problem = told(client, method, path, body)
        assert (problem["status"], problem["code"]) == (409, "house_limits_unfit")
        assert [(fault["pointer"], fault["code"]) for fault in problem["errors"]] == [
            ("/house_limits/0/rule", "unknown_slug")
        ]
    assert told(client, "POST", f"{VALIDATE}?release=2", clinic_plan("8"))["release"] == 2


def test_a_limit_that_is_published_later_does_not_stop_who_has_its_slug(client: Client) -> None:
    stored(SAMPLE)
    kept_for("clinic-apps", own(slug="a-new-one"))
    content = Release.objects.get(number=1).content()
    content["session-limits"][0]["slug"] = "a-new-one"
    freeze(3, "With that slug", content)
    assert told(client, "POST", VALIDATE, clinic_plan("8"))["findings"][0]["limit"]["slug"] == "a-new-one"


def test_nobody_has_kept_nothing() -> None:
    assert kept_under(None, None) == ()  # type: ignore[arg-type]  # it is not looked at


# By command.


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "limits.json"
    path.write_text(json.dumps([own()]), "utf-8")
    return path


def test_a_list_is_kept_and_shown_by_command(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Partner.objects.create(slug="clinic-apps")
    call_command("set_house_limits", "clinic-apps", str(file))
    file.write_text("[]", "utf-8")
    call_command("set_house_limits", "clinic-apps", str(file))
    first, second = HouseLimits.objects.all()
    assert capsys.readouterr().out.splitlines() == [
        f"version 1, sha256 {first.digest}",
        f"version 2, sha256 {second.digest}",
    ]
    call_command("list_house_limits", "clinic-apps")
    [line, _] = capsys.readouterr().out.splitlines()
    assert line == f"version 1, {first.saved_at:%Y-%m-%dT%H:%MZ}, by a command, sha256 {first.digest}"
    call_command("list_house_limits", "clinic-apps", "--number", "1")
    assert json.loads(capsys.readouterr().out) == [own()]
    with pytest.raises(CommandError, match="There is no such version"):
        call_command("list_house_limits", "clinic-apps", "--number", "3")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[{"slug": "x"}]', "/house_limits/0/label: This member is required."),
        (json.dumps([own(unit="d")]), "/house_limits/0/unit: The rule measures in another unit."),
        (json.dumps([own(slug="clinic-session-volume-max")]), "A published limit has this slug."),
        ("[", "the file: "),
    ],
)
def test_a_list_that_may_not_be_is_not_kept(file: Path, text: str, words: str) -> None:
    Partner.objects.create(slug="clinic-apps")
    file.write_text(text, "utf-8")
    with pytest.raises(CommandError, match=words):
        call_command("set_house_limits", "clinic-apps", str(file))
    assert not HouseLimits.objects.exists()


def test_a_partner_or_a_file_that_is_not_there_is_told(file: Path) -> None:
    with pytest.raises(CommandError, match="There is no such partner"):
        call_command("set_house_limits", "nobody", str(file))
    Partner.objects.create(slug="clinic-apps")
    with pytest.raises(CommandError, match="The file cannot be read"):
        call_command("set_house_limits", "clinic-apps", f"{file}x")


@pytest.mark.usefixtures("two_partners")
def test_the_playground_holds_what_is_kept_for_whoever_asks(client: Client) -> None:
    form = {"/sessions/0/treatments/0/area": ["leg"], "/sessions/0/treatments/0/amount/unit": ["mL"]}
    form["/sessions/0/treatments/0/amount/value"] = ["9"]
    for key in (SAMPLE, READER):
        plan = {"sessions": [{"treatments": [{"area": "leg", "amount": {"value": "9", "unit": "mL"}}]}]}
        answer = told(client, "POST", f"{VALIDATE}?passed=binding", plan, key)
        page = read(sent(client, form, **bearer(key)))
        shown = [each.given["id"] for each in page.answer.all("li", "finding")]
        assert (page.verdict, shown) == (answer["verdict"], [finding["id"] for finding in answer["findings"]])
        assert any(":house:" in name for name in shown) is (key == SAMPLE)
