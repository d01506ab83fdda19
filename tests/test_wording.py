"""What published text may not say: each row on its own sentences, what excuses, and what publishing does with them."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from api.models import Claim, Faq, Release
from api.publishing import RefusedError, publish
from api.publishing.load import read_document, read_file
from api.publishing.wording import contradictions, read_rules, rule_of

WORDING = settings.FIXTURES / "wording.yaml"
DOCUMENT = read_document(WORDING, "parts")
NAMES = {"vein-types": read_file(settings.FIXTURES / "vein-types.yaml")}
RULES = [rule_of(row, DOCUMENT["parts"], NAMES) for row in DOCUMENT["items"]]


def meanings(text: str) -> set[str]:
    """What the rows say that a text says."""
    return {rule.says for rule in RULES if rule.catches(text)}


def sentences(key: str) -> list[tuple[str, str]]:
    """What each row tells, with each of its sentences under a key."""
    return [(row["says"], sentence) for row in DOCUMENT["items"] for sentence in row[key]]


@pytest.mark.parametrize(("says", "sentence"), sentences("refused"))
def test_a_refused_sentence_says_what_its_row_tells_and_nothing_else(says: str, sentence: str) -> None:
    assert meanings(sentence) == {says}


@pytest.mark.parametrize(("says", "sentence"), sentences("allowed"))
def test_an_allowed_sentence_breaks_no_row_at_all(says: str, sentence: str) -> None:
    assert meanings(sentence) == set()


@pytest.mark.parametrize(
    ("sentence", "excused"),
    [
        ("It is not surgery. A collagen injection follows.", "It is not quite a collagen injection."),
        ("It is said to help. Does it hurt? It is safe.", "It does not mean that it is safe."),
        ("Do not wait! It is a safe method.", "Do not wait for a safe method."),
        ("Results in veins last a year.", "Results in spider veins last a year."),
        ("Results last a year. Spider veins differ.", "Results last a year in Spider Veins."),
    ],
)
def test_an_excuse_holds_in_its_own_sentence_only(sentence: str, excused: str) -> None:
    assert len(meanings(sentence)) == 1
    assert meanings(excused) == set()


def test_a_denial_just_before_is_at_most_three_words_away() -> None:
    assert meanings("It is not one of those collagen injections.") == set()
    assert meanings("It is not one of those many collagen injections.") != set()


def test_a_denial_anywhere_before_is_at_most_200_characters_away() -> None:
    assert meanings(f"It is not known{' so far' * 25} that it is safe.") == set()
    assert meanings(f"It is not known{' so far' * 35} that it is safe.") != set()


def test_one_text_does_not_excuse_the_next() -> None:
    row = {"slug": "x", "topic": "what is not known", "answer": "Safe treatments for all."}
    assert [*contradictions({"faqs": [row], **NAMES})] == [
        "faqs/x: says that something is safe or approved, which sources contradict"
    ]


def test_a_row_is_told_once_for_each_thing_that_it_says() -> None:
    answer = "It is safe. It is a safe method. It has no side effects and works without complications."
    assert [*contradictions({"faqs": [{"slug": "x", "answer": answer}], **NAMES})] == [
        "faqs/x: says that nothing goes wrong, which sources contradict",
        "faqs/x: says that something is safe or approved, which sources contradict",
    ]


ROW = {
    "slug": "magic",
    "says": "that it is magic",
    "pattern": [r"\b{spell}s?\b"],
    "unless_before": r"\bno $",
    "unless_names": "vein-types",
    "refused": ["It is magic."],
    "allowed": ["There is no magic."],
    "reviewed_on": "2026-11-26",
    "review_due": "2027-05-26",
}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"pattern": ["magic("]}, "cannot be read: missing ), unterminated subpattern at position 5"),
        ({"pattern": [5]}, "cannot be read: expected string or bytes-like object, got 'int'"),
        ({"pattern": "magic"}, "cannot be read: pattern, refused, allowed must each be a list that is not empty"),
        ({"pattern": ["{wand}"]}, "names what is not there: wand"),
        ({"unless_before": "("}, "cannot be read: missing ), unterminated subpattern at position 0"),
        ({"unless_names": "wizards"}, "names what is not there: wizards"),
        ({"refused": []}, "cannot be read: pattern, refused, allowed must each be a list that is not empty"),
        ({"refused": [5]}, "cannot be read: 'int' object has no attribute 'replace'"),
        ({"refused": ["It is magic.", "It is a wonder."]}, "misses 'It is a wonder.'"),
        ({"refused": ["It is no magic."]}, "misses 'It is no magic.'"),
        ({"allowed": ["Some magic is real."]}, "catches 'Some magic is real.'"),
        ({"unless_before": None}, "catches 'There is no magic.'"),
        ({"unless": "no"}, "cannot be read: the keys must be slug, says, unless_before, unless_names, pattern, "),
    ],
)
def test_a_row_that_does_not_hold_is_named(tmp_path: Path, change: dict[str, Any], problem: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        read_rules(written(tmp_path, [ROW | change]), NAMES)
    [told] = refusal.value.problems
    assert told.startswith(f"wording/magic: {problem}")


def test_every_row_that_does_not_hold_is_told_at_once(tmp_path: Path) -> None:
    rows = [ROW | {"slug": "a", "pattern": ["("]}, ROW | {"slug": "b", "refused": ["One.", "Two."]}, ROW]
    with pytest.raises(RefusedError) as refusal:
        read_rules(written(tmp_path, rows), NAMES)
    assert [problem.split(":")[0] for problem in refusal.value.problems] == ["wording/a", "wording/b", "wording/b"]


def written(folder: Path, rows: list[dict[str, Any]]) -> Path:
    """A file of wording with these rows and one part, `spell`."""
    path = folder / "wording.yaml"
    head = {"reviewed_on": "2026-11-26", "review_due": "2027-05-26", "parts": {"spell": ["magic", "charm"]}}
    path.write_text(yaml.safe_dump({**head, "items": rows}), "utf-8")
    return path


def refused() -> list[str]:
    """The problems for which publishing is refused; nothing may be left behind."""
    before = Release.objects.count()
    with pytest.raises(RefusedError) as refusal:
        publish("A change")
    assert Release.objects.count() == before
    return refusal.value.problems


@pytest.mark.usefixtures("small_content")
@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        ("It has no serious side effects.", "that nothing goes wrong, which sources contradict"),
        (
            "The results last {{ result-durations/article-result-duration }}.",
            "how long results last without naming the vein type",
        ),
    ],
)
def test_an_answer_that_sources_contradict_is_not_published(answer: str, meaning: str) -> None:
    Faq.objects.filter(slug="cost").update(answer=answer)
    assert refused() == [f"faqs/cost: says {meaning}"]


@pytest.mark.usefixtures("small_content")
def test_an_answer_that_sources_bear_out_is_published() -> None:
    Faq.objects.filter(slug="cost").update(answer="It is not known whether it is safe in pregnancy.")
    assert publish("An honest word").number == 2


@pytest.mark.usefixtures("small_content")
def test_a_note_beside_a_citation_is_read_too() -> None:
    faq = Faq.objects.get(slug="cost")
    faq.citations[0]["note"] = "It has no serious side effects."
    faq.save()
    assert refused() == ["faqs/cost: says that nothing goes wrong, which sources contradict"]


@pytest.mark.usefixtures("small_content")
def test_the_words_of_the_article_may_be_quoted() -> None:
    Claim.objects.filter(slug="s1").update(statement="It has no serious side effects.")
    assert publish("A quote").number == 2


@pytest.mark.django_db
def test_nothing_is_published_while_a_row_does_not_hold(tmp_path: Path, settings: Any) -> None:
    Faq.objects.filter(slug="cost").update(answer="Ask the provider.")
    text = WORDING.read_text("utf-8").replace(r"\bcollagen injections?\b", r"\bcolagen injections?\b")
    (tmp_path / "wording.yaml").write_text(text, "utf-8")
    settings.FIXTURES = tmp_path
    assert refused() == [
        "wording/collagen-injection: misses 'These are also known as collagen injections.'",
        "wording/collagen-injection: misses 'It is not surgery but a series of collagen injections.'",
        "wording/collagen-injection: misses 'A collagen injection closes the vein.'",
    ]
