"""Publishing: the content tables in, the next release out; each row is checked, rendered and proved on the way."""

import json
from collections.abc import Collection, Mapping
from operator import itemgetter
from typing import Any

from django.utils import timezone

from api.models import PlanExample, Release
from api.models.releases import KINDS, SCHEMA, digest_of, null_for_empty, withdrawn_with
from api.parsers import parse
from api.publishing.checks import row_problems
from api.publishing.load import writing_alone
from api.publishing.loosened import loosened, unnamed
from api.publishing.prove import book_of, wrong_rules
from api.publishing.references import resolved, typed_numbers
from api.publishing.refused import Progress, RefusedError
from api.publishing.sourcing import unsourced
from api.publishing.wording import contradictions
from api.rules import Book, PlanFaults, check
from api.rules.evaluate import UNREADABLE, compiled
from api.serializers import RESOURCES

# The members, by resource, whose text may refer to facts.
PROSE = {"faqs": ("answer",), "claims": ("sources_say", "service_does")}


def publish(
    note: str, progress: Progress = lambda _: None, loosens: Collection[str] = (), kind: str = KINDS[0]
) -> Release:
    """The next release, made from the content tables and saved.

    `kind` is one of `KINDS`, and says with the note what sort of change it is. `loosens` names the rows of limits and
    rules that are meant to tell less than in the newest release, such as `session-limits/clinic-session-volume-max`.

    Raises:
        RefusedError: a row is not valid, content contradicts itself or its sources, rules do not come to what is
            expected of them, a rule is loosened without being named, or nothing changed.
    """
    if not note.strip():
        raise RefusedError(["a release needs a note"])
    if kind not in KINDS:
        raise RefusedError([f"a release is of the kind {', '.join(KINDS[:-1])} or {KINDS[-1]}, not {kind!r}"])
    with writing_alone():
        content, book, problems = proof(progress)
        _refuse(problems)
        digest = digest_of(content)
        last = Release.objects.order_by("-number").first()
        progress("comparing with what the newest release tells")
        if last is None or last.digest != digest:
            _refuse(_unnamed_since(last, book, loosens))
        elif not last.is_broken():  # what is published again where it is takes the place of a broken row
            raise RefusedError([f"nothing changed since release {last.number}"])
        number = last.number + 1 if last else 1
        progress(f"writing release {number}")
        now = timezone.now()  # to the microsecond: from it, processes know when to show the release
        release = Release(
            number=number,
            published_at=max(now, last.published_at) if last else now,  # by whatever clock: `as_of` goes by it
            note=note.strip(),
            kind=kind,
            schema=SCHEMA,
            digest=digest,
            payload=json.dumps(content, ensure_ascii=False, separators=(",", ":")),
            withdrawn=withdrawn_with(content),
        )
        release.save()
    progress(f"published release {number}")
    return release


def proof(progress: Progress = lambda _: None) -> tuple[dict[str, list[dict[str, Any]]], Book, list[str]]:
    """The content of the next release, its rules, and what its texts and rules do not come to.

    Raises:
        RefusedError: a row is not valid, or the content cannot be rendered.
    """
    progress("checking every row")
    _refuse([*row_problems()] or [*typed_numbers()])
    content = render()
    book = book_of(content)
    progress("proving the rules by every named plan and every boundary")
    expected = {example.pk: example.expect for example in PlanExample.objects.all()}
    return content, book, [*contradictions(content), *unsourced(content), *wrong_rules(content, book, expected)]


def _refuse(problems: list[str]) -> None:
    """Raise RefusedError where there are problems."""
    if problems:
        raise RefusedError(problems)


def _unnamed_since(last: Release | None, book: Book, accepted: Collection[str]) -> list[str]:
    """A problem for each row that tells less by these rules than in the last release, and is not named."""
    if last is None:
        return [f"{row}: said to be loosened, and nothing is published yet" for row in accepted]
    less = loosened_since(last, book)
    whole = f"releases/{last.number}"
    if whole in less:
        return [] if whole in accepted else [less[whole]]
    return unnamed(less, accepted)


def loosened_since(last: Release, book: Book) -> dict[str, str]:
    """By row, how it tells less by these rules than in the last release; the release itself where it cannot be read."""
    try:
        old = last.content()
        before = compiled(old)
    except UNREADABLE:
        whole = f"releases/{last.number}"
        words = "cannot be read by this version, so nothing shows what is loosened. Where that is meant: --loosens"
        return {whole: f"{whole}: {words} {whole}"}
    return loosened(before, old["plan-examples"], book)


def render() -> dict[str, list[dict[str, Any]]]:
    """The content of the next release: every resource through its serializer, sorted by slug, references resolved.

    Raises:
        RefusedError: a reference to what is not there, rules that cannot be compiled, or a named plan that is no plan.
    """
    content = {}
    for name, resource in RESOURCES.items():
        rendered = resource.serializer(resource.model._default_manager.all(), many=True).data
        rows = json.loads(json.dumps(rendered), object_hook=null_for_empty)
        # Sorted here and not by the database, whose collation is its own: a digest is the same everywhere.
        content[name] = sorted(rows, key=itemgetter("slug"))
    problems: list[str] = []
    for name, members in PROSE.items():
        for row in content[name]:
            for member in members:
                row[member], wrong = resolved(row[member], row, content)
                problems += [f"{name}/{row['slug']}: {problem}" for problem in wrong]
    _refuse(problems)
    _judge_examples(content)
    return content


def _judge_examples(content: Mapping[str, Any]) -> None:
    """Add to each named plan the verdict and findings that it comes to under this very content.

    Raises:
        RefusedError: rules that cannot be compiled, or a named plan that is no plan.
    """
    book = book_of(content)
    for example in content["plan-examples"]:
        example["plan"] = json.loads(example["plan"])
        try:
            answer = check(parse(json.dumps(example["plan"]).encode()), book)
        except PlanFaults as error:
            where = f"plan-examples/{example['slug']}"
            raise RefusedError([f"{where}: {fault.pointer} {fault.code}" for fault in error.faults]) from error
        except UNREADABLE as error:
            where = f"plan-examples/{example['slug']}"
            raise RefusedError([f"{where}: cannot be answered ({type(error).__name__} {error})"]) from error
        example["verdict"] = answer["verdict"]
        example["findings"] = [finding["id"] for finding in answer["findings"]]
