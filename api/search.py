"""Rows of a release in; out, an index that finds them by words, and by names that mean the same.

Rows are ranked by BM25F: a word counts by the weight of the member it is in, less where it is common, and less in a
long row. A word also finds longer ones that it begins. A name that a row has (`synonyms`) finds what any of its other
names finds: "thread veins" what is told of telangiectasia. Case, accents and plurals make no difference.
"""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from math import log
from typing import Any, NamedTuple
from unicodedata import combining, normalize

from api.rules.numbers import UNIT_NAMES
from api.rules.plan import AMOUNT_UNIT, COUNTRIES, JURISDICTION

Row = Mapping[str, Any]
Terms = tuple[str, ...]
Sayings = dict[str, float]  # terms by which a word may be said, each with how much it counts

TITLES = ("name", "title", "question", "statement")
# How much a word counts in a member; in any other, 1.
WEIGHTS = {"name": 8, "title": 8, "question": 8, "statement": 8, "synonyms": 6, "slug": 3, "topic": 3, "value": 3}
# Rows of these tell of other rows, so that they come after them.
LIGHT = {"sources": 0.5, "claims": 0.5, "rules": 0.5}
# What says nothing of its own, or is another row's to say.
NOT_SEARCHED = frozenset(
    {
        *("citations", "limits", "rules", "needs", "incomplete_without", "messages"),
        *("url", "reviewed_on", "review_due"),
    }
)
# Whose names and synonyms stand for each other; of two that share a synonym, the earlier has it.
NAMED = ("vein-types", "areas", "contraindications", "ingredients", "products")
SAID = {"<=": "maximum", ">=": "minimum"}
# Passed over where a query has other words.
FUNCTION_WORDS = frozenset((
    "a", "about", "an", "and", "any", "are", "as", "at", "be", "by", "can", "do", "does", "for", "from", "had",
    "has", "have", "how", "i", "if", "in", "is", "it", "its", "may", "me", "my", "not", "of", "on", "or", "per",
    "should", "so", "than", "that", "the", "their", "there", "they", "this", "to", "was", "what", "when", "which",
    "who", "will", "with", "you", "your"
))  # fmt: skip
SATURATION, LENGTH_COUNTS = 1.2, 0.4
LEAST_BEGINNING, BEGINNING_COUNTS = 3, 0.4
LONGEST_EXCERPT = 200
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_][^\W_]*")


class Hit(NamedTuple):
    """A row that was found: of which resource, in which member, and what that says around the words."""

    resource: str
    row: Row
    member: str
    excerpt: str

    @property
    def title(self) -> str:
        """What the row is called."""
        return title_of(self.row)


class Found(NamedTuple):
    """The places of rows in an index, the best first; whether they have every word; and how each word may be said."""

    places: Sequence[int]
    has_every_word: bool
    words: Sequence[Sayings]


class _Entry(NamedTuple):
    resource: str
    row: Row


class Index:
    """An index of the rows of `content`, by resource."""

    def __init__(self, content: Mapping[str, Sequence[Row]]) -> None:
        self._entries = [_Entry(name, row) for name in sorted(content) for row in content[name] if title_of(row)]
        self._names = names(content)
        self._longest_name: dict[str, int] = {}  # by its first word
        for name in self._names:
            self._longest_name[name[0]] = max(len(name), self._longest_name.get(name[0], 0))
        self._postings: dict[str, dict[int, tuple[float, str]]] = defaultdict(dict)
        self._called: dict[Terms, set[int]] = defaultdict(set)
        self._begins: dict[str, dict[str, int]] = {}  # by text, at which of its words each term, and name, first is
        lengths = [self._add(place, *entry) for place, entry in enumerate(self._entries)]
        mean = sum(lengths) / max(len(lengths), 1)
        self._lengths = [1 - LENGTH_COUNTS + LENGTH_COUNTS * length / mean for length in lengths]
        self._light = [LIGHT.get(entry.resource, 1.0) for entry in self._entries]
        self._vocabulary = sorted(term for term in self._postings if not term.startswith("="))

    def _add(self, place: int, resource: str, row: Row) -> int:
        """Enter a row, and give the number of its words."""
        length = 0
        for member, said in [("resource", [resource]), *members(row)]:
            weight = WEIGHTS.get(member, 1)
            counts: Counter[str] = Counter()
            for text in said:
                terms = terms_of(text)
                length += len(terms)
                named = [(start, name) for start, _, name in self._names_in(terms)]
                counts.update([*terms, *(name for _, name in named)])
                if text not in self._begins:
                    self._begins[text] = {term: start for start, term in [*named[::-1], *[*enumerate(terms)][::-1]]}
                if member in TITLES or member == "synonyms":
                    self._called[terms].add(place)
            for term, count in counts.items():
                before, best = self._postings[term].get(place, (0.0, member))
                heavier = member if not before or weight > WEIGHTS.get(best, 1) else best
                self._postings[term][place] = (before + weight * count, heavier)
        return length

    def _names_in(self, terms: Terms) -> Iterator[tuple[int, int, str]]:
        """Where names begin and end, the longest that begins at each place, and what each stands for."""
        for start, first in enumerate(terms):
            for end in range(min(len(terms), start + self._longest_name.get(first, 0)), start, -1):
                found = self._names.get(terms[start:end], ())
                yield from ((start, end, name) for name in found)
                if found:
                    break

    def _words(self, query: str) -> list[Sayings]:
        """The words of a query that count, each once."""
        terms = terms_of(query)
        said = {term: {**self._longer(term), term: 1.0} for term in terms}
        in_names = set()
        for start, end, name in self._names_in(terms):
            for term in terms[start:end]:
                said[term][name] = 1.0
                in_names.add(term)
        counting = [term for term in said if term not in FUNCTION_WORDS or term in in_names]
        return [said[term] for term in counting or said]

    def _longer(self, term: str) -> Sayings:
        """The terms that begin with a term; none for one that is short, or a number."""
        if len(term) < LEAST_BEGINNING or term[0].isdigit():
            return {}
        first, last = bisect_left(self._vocabulary, term), bisect_left(self._vocabulary, term + "\U0010ffff")
        return dict.fromkeys(self._vocabulary[first:last], BEGINNING_COUNTS)

    def find(self, query: str, resource: str | None = None) -> Found:
        """The rows that have every word of the query; where none has, those that have most of its words.

        Rows that are called so come first, then those of more weight, then by resource and slug.
        """
        words = self._words(query)
        had: dict[int, int] = defaultdict(int)
        weights: dict[int, float] = defaultdict(float)
        for word in words:
            counts = self._counts(word)
            rarity = log(1 + (len(self._entries) - len(counts) + 0.5) / (len(counts) + 0.5))
            for place, count in counts.items():
                if resource not in (None, self._entries[place].resource):
                    continue
                had[place] += 1
                weights[place] += rarity * count / (count + SATURATION * self._lengths[place]) * self._light[place]
        called = self._called.get(terms_of(query), ())
        most = max(had.values(), default=0)
        places = [place for place in had if had[place] == most]
        places.sort(key=lambda place: (place not in called, -round(weights[place], 9), place))
        return Found(places, 0 < most == len(words), words)

    def _counts(self, word: Sayings) -> dict[int, float]:
        """How much a word counts in each row that has it."""
        counts: dict[int, float] = defaultdict(float)
        for term, counted in word.items():
            for place, (count, _) in self._postings.get(term, {}).items():
                counts[place] += counted * count
        return counts

    def having(self, query: str, resource: str) -> frozenset[str]:
        """The slugs of the rows of a resource that have every word of the query."""
        found = self.find(query, resource)
        return frozenset(self._entries[place].row["slug"] for place in found.places if found.has_every_word)

    def hit(self, place: int, words: Sequence[Sayings]) -> Hit:
        """A row as it was found: with the heaviest member that has one of the words, and what it says there.

        Where no member has the words themselves, it is one that has another name of what they mean.
        """
        resource, row = self._entries[place]
        wanted = {
            term: (counted, posting[1])
            for word in words
            for term, counted in word.items()
            if (posting := self._postings.get(term, {}).get(place))
        }
        *_, member = max(
            (not term.startswith("="), counted * WEIGHTS.get(member, 1), member)
            for term, (counted, member) in wanted.items()
        )
        said = dict.fromkeys(texts(row[member], member) if member in row else [resource])
        text = max(said, key=lambda text: len(self._begins[text].keys() & wanted.keys()))
        begins = min(self._begins[text][term] for term in self._begins[text].keys() & wanted.keys())
        match = next(islice(_WORD.finditer(text), begins, None))
        return Hit(resource, row, member, around(text, match.start()))


def title_of(row: Row) -> str:
    """What a row is called; nothing where it has no title."""
    return next((row[member] for member in TITLES if member in row), "")


def members(row: Row) -> Iterator[tuple[str, list[str]]]:
    """The members of a row that are searched, each with its texts."""
    for member, value in row.items():
        if member not in NOT_SEARCHED and (found := [*texts(value, member)]):
            yield member, found


def texts(value: Any, member: str) -> Iterator[str]:
    """The texts of a value, normalized as words are; a unit and a country are told by their names, too."""
    if isinstance(value, str):
        yield normalize("NFKC", value)
        if member == "comparator":
            yield SAID.get(value, "")
        elif member == "unit":
            yield UNIT_NAMES.get(value, ("", ""))[1]
        elif member in ("jurisdiction", "jurisdictions"):
            yield " ".join(
                [COUNTRIES.get(value, value), *(name for name, code in JURISDICTION.hints.items() if code == value)]
            )
    elif isinstance(value, list):
        for each in value:
            yield from texts(each, member)
    elif isinstance(value, dict):
        for name, each in value.items():
            if name not in NOT_SEARCHED:
                yield from texts(each, name)


def names(content: Mapping[str, Sequence[Row]]) -> dict[Terms, list[str]]:
    """What each name stands for: the row that has it for its own, else the rows that have it as a synonym."""
    own: dict[Terms, list[str]] = {}
    others: dict[Terms, list[str]] = {}
    for resource in NAMED:
        of_resource: dict[Terms, list[str]] = defaultdict(list)
        for row in content.get(resource, ()):
            stands_for = f"={resource}/{row['slug']}"
            for name in {terms_of(row["name"]), terms_of(row["slug"])}:
                own.setdefault(name, [stands_for])
            for name in sorted({terms_of(synonym) for synonym in row["synonyms"]}):
                of_resource[name].append(stands_for)
        others = {**of_resource, **others}
    return {**others, **own}


def terms_of(text: str) -> Terms:
    """The words of a text, in order, as they are compared."""
    return tuple(term_of(word) for word in _WORD.findall(normalize("NFKC", text)))


@lru_cache(maxsize=20_000)
def term_of(word: str) -> str:
    """A word without case, accents and the end of a plural; a number with a point; a unit as it is written here."""
    plain = "".join(each for each in normalize("NFKD", word.casefold()) if not combining(each))
    if plain[0].isdigit():
        return plain.replace(",", ".")
    if plain in AMOUNT_UNIT.spellings:
        return AMOUNT_UNIT.spellings[plain].casefold()
    if plain.endswith("ies") and len(plain) > 4:
        return f"{plain[:-3]}y"
    return plain[:-1] if len(plain) > 3 and plain.endswith("s") and not plain.endswith(("ss", "us", "is")) else plain


def around(text: str, place: int) -> str:
    """A text, or what of it stands around a place, cut between words."""
    if len(text) <= LONGEST_EXCERPT:
        return text
    start = max(0, min(place - LONGEST_EXCERPT // 3, len(text) - LONGEST_EXCERPT))
    end = start + LONGEST_EXCERPT
    begins = text.find(" ", start, place) + 1 or start if start else 0
    ends = text.rfind(" ", place, end) if end < len(text) else end
    ends = ends if ends > place else end
    return f"{'…' if begins else ''}{text[begins:ends]}{'…' if ends < len(text) else ''}"
