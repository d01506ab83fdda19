"""The playground: what was asked of it in; out, a plan as a form, and what the check says of it. Nothing is kept.

The check is that of the API, `api.checking`. What was asked is a form whose fields are named by JSON Pointers, or a
named plan. Beside the fields come `do`, the button that was pressed; `of`, the digest of the plan that the page was
about; `beside`, what to show beside the plan; and `kept`, the plan as it was when it was set aside, as JSON.
"""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.checking import answer_to_document
from api.keys import KeptLimits
from api.pages.plan_form import Maker, Pairs, document_of, in_plain_words, sent_of
from api.pages.samples import Asked as Request
from api.pages.samples import Sample, filled, samples
from api.pages.verdict import VERDICTS, Telling
from api.parsers import BodyFaults, parse
from api.releases import FrozenRelease
from api.rules import Fault, PlanFaults
from api.rules.answer import BINDING
from api.rules.plan import JURISDICTIONS

Document = dict[str, Any]
Row = Mapping[str, Any]

PATH = "/v1/session-plans/validate"
# Named plans that show the most, to start from.
FIRST = (
    "asclera-four-ml",
    "asclera-volume-over",
    "dose-per-weight-germany",
    "foam-symptomatic-foramen-ovale",
    "article-plan",
    "area-and-amount-only",
    "asclera-within",
)
UNDER, NAMED, KEPT = "under ", "plan ", "kept"  # what `beside` begins with
BESIDE_FIELDS = ("do", "of", "beside", "kept")
ADD, REMOVE, APPLY, NEAREST, KEEP = "add", "remove", "apply", "nearest", "keep"  # what `do` begins with


@dataclass(frozen=True)
class Asked:
    """What the page is asked for: a document, and what is to be done with it and shown beside it."""

    document: Document
    do: str = ""
    of: str = ""
    beside: str = ""
    kept: str = ""
    example: str = ""  # the name of the plan, where it is a named one

    @property
    def checks(self) -> int:
        """How many plans are checked for it."""
        return 1 + (self.do.partition(" ")[0] in (APPLY, NEAREST)) + bool(self.beside)


def asked_by(pairs: Pairs) -> Asked:
    """What the fields of a form ask for.

    Raises:
        TooManyElements: the plan is longer than a page can show.
    """
    named = {name: text for name, text in pairs if name in BESIDE_FIELDS}
    sent, do = sent_of((name, text) for name, text in pairs if name not in BESIDE_FIELDS), named.get("do", "")
    what, _, pointer = do.partition(" ")
    if what == ADD:
        sent.add_element(pointer)
    elif what == REMOVE:
        sent.remove(pointer)
    document, kept = document_of(sent), named.get("kept", "")
    if what == KEEP:
        return Asked(document, beside=KEPT, kept=json.dumps(document))
    return Asked(document, do, named.get("of", ""), named.get("beside", ""), kept)


def named_plan(release: FrozenRelease, slug: str) -> Document | None:
    """The plan of a name."""
    row = release.item("plan-examples", slug)
    return None if row is None else row["plan"]


def page_of(asked: Asked, release: FrozenRelease, base: str, house: KeptLimits | None = None) -> dict[str, Any]:
    """All that the page shows. A plan of which nothing is told is not checked; `house` is kept for whoever asks."""
    document, notice = changed(asked, release, house)
    judged = judge(document, release, house) if document else Judged()
    if judged.answer is None:
        notice = ""
    form = Maker(release, judged.by_pointer()).form(document)
    telling = Telling(release, form.pointers())
    return {
        "form": form,
        "notice": notice,
        "faults": [{**telling.place(fault.pointer), "said": said_of(fault)} for fault in judged.faults],
        "answer": judged.answer and telling.of(judged.answer),
        "beside": beside(asked, document, release, house) if judged.answer else None,
        "choices": choices(asked, release),
        "kept": asked.kept,
        "example": asked.example,
        "copies": copies(document, base) if judged.answer else [],
        "first": [row for slug in FIRST if (row := release.item("plan-examples", slug))],
        "examples": examples_of(release),
        "release": release.number,
    }


def copies(document: Document, base: str) -> list[Sample]:
    """Programs that have the document checked, each in another language."""
    asked = Request("the plan of the form", "POST", PATH, document)
    return [Sample(sample.language, filled(sample.code, base)) for sample in samples(asked)]


@dataclass(frozen=True)
class Judged:
    """What the check says of a document: an answer, or faults."""

    answer: dict[str, Any] | None = None
    faults: tuple[Fault, ...] = ()

    def by_pointer(self) -> dict[str, list[str]]:
        """What is wrong, by the pointer of the field."""
        found: dict[str, list[str]] = {}
        for fault in self.faults:
            found.setdefault(fault.pointer, []).append(said_of(fault))
        return found


def judge(document: Any, release: FrozenRelease, house: KeptLimits | None) -> Judged:
    """What the API answers to a plan; of each rule that is kept, the place with the least headroom."""
    try:
        return Judged(answer_to_document(document, release, BINDING, house))
    except PlanFaults as refusal:
        return Judged(faults=tuple(refusal.faults))


def said_of(fault: Fault) -> str:
    """What is wrong, as one sentence or two."""
    return f"{fault.detail} Did you mean {fault.did_you_mean}?" if fault.did_you_mean else fault.detail


def changed(asked: Asked, release: FrozenRelease, house: KeptLimits | None) -> tuple[Document, str]:
    """The document, with the suggestion that was chosen, and what was done. Only what the check offers is done."""
    what, _, which = asked.do.partition(" ")
    answer = judge(asked.document, release, house).answer if what in (APPLY, NEAREST) else None
    if answer is None:
        return asked.document, ""
    if answer["receipt"]["plan_sha256"] != asked.of:
        return asked.document, "Nothing was changed: that was suggested for the plan as it was before."
    if what == NEAREST:
        label, patch = "The changes were made", (answer["nearest_within_limits"] or {}).get("patch")
    else:
        label, patch = suggested(answer, which)
    if not patch:
        return asked.document, "That is not suggested for the plan as it is now."
    return patched(asked.document, patch), f"{label}: done, and checked again."


def suggested(answer: Row, which: str) -> tuple[str, Any]:
    """The label and the patch of a suggestion by its number and the id of its finding; no patch where it is none."""
    offered = {
        f"{k} {finding['id']}": suggestion
        for finding in answer["findings"]
        for k, suggestion in enumerate(finding["suggestions"])
    }
    chosen = offered.get(which, {})
    return chosen.get("label", ""), chosen.get("patch")


def patched(document: Document, patch: Any) -> Document:
    """The document with a JSON Patch of the check, which replaces and adds what is there or belongs there."""
    new = copy.deepcopy(document)
    for operation in patch:
        *holders, last = operation["path"].split("/")[1:]
        node: Any = new
        for name in holders:
            node = node[int(name)] if isinstance(node, list) else node.setdefault(name, {})
        if isinstance(node, list):
            node.append(operation["value"])
        else:
            node[last] = operation["value"]
    return new


def beside(asked: Asked, document: Document, release: FrozenRelease, house: KeptLimits | None) -> dict[str, Any] | None:
    """What is shown beside the plan: its title, and what the check says."""
    kind, other = asked.beside, None
    title = ""
    if kind.startswith(UNDER) and kind.removeprefix(UNDER) in JURISDICTIONS:
        jurisdiction = kind.removeprefix(UNDER)
        other, title = {**document, "jurisdiction": jurisdiction}, f"The same plan: {in_plain_words(jurisdiction)}"
    elif kind.startswith(NAMED):
        row = release.item("plan-examples", kind.removeprefix(NAMED))
        other, title = (row["plan"], row["title"]) if row else (None, "")
    elif kind == KEPT:
        other, title = plan_in(asked.kept), "The plan as it was set aside"
    if other is None:
        return None
    judged = judge(other, release, house)
    faults = [said_of(fault) for fault in judged.faults]
    answer = judged.answer and Telling(release, (), "beside-").of(judged.answer)
    return {"title": title, "answer": answer, "faults": faults}


def plan_in(text: str) -> Any:
    """The document in a text, None where it is no JSON."""
    try:
        return parse(text.encode())
    except BodyFaults:
        return None


def choices(asked: Asked, release: FrozenRelease) -> list[dict[str, Any]]:
    """What may be shown beside the plan, in groups."""
    kept = [(KEPT, "The plan that was set aside")] if asked.kept else []
    under = [(f"{UNDER}{code}", in_plain_words(code)) for code in JURISDICTIONS]
    named = [(f"{NAMED}{row['slug']}", row["title"]) for row in release.content.get("plan-examples", ())]
    groups = {"": [("", "nothing"), *kept], "The same plan in": under, "A named plan": named}
    return [
        {"label": label, "options": [(value, words, value == asked.beside) for value, words in options]}
        for label, options in groups.items()
    ]


def examples_of(release: FrozenRelease) -> list[dict[str, Any]]:
    """The named plans, by what they come to."""
    rows = release.content.get("plan-examples", ())
    return [
        {"label": words, "plans": [row for row in rows if row["verdict"] == verdict]}
        for verdict, (_, words) in VERDICTS.items()
    ]
