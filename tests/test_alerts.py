"""`.deploy/alerts.yml`: every alert asks for metrics, labels and routes that there are, and has been tried."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from api import metrics
from api.access import HEALTH
from api.access_log import NO_ROUTE, STATIC
from tests.commands import PROJECT
from tests.scrapes import Scrape
from tests.test_routes import ROUTES

ALERTS = (PROJECT / ".deploy" / "alerts.yml").read_text("utf-8")
RULES: dict[str, dict[str, Any]] = {rule["alert"]: rule for rule in yaml.safe_load(ALERTS)["groups"][0]["rules"]}
DAYS: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "alerts.yaml").read_text("utf-8"))
# Words of the language, and what Prometheus says itself of whom it asks.
WORDS = {"sum", "rate", "increase", "changes", "histogram_quantile", "max", "min", "unless", "offset"}
OF_PROMETHEUS = {"job", "instance"}


@pytest.fixture
def exported(scrape: Scrape) -> dict[str, set[str]]:
    """The labels of each metric by its name, where everything has happened once."""
    metrics.count_request("GET", "areas", 200, 0.1)
    metrics.count_verdict("incomplete")
    metrics.count_refusal("anonymous")
    metrics.read_release(1, datetime(2026, 11, 2, 9, tzinfo=UTC))
    metrics.reach("cache", False)
    found = {name: {label for label, _ in labels} | OF_PROMETHEUS for name, labels in scrape()}
    bucket = {"sclero_request_duration_seconds_bucket": {"route", "le"} | OF_PROMETHEUS}
    return found | bucket | {"up": OF_PROMETHEUS}


@pytest.mark.parametrize("name", RULES)
def test_an_alert_asks_for_what_there_is(name: str, exported: dict[str, set[str]]) -> None:
    expression = RULES[name]["expr"]
    grouped = {label.strip() for labels in re.findall(r"\b(?:by|on) \(([^)]*)\)", expression)
               for label in labels.split(",")}  # fmt: skip
    bare = re.sub(r"\b(by|on) \([^)]*\)", "", expression)
    asked = re.findall(r"\b([a-z_]+)\b\s*(\{[^}]*\})?(?=[^a-z_\"=!])", re.sub(r"\[\w+\]|\b\d+m\b", "", bare) + " ")
    metric_names = {word for word, _ in asked} - WORDS
    assert metric_names
    assert metric_names <= exported.keys()
    assert all(grouped <= exported[metric] for metric in metric_names)
    for metric, selector in asked:
        for label, value in re.findall(r'(\w+)[!=~]+"([^"]*)"', selector):
            assert label in exported[metric]
            assert label != "route" or {*value.split("|")} <= {*ROUTES, STATIC, NO_ROUTE}
    assert RULES[name].keys() <= {"alert", "expr", "for", "labels", "annotations"}
    assert RULES[name]["annotations"].keys() == {"summary", "description"}


def test_every_metric_is_in_an_alert_but_those_to_look_at(
    exported: dict[str, set[str]],
) -> None:
    silent = {name for name in exported if name not in ALERTS} - {"sclero_verdicts_total"}
    assert silent == {
        "sclero_request_duration_seconds_sum",
        "sclero_request_duration_seconds_count",
        "sclero_release_published_timestamp_seconds",
    }


def test_every_alert_is_tried_on_a_day_that_goes_badly() -> None:
    good, bad = DAYS["tests"]
    assert [test["exp_samples"] for test in good["promql_expr_test"]] == [[]]
    [tried] = bad["promql_expr_test"]
    assert sorted(sample["labels"] for sample in tried["exp_samples"]) == sorted(
        f'{{alertname="{name}"}}' for name in RULES
    )


def test_the_readme_names_every_metric(exported: dict[str, set[str]]) -> None:
    readme = (PROJECT / "README.md").read_text("utf-8")
    plain = {re.sub(r"_(sum|count|bucket)$", "", name) for name in exported.keys() - {"up"}}
    assert {name for name in plain if f"`{name}`" not in readme} == set()


def test_health_is_left_out_of_what_clients_see() -> None:
    assert f'route!~"{"|".join(path.strip("/") for path in HEALTH)}"' in ALERTS
