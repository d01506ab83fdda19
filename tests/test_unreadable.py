"""Rules that cannot be read: plans get a 503, never a pass; what is only shown goes on."""

import pytest
from django.db.models import F
from django.test import Client

from api.management.preparing import warn_of_rules_that_cannot_be_read
from api.models import Release, Rule, SessionLimit
from api.publishing import RefusedError, publish
from api.releases import current
from tests.conftest import freeze
from tests.plans import clinic_plan, post


@pytest.fixture
def older_release(db: None) -> None:
    """A release as a version without topics published it."""
    content = Release.objects.get(number=1).content()
    for rule in content["rules"]:
        del rule["topic"]
    freeze(2, "Older", content)


@pytest.mark.usefixtures("older_release")
def test_plans_get_a_503_and_facts_are_shown(client: Client) -> None:
    response = post(client, clinic_plan("8"))
    assert (response.status_code, response.json()["code"]) == (503, "content_unavailable")
    assert client.get("/v1/coverage").status_code == 503
    assert client.get("/v1/areas/leg").json()["release"] == 2
    assert post(client, clinic_plan("8"), "/v1/session-plans/validate?release=1").status_code == 200


def test_a_resource_that_a_version_did_not_have_yet_has_no_rows_in_its_release(client: Client) -> None:
    freeze(2, "Older", {name: rows for name, rows in current().content.items() if name != "ingredients"})
    assert client.get("/v1/ingredients").json()["items"] == []
    assert client.get("/v1/ingredients/polidocanol").status_code == 410


def test_a_measure_that_only_a_newer_version_has_is_a_503(client: Client) -> None:
    content = Release.objects.get(number=1).content()
    content["rules"][0]["quantity"] = "needle-gauge"
    freeze(2, "Newer", content)
    assert post(client, clinic_plan("8")).json()["code"] == "content_unavailable"
    assert client.get("/readyz").status_code == 503
    assert client.get("/v1/areas/leg").json()["release"] == 2


@pytest.mark.usefixtures("older_release")
def test_starting_says_so() -> None:
    said: list[str] = []
    warn_of_rules_that_cannot_be_read(said.append)
    assert "503" in said[0]


def test_starting_says_nothing_of_rules_that_can_be_read(db: None) -> None:
    said: list[str] = []
    warn_of_rules_that_cannot_be_read(said.append)
    assert said == []
    assert current().number == 1


def refusals() -> str:
    with pytest.raises(RefusedError) as refusal:
        publish("A change")
    return "\n".join(refusal.value.problems)


def test_a_topic_is_the_slug_of_a_rule_that_stands_for_itself(small_content: None) -> None:
    Rule.objects.filter(slug="daily-dose-per-weight").update(topic="vial-count")
    assert "rules/daily-dose-per-weight: has the topic 'vial-count', which is no rule that stands for one" in refusals()


def test_a_vein_is_of_the_vein_type_of_its_limit(db: None) -> None:
    SessionLimit.objects.filter(slug="aethoxysklerol-at-saphenous-foam-volume-max").update(vein="perforator")
    assert "names the vein 'perforator', which is not of its vein type" in refusals()


def test_an_unconfirmed_list_lists_nothing(small_content: None) -> None:
    SessionLimit.objects.filter(slug="asclera-us-concentration-unconfirmed").update(values=["0.5"])
    assert "lists values that no source confirms" in refusals()


def test_a_finding_on_what_stays_open_has_words_of_its_own_or_those_of_its_rule(
    small_content: None, client: Client
) -> None:
    body = {"rule_sets": ["label"], "patient": {"conditions": ["other"]}, **clinic_plan("8")}
    worded = post(client, body).json()["findings"]
    assert any("Silence is no approval" in finding["message"] for finding in worded)
    rule = Rule.objects.get(slug="contraindication")
    Rule.objects.filter(pk=rule.pk).update(messages={"=": rule.messages["="]}, review_due=F("review_due"))
    publish("Without the words for what stays open")
    bare = post(client, body).json()["findings"]
    assert any(finding["message"].startswith("Contraindications: what the plan") for finding in bare)
