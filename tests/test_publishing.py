"""Publishing: all or nothing, with the row named."""

from typing import Any

import pytest

from api.models import (
    Area,
    Faq,
    PlanExample,
    Release,
    ResultDuration,
    Rule,
    Ruling,
    SessionLimit,
)
from api.models.releases import FrozenError
from api.publishing import RefusedError, publish

pytestmark = pytest.mark.usefixtures("small_content")


def refused(note: str = "A change") -> list[str]:
    """The problems for which publishing is refused; nothing may be left behind."""
    before = Release.objects.count()
    with pytest.raises(RefusedError) as refusal:
        publish(note)
    assert Release.objects.count() == before
    return refusal.value.problems


def test_unchanged_content_is_not_published_again() -> None:
    assert refused() == ["nothing changed since release 1"]


def test_a_release_needs_a_note() -> None:
    assert refused(" ") == ["a release needs a note"]


def test_a_correction_may_bring_back_what_was() -> None:
    Area.objects.filter(slug="leg").update(name="Legs")
    second = publish("Another name")
    Area.objects.filter(slug="leg").update(name="Leg")
    third = publish("The old name again")
    first = Release.objects.get(number=1)
    assert (second.number, third.number) == (2, 3)
    assert third.digest == first.digest != second.digest


def test_a_row_that_is_not_valid_is_named() -> None:
    Area.objects.filter(slug="leg").update(vein_types=["spider"])
    assert refused() == ["areas/leg: vein_types names what is not there: spider"]


def test_a_dangling_citation_is_named() -> None:
    citation = {"source": "nobody", "locator": "section 1", "stance": "supports"}
    SessionLimit.objects.filter(slug="face-excluded").update(citations=[citation])
    assert refused() == ["session-limits/face-excluded: citations has a dangling citation: nobody"]


@pytest.mark.parametrize(
    ("citations", "words"),
    [
        ({"source": "article"}, "must be a list of citations"),
        ([{"source": "article"}], "whose keys are not"),
        ([{"source": 7, "locator": "x", "stance": "supports"}], "whose source is not a text"),
        ([{"source": "article", "locator": " ", "stance": "supports"}], "without a locator"),
        ([{"source": "article", "locator": "x", "stance": "proves"}], "unknown stance"),
        ([], "This field cannot be blank"),
    ],
)
def test_a_citation_of_another_shape_is_refused(citations: Any, words: str) -> None:
    SessionLimit.objects.filter(slug="face-excluded").update(citations=citations)
    [problem] = refused()
    assert problem.startswith("session-limits/face-excluded: citations")
    assert words in problem


@pytest.mark.parametrize(
    ("slug", "change", "words"),
    [
        ("asclera-session-volume-max", {"unit": "mg"}, "has the unit 'mg', but its rule is in 'mL'"),
        ("asclera-session-volume-max", {"comparator": ">="}, "for which its rule has no message"),
        ("face-excluded", {"values": []}, "lists no values"),
        ("face-excluded", {"comparator": "=", "expected": True}, "which a one-of rule does not"),
        ("face-excluded", {"values": ["face", "face"]}, "names an entry twice"),
        ("face-excluded", {"values": [1]}, "must be a list of texts"),
    ],
)
def test_a_limit_that_does_not_fit_its_rule_is_named(slug: str, change: dict[str, Any], words: str) -> None:
    SessionLimit.objects.filter(slug=slug).update(**change)
    problems = refused()
    assert any(problem.startswith(f"session-limits/{slug}") and words in problem for problem in problems)


def test_a_rule_without_limits_is_named() -> None:
    SessionLimit.objects.filter(rule="treatment-area").delete()
    assert refused() == ["rules/treatment-area: a rule without limits"]


def test_contraindications_are_the_limits_of_their_rule() -> None:
    Ruling.objects.all().delete()
    assert "rules/contraindication: a rule without limits" in refused()


def test_a_rule_that_cannot_be_computed_is_named() -> None:
    Rule.objects.filter(slug="vein-diameter").update(quantity="phase-of-the-moon")
    assert "rules/vein-diameter: measures 'phase-of-the-moon', which the service cannot compute" in refused()
    Rule.objects.filter(slug="vein-diameter").update(quantity="vein-diameter", unit="mL")
    assert any("is computed in 'mm'" in problem for problem in refused())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("{{ session-limits/none }}", "refers to session-limits/none, which has no number"),
        ("{{ session-limits/aethoxysklerol-gb-daily-dose-max }}", "which has no number"),
        ("{{ result-durations/reticular-vein-onset }}", "which has no number"),
        ("{{ ten mL }}", "has a reference that cannot be read"),
    ],
)
def test_a_reference_without_a_number_is_named(answer: str, words: str) -> None:
    Faq.objects.filter(slug="cost").update(answer=answer)
    [problem] = [problem for problem in refused() if problem.startswith("faqs/cost")]
    assert words in problem


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ([{"key": "x"}], "whose keys are not"),
        ([{"key": "x", "low": 1, "high": None, "unit": "%", "label": "l", "citations": []}], "not a quoted plain"),
        ([{"key": "x", "low": "1", "high": None, "unit": "USD", "label": "l", "citations": []}], "unknown unit"),
    ],
)
def test_a_figure_of_another_shape_is_refused(figures: Any, words: str) -> None:
    Faq.objects.filter(slug="cost").update(figures=figures)
    assert any(problem.startswith("faqs/cost") and words in problem for problem in refused())


@pytest.mark.parametrize("strengths", [[], [{"concentration_percent": "0.5"}], [{"concentration_percent": 0.5}]])
def test_a_product_without_proper_strengths_is_refused(strengths: Any) -> None:
    from api.models import Product

    Product.objects.filter(slug="asclera").update(strengths=strengths)
    assert any(problem.startswith("products/asclera") for problem in refused())


def test_an_example_that_is_no_plan_is_named() -> None:
    PlanExample.objects.filter(slug="asclera-within").update(plan='{"sessions": 1}')
    assert refused() == ["plan-examples/asclera-within: /sessions not_a_list"]
    PlanExample.objects.filter(slug="asclera-within").update(plan="{")
    assert refused() == ["plan-examples/asclera-within: has a plan that is not JSON"]


def test_every_problem_is_told_at_once() -> None:
    Area.objects.filter(slug="leg").update(vein_types=["spider"])
    SessionLimit.objects.filter(rule="treatment-area").delete()
    assert len(refused()) == 2


def test_a_release_is_never_changed_or_deleted() -> None:
    release = Release.objects.get(number=1)
    release.note = "Another"
    for attempt in (
        release.save,
        release.delete,
        Release.objects.all().delete,
        lambda: Release.objects.update(note="Another"),
    ):
        with pytest.raises(FrozenError):
            attempt()
    assert str(Release.objects.get(number=1)) == "release 1"
    assert Release.objects.get(number=1).note == "A small part of the content"


def test_an_answer_with_a_typed_number_is_refused() -> None:
    Faq.objects.filter(slug="cost").update(answer="A session takes 15 minutes.")
    assert refused() == ["faqs/cost: types a number instead of referring to a fact"]


def test_a_confirmed_duration_needs_a_vein_type_and_a_source() -> None:
    ResultDuration.objects.filter(slug="article-result-duration").update(status="confirmed")
    assert refused() == [
        "result-durations/article-result-duration: it needs a vein type or product, and a source besides the article"
    ]
    ResultDuration.objects.filter(slug="article-result-duration").update(vein_type="telangiectasia")
    assert len(refused()) == 1  # still only the article says so


def test_a_disputed_duration_needs_a_source_besides_the_article() -> None:
    duration = ResultDuration.objects.get(slug="article-result-duration")
    duration.citations = [citation for citation in duration.citations if citation["source"] == "article"]
    duration.save()
    assert refused() == [
        "result-durations/article-result-duration: it needs a vein type or product, and a source besides the article"
    ]


def test_a_figure_needs_a_source_besides_the_article() -> None:
    faq = Faq.objects.get(slug="age")
    faq.figures[0]["citations"] = [{"source": "article", "locator": "results", "stance": "supports"}]
    faq.save()
    assert refused() == ["faqs/age: has a figure that only the article gives"]


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ({"<=": "At most {limti}."}, "has a message for '<=' that cannot be filled in"),
        ({"<=": "At most {0}."}, "has a message for '<=' that cannot be filled in"),
        ({"<=": "At most {."}, "has a message for '<=' that cannot be filled in"),
    ],
)
def test_a_message_that_cannot_be_filled_in_is_refused(messages: dict[str, str], words: str) -> None:
    Rule.objects.filter(slug="vein-diameter").update(messages=messages)
    assert f"rules/vein-diameter: {words}" in refused()


def test_a_rule_on_containers_says_what_an_open_size_means() -> None:
    rule = Rule.objects.get(slug="container-volume")
    del rule.messages["unknown"]
    rule.save()
    assert "rules/container-volume: has no message for a size that is unknown" in refused()
