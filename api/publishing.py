"""The only writer of releases, and of the tables that they are made from."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any

import rfc8785
import yaml
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from api.models import Faq, Release, Rule, Ruling
from api.parsers import parse
from api.rules import Book, PlanFaults, check
from api.rules.numbers import in_words
from api.serializers import RESOURCES

REFERENCE = re.compile(r"\{\{ ([a-z-]+)/([a-z0-9-]+) \}\}")
PROSE = {"faqs": ("answer",), "claims": ("sources_say", "service_does")}

Progress = Callable[[str], None]


class RefusedError(Exception):
    """Content that is not loaded or not published; `problems` name the rows."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class StrictLoader(yaml.SafeLoader):
    """YAML without its traps: words stay words, and what looks like a number but is not a plain integer is refused."""

    yaml_implicit_resolvers = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        doubled = [key for key, count in Counter(key.value for key, _ in node.value).items() if count > 1]
        if doubled:
            raise yaml.constructor.ConstructorError(None, None, f"the key {doubled[0]!r} comes twice", node.start_mark)
        return super().construct_mapping(node, deep)


def _refuse_number(loader: Any, node: yaml.Node) -> Any:
    raise yaml.constructor.ConstructorError(None, None, f"quote the number {node.value}", node.start_mark)


for tag, pattern, starts in (
    ("tag:yaml.org,2002:null", r"(?:null|)\Z", ["n", ""]),
    ("tag:yaml.org,2002:bool", r"(?:true|false)\Z", ["t", "f"]),
    ("tag:yaml.org,2002:int", r"(?:0|[1-9][0-9]*)\Z", list("0123456789")),
    ("tag:yaml.org,2002:str", r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", list("0123456789")),
    ("!number", r"[-+.]?[0-9][0-9_.:eE+-]*\Z", list("-+.0123456789")),
):
    StrictLoader.add_implicit_resolver(tag, re.compile(pattern), starts)
StrictLoader.add_constructor("!number", _refuse_number)


def load_content(folder: Path, progress: Progress = lambda _: None) -> None:
    """Empty the content tables and load the fixtures, all or nothing.

    Raises:
        RefusedError: a file or row that cannot be loaded.
    """
    with transaction.atomic():
        _lock_out_other_writers()
        for resource in reversed(list(RESOURCES.values())):
            resource.model._default_manager.all().delete()
        for name, resource in RESOURCES.items():
            rows = _read_file(folder / f"{name}.yaml")
            for row in rows:
                _insert(name, resource.model, dict(row))
            progress(f"{name}: {len(rows)}")
        dangling = list(_dangling())
        if dangling:
            raise RefusedError(dangling)


def _lock_out_other_writers() -> None:
    """Let readers read, and no one else write content or releases, until the transaction ends.

    SQLite does so by itself, since its transactions here are IMMEDIATE.
    """
    tables = ", ".join(model._meta.db_table for model in apps.get_app_config("api").get_models())
    lock = f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE" if connection.vendor == "postgresql" else "SELECT 1"
    with connection.cursor() as cursor:
        cursor.execute(lock)


def _dangling() -> Iterator[str]:
    """Rows that name what is not there. The database would refuse them at commit, without saying which."""
    for name, model in _models().items():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.ForeignKey):
                known = field.related_model._default_manager.values_list("pk", flat=True)
                for row in model._default_manager.exclude(**{field.name: None}).exclude(
                    **{f"{field.attname}__in": known}
                ):
                    yield f"{name}/{row}: the {field.name} {getattr(row, field.attname)!r} is not there"


def _models() -> dict[str, type[models.Model]]:
    """Every content table by the name of its resource."""
    return {**{name: resource.model for name, resource in RESOURCES.items()}, "rulings": Ruling}


def _read_file(path: Path) -> list[dict[str, Any]]:
    """The rows of a fixture, each with the file's review dates unless it has its own."""
    try:
        document = yaml.load(path.read_text("utf-8"), StrictLoader)  # noqa: S506 - StrictLoader is a SafeLoader
    except (OSError, yaml.YAMLError) as error:
        raise RefusedError([f"{path.name}: {error}"]) from error
    if not isinstance(document, dict) or document.keys() != {"reviewed_on", "review_due", "items"}:
        raise RefusedError([f"{path.name}: the keys must be reviewed_on, review_due and items"])
    if not isinstance(document["items"], list) or not all(isinstance(row, dict) for row in document["items"]):
        raise RefusedError([f"{path.name}: items must be a list of rows"])
    dates = {key: document[key] for key in ("reviewed_on", "review_due")}
    return [{**dates, **row} for row in document["items"]]


def _insert(name: str, model: type[models.Model], row: dict[str, Any]) -> None:
    where = f"{name}/{row.get('slug')}"
    rulings = row.pop("rulings", [])
    try:
        if "plan" in row:
            row["plan"] = json.dumps(row["plan"])  # as text, which keeps the order of members on every database
        parent = model(**_columns(model, row, where))
        parent.save(force_insert=True)
        for ruling in rulings:
            Ruling(contraindication_id=parent.pk, **_columns(Ruling, ruling, where)).save(force_insert=True)
    except (IntegrityError, ValidationError, TypeError, ValueError) as error:
        raise RefusedError([f"{where}: {error}"]) from error


def _columns(model: type[models.Model], row: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The row by column: a foreign key is written by its slug."""
    known = {field.name: field for field in model._meta.concrete_fields}
    unknown = row.keys() - known.keys()
    if unknown:
        raise RefusedError([f"{where}: unknown keys {', '.join(sorted(unknown))}"])
    return {known[key].attname: value for key, value in row.items()}


def publish(note: str, progress: Progress = lambda _: None) -> Release:
    """Freeze the content tables into the next release.

    Raises:
        RefusedError: a row that is not valid, content that does not hang together, or nothing that changed.
    """
    if not note.strip():
        raise RefusedError(["a release needs a note"])
    with transaction.atomic():
        _lock_out_other_writers()
        progress("checking every row")
        problems = [*_row_problems(), *_rules_without_limits()] or [*_typed_numbers()]
        if problems:
            raise RefusedError(problems)
        content = render()
        problems = [*_contradictions(content)]
        if problems:
            raise RefusedError(problems)
        digest = hashlib.sha256(rfc8785.dumps(content)).hexdigest()
        last = Release.objects.order_by("-number").first()
        if last is not None and last.digest == digest:
            raise RefusedError([f"nothing changed since release {last.number}"])
        release = Release(
            number=last.number + 1 if last else 1,
            published_at=timezone.now().replace(microsecond=0),
            note=note.strip(),
            digest=digest,
            payload=json.dumps(content, ensure_ascii=False, separators=(",", ":")),
        )
        release.save()
    progress(f"published release {release.number}")
    return release


def render() -> dict[str, list[dict[str, Any]]]:
    """Every resource through its serializer, sorted by slug, with the references in prose resolved.

    Raises:
        RefusedError: a reference to what is not there.
    """
    content = {}
    for name, resource in RESOURCES.items():
        rows = json.loads(json.dumps(resource.serializer(resource.model._default_manager.all(), many=True).data))
        # Sorted here and not by the database, whose collation is its own: a digest is the same everywhere.
        content[name] = sorted(rows, key=itemgetter("slug"))
    problems: list[str] = []
    for name, members in PROSE.items():
        for row in content[name]:
            for member in members:
                row[member] = _resolved(row[member], row, content, f"{name}/{row['slug']}", problems)
    if problems:
        raise RefusedError(problems)
    _judge_examples(content)
    return content


def _judge_examples(content: Mapping[str, Any]) -> None:
    """Give each example the verdict and findings that its plan comes to under this very content.

    Raises:
        RefusedError: an example that is no plan.
    """
    book = Book(content)
    for example in content["plan-examples"]:
        example["plan"] = json.loads(example["plan"])
        try:
            answer = check(parse(json.dumps(example["plan"]).encode()), book)
        except PlanFaults as error:
            where = f"plan-examples/{example['slug']}"
            raise RefusedError([f"{where}: {fault.pointer} {fault.code}" for fault in error.faults]) from error
        example["verdict"] = answer["verdict"]
        example["findings"] = [finding["id"] for finding in answer["findings"]]


def _row_problems() -> Iterator[str]:
    """What `full_clean` finds, row by row."""
    for name, model in _models().items():
        for row in model._default_manager.all():
            try:
                # Check constraints need no second look: the database held every row to them when it was written.
                row.full_clean(validate_constraints=False)
            except ValidationError as error:
                for member, messages in error.message_dict.items():
                    place = "" if member == "__all__" else f"{member} "
                    yield f"{name}/{row}: {place}{'; '.join(messages)}"


# What sources contradict, so that published text must not say it: the words, what they would mean, and what just before
# them, or anywhere before them in the sentence, makes them mean something else.
NEAR = re.compile(r"\b(?:no|not|never|nor|rather than|instead of|\w+n't)\b(?: [\w-]+){0,3} ?$", re.IGNORECASE)
BEFORE = re.compile(r"\b(?:no|not|never|none|nor|whether|if|\w+n't)\b[^.!?\n]*$", re.IGNORECASE)
LINKS = r"(?:(?:come|have|has|cause|bring|carry|with|any|an?|or|and|known|real|\w+ly|serious|severe|major|significant|"
LINKS += r"lasting|long-term|dangerous|harmful|unwanted) )*"
HARM = LINKS + r"(?:side[ -]effects?|complications?|adverse (?:effects?|events?|reactions?))\b"
VEIN = r"(?:the |an? |your |each |any )?(?:\w+ ){0,2}?(?:vein|vessel)s?"
HARMLESS, SAFE = "that nothing goes wrong", "that something is safe or approved"
COLLAGEN, IN_WALL = "that it is an injection of collagen", "that the drug goes into the wall of the vein"
CONTRADICTED = (
    (rf"\b(?:no|not|never|\w+n't|cannot) {HARM}", HARMLESS, None),
    (rf"\b(?:without|free (?:of|from)) {HARM}", HARMLESS, BEFORE),
    (r"\b(?:is|are|it's) (?!not |never )(?:\w+ )?(?:safe|risk-free|approved)\b", SAFE, BEFORE),
    (r"\bsafe (?:and \w+ )?(?:treatment|procedure|method|therapy|option)s?\b", SAFE, BEFORE),
    (r"\bcollagen injections?\b", COLLAGEN, NEAR),
    (rf"\b(?:into|through) {VEIN}(?:'s|')? walls?\b", IN_WALL, NEAR),
    (rf"\b(?:into|through) (?:the |an? )?walls? of {VEIN}\b", IN_WALL, NEAR),
)
NUMBER = r"(?:[0-9]+|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|several|a few)"
LASTS = re.compile(
    r"\b(?:results?|effects?|benefits?|outcomes?|improvements?|treatments?|they|it|this|these)\b.*"
    r"(?<!the )\b(?:lasts?|lasting|lasted|holds?|persists?|endures?)\b.*"
    rf"\b{NUMBER}(?:[ -]+(?:to|or|and) {NUMBER}|[-\u2013]{NUMBER})?[ -]+(?:week|month|year)s?\b",
    re.IGNORECASE,
)
# What quotes: the article's words, and the titles of works. A plan is no prose.
QUOTES = {("claims", "statement"), ("sources", "title"), ("plan-examples", "plan")}
TIMES = ("d", "wk", "mo", "a")


def _contradictions(content: Mapping[str, list[dict[str, Any]]]) -> Iterator[str]:
    """What would be published that sources contradict or do not bear out."""
    veins = [name.lower() for row in content["vein-types"] for name in (row["name"], *row["synonyms"])]
    for name, rows in content.items():
        for row in rows:
            said = [value for member, value in row.items() if (name, member) not in QUOTES]
            text = "\n".join(" ".join(each.replace("\u2019", "'").split()) for each in _strings(said))
            yield from (f"{name}/{row['slug']}: {problem}" for problem in sorted(_untrue(text, veins)))
    yield from _unsourced(content, veins)


def _typed_numbers() -> Iterator[str]:
    """FAQ answers with a number that no fact stands behind."""
    for faq in Faq.objects.all():
        if re.search("[0-9]", REFERENCE.sub("", faq.answer)):
            yield f"faqs/{faq}: types a number instead of referring to a fact"


def _unsourced(content: Mapping[str, list[dict[str, Any]]], veins: list[str]) -> Iterator[str]:
    """Figures and durations without a source besides the article, and durations without a vein type."""
    for faq in content["faqs"]:
        if any(_only_article(figure["citations"]) for figure in faq["figures"]):
            yield f"faqs/{faq['slug']}: has a figure that only the article gives"
    for duration in content["result-durations"]:
        if duration["status"] == "unconfirmed" or duration["unit"] not in TIMES:
            continue
        supporting = [citation for citation in duration["citations"] if citation["stance"] == "supports"]
        about = duration["vein_type"] or duration["product"] or _names_one(duration["population"], veins)
        disputed = duration["status"] == "disputed"
        if not (about or disputed) or _only_article(duration["citations"] if disputed else supporting):
            slug = duration["slug"]
            yield f"result-durations/{slug}: it needs a vein type or product, and a source besides the article"


def _strings(value: Any) -> Iterator[str]:
    """Every text in a value, also in its lists and objects."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for entry in value.values() if isinstance(value, dict) else value:
            yield from _strings(entry)


def _untrue(text: str, veins: list[str]) -> set[str]:
    """What a text says that sources contradict, or that they do not say of every vein."""
    said = {
        f"says {meaning}, which sources contradict"
        for words, meaning, excuse in CONTRADICTED
        for match in re.finditer(words, text, re.IGNORECASE)
        if excuse is None or not excuse.search(text[max(0, match.start() - 200) : match.start()])
    }
    sentences = re.split(r"[.!?\n]", text)
    if any(LASTS.search(sentence) and not _names_one(sentence, veins) for sentence in sentences):
        said.add("says how long results last without naming the vein type")
    return said


def _names_one(text: str, veins: list[str]) -> bool:
    return any(vein in text.lower() for vein in veins)


def _only_article(citations: list[dict[str, str]]) -> bool:
    return {citation["source"] for citation in citations} <= {"article"}


def _rules_without_limits() -> Iterator[str]:
    for rule in Rule.objects.all():
        if not (Ruling.objects.exists() if rule.quantity == "condition" else rule.sessionlimit_set.exists()):
            yield f"rules/{rule.slug}: a rule without limits"


def _resolved(text: str, row: Mapping[str, Any], content: Mapping[str, Any], where: str, problems: list[str]) -> str:
    """The text with each reference replaced by the number that it refers to."""
    figures = {figure["key"]: figure for figure in row.get("figures", [])}

    def replacement(match: re.Match[str]) -> str:
        resource, slug = match.groups()
        rows = figures if resource == "figures" else {fact["slug"]: fact for fact in content.get(resource, [])}
        fact = rows.get(slug)
        words = _words(fact) if fact is not None else None
        if words is None:
            problems.append(f"{where}: refers to {resource}/{slug}, which has no number")
            return ""
        return words

    resolved = REFERENCE.sub(replacement, text)
    if "{{" in resolved:
        problems.append(f"{where}: has a reference that cannot be read")
    return resolved


def _words(fact: Mapping[str, Any]) -> str | None:
    """A fact's number in words: `4.2 mL`, `3 to 6 weeks`, `under 9 %`; None when it has none."""
    unit = fact["unit"]
    if "value" in fact:
        return None if fact["value"] is None else in_words(fact["value"], unit)
    low, high = fact["low"], fact["high"]
    if low is not None and high is not None:
        return in_words(low, unit) if low == high else f"{low} to {in_words(high, unit)}"
    if low is not None:
        return f"at least {in_words(low, unit)}"
    return None if high is None else f"under {in_words(high, unit)}"
