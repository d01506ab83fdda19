"""What was published when, and search, as nobody may leave them: as `tests.spoilt_code`."""

from tests.spoilt_code import CONTRACT, FREEZE, Mutant

HISTORY, FEED, SEARCH = "api/history.py", "api/releases/feed.py", "api/search.py"
OF_HISTORY, FOUND = "api/views/history.py", ("tests/test_search.py",)
FOLLOWED, IN_TIME = ("tests/test_history.py",), ("tests/test_time.py",)

MUTANTS_OF_HISTORY = (
    Mutant(
        "a row that is edited is no change",
        HISTORY,
        "old.get(slug) != new.get(slug)",
        "(slug in old) != (slug in new)",
        FOLLOWED,
    ),
    Mutant("another schema is an update", HISTORY, "if self.changed else RESHAPED", "or RESHAPED", IN_TIME),
    Mutant("another schema is told to nobody", FEED, "release.as_frozen):", "release.content):", IN_TIME),
    Mutant("what has no room on a page is lost", FEED, "passed=begin + room)", "passed=begin + room + 1)", FOLLOWED),
    Mutant(
        "what comes to be overdue is told again",
        FEED,
        "if not after.is_after(Position(number, day)):",
        "if True:",
        FOLLOWED,
    ),
    Mutant("what is published overdue is not told", FEED, "lambda due: due < day)", "lambda due: False)", FOLLOWED),
    Mutant(
        "what is withdrawn was never there",
        HISTORY,
        "gone.setdefault(change.resource, {})[change.slug] = number",
        "pass",
        IN_TIME,
    ),
    Mutant("what came back is gone", HISTORY, "gone.get(change.resource, {}).pop(change.slug, None)", "pass", IN_TIME),
    Mutant(
        "a difference leaves out what is new", OF_HISTORY, '({"new": new[name]} if name in new else {})', "{}", FOLLOWED
    ),
    Mutant("a verdict flips unseen", OF_HISTORY, 'before["verdict"] != after["verdict"]', "False", FOLLOWED),
    Mutant("a bundle is written anew", OF_HISTORY, "{release.payload}", "{json.dumps(release.content)}", IN_TIME),
    Mutant(
        "a release is not yet there as of its second",
        "api/releases/__init__.py",
        '["published_at"] <= shown',
        '["published_at"] < shown',
        IN_TIME,
    ),
    Mutant(
        "a day is its beginning",
        "api/parsers.py",
        "datetime.combine(day, time.max, UTC)",
        "datetime.combine(day, time.min, UTC)",
        IN_TIME,
    ),
    Mutant("as of now is for ever", CONTRACT, " or moment < self.now() - CLOCKS_DIFFER_BY_LESS", " or True", IN_TIME),
    Mutant(
        "a release may be dated before the last one",
        FREEZE,
        "max(now, last.published_at) if last else now",
        "now",
        IN_TIME,
    ),
    Mutant(
        "a review is overdue on its last day",
        CONTRACT,
        'row["review_due"] < today',
        'row["review_due"] <= today',
        IN_TIME,
    ),
    Mutant(
        "what will be overdue at midnight is kept for a day",
        CONTRACT,
        "if today in due else A_DAY",
        "if False else A_DAY",
        IN_TIME,
    ),
    Mutant("another name finds nothing", SEARCH, "said[term][name] = 1.0", "pass", FOUND),
    Mutant("who is called so does not come first", SEARCH, "(place not in called, -round", "(-round", FOUND),
    Mutant("a row that lacks a word is found as well", SEARCH, "if had[place] == most]", "]", FOUND),
)
