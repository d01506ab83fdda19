"""Wording: content in; out, a problem for each row that says what it may not. `fixtures/wording.yaml` has the rules."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from api.publishing.load import read_document
from api.publishing.refused import RefusedError

# Members that are not held to the rules: they quote the article, or the titles of works. A plan is no prose.
QUOTES = {("claims", "statement"), ("sources", "title"), ("plan-examples", "plan")}
LISTS = ("pattern", "refused", "allowed")
KEYS = ("slug", "says", "unless_before", "unless_names", *LISTS, "reviewed_on", "review_due")
SENTENCE_END = re.compile(r"[.!?]")
PART = re.compile(r"\{([a-z-]+)\}")
REACH = 200  # how many characters before the words an excuse is looked for


@dataclass(frozen=True)
class WordingRule:
    """What text may not say: `patterns` catch it, unless what stands before, or a name in the sentence, excuses it."""

    says: str
    patterns: list[re.Pattern[str]]
    unless_before: re.Pattern[str] | None
    unless_names: list[str]

    def catches(self, text: str) -> bool:
        """True where a sentence of the text is caught."""
        return any(map(self.catches_sentence, sentences_of(text)))

    def catches_sentence(self, sentence: str) -> bool:
        """True where a sentence, as `sentences_of` gives it, matches a pattern and has no excuse."""
        befores = (
            sentence[max(0, match.start() - REACH) : match.start()]
            for pattern in self.patterns
            for match in pattern.finditer(sentence)
        )
        unexcused = any(self.unless_before is None or not self.unless_before.search(before) for before in befores)
        return unexcused and not mentions(sentence, self.unless_names)


def contradictions(content: Mapping[str, list[dict[str, Any]]]) -> Iterator[str]:
    """A problem for each rule of wording that a row's text breaks.

    Raises:
        RefusedError: rules that cannot be read, or that do not hold on their own sentences.
    """
    rules = read_rules(settings.FIXTURES / "wording.yaml", content)
    for name, rows in content.items():
        for row in rows:
            own = [value for member, value in row.items() if (name, member) not in QUOTES]
            sentences = [sentence for text in _strings(own) for sentence in sentences_of(text)]
            said = {rule.says for rule in rules if any(map(rule.catches_sentence, sentences))}
            yield from (f"{name}/{row['slug']}: says {meaning}" for meaning in sorted(said))


def read_rules(path: Path, content: Mapping[str, list[dict[str, Any]]]) -> list[WordingRule]:
    """The rules of a file; `content` has the resources whose names may excuse.

    Raises:
        RefusedError: a row that cannot be read, or that does not hold on its own sentences.
    """
    document = read_document(path, "parts")
    rules, problems = [], []
    for row in document["items"]:
        try:
            rule = rule_of(row, document["parts"], content)
            problems += [f"wording/{row['slug']}: {problem}" for problem in _mistakes(rule, row)]
            rules.append(rule)
        except KeyError as error:
            problems.append(f"wording/{row.get('slug')}: names what is not there: {error.args[0]}")
        except (AttributeError, TypeError, ValueError, re.error) as error:
            problems.append(f"wording/{row.get('slug')}: cannot be read: {error}")
    if problems:
        raise RefusedError(problems)
    return rules


def rule_of(
    row: Mapping[str, Any], parts: Mapping[str, list[str]], content: Mapping[str, list[dict[str, Any]]]
) -> WordingRule:
    """A rule from its row.

    Raises:
        KeyError: a part or a resource that is not there.
        TypeError, ValueError, re.error: a row of another shape, or a pattern that is no regular expression.
    """
    if row.keys() != set(KEYS):
        raise ValueError(f"the keys must be {', '.join(KEYS)}")
    if not all(row[key] and isinstance(row[key], list) for key in LISTS):
        raise ValueError(f"{', '.join(LISTS)} must each be a list that is not empty")

    def regex(pattern: str) -> re.Pattern[str]:
        return re.compile(PART.sub(lambda name: f"(?:{'|'.join(parts[name[1]])})", pattern), re.IGNORECASE)

    return WordingRule(
        says=row["says"],
        patterns=[regex(pattern) for pattern in row["pattern"]],
        unless_before=regex(row["unless_before"]) if row["unless_before"] else None,
        unless_names=names_of(content[row["unless_names"]]) if row["unless_names"] else [],
    )


def _mistakes(rule: WordingRule, row: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a rule: sentences of its own row that it should catch and does not, or the reverse."""
    yield from (f"misses {text!r}" for text in row["refused"] if not rule.catches(text))
    yield from (f"catches {text!r}" for text in row["allowed"] if rule.catches(text))


def sentences_of(text: str) -> list[str]:
    """The sentences of a text, with single spaces and straight apostrophes."""
    return SENTENCE_END.split(" ".join(text.replace("\u2019", "'").split()))


def names_of(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Every name and synonym of the rows, in lower case."""
    return [name.lower() for row in rows for name in (row["name"], *row["synonyms"])]


def mentions(text: str, names: Iterable[str]) -> bool:
    """True where one of the names is in the text."""
    return any(name in text.lower() for name in names)


def _strings(value: Any) -> Iterator[str]:
    """Every text in a value, also in its lists and objects."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for child in value.values() if isinstance(value, dict) else value:
            yield from _strings(child)
