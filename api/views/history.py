"""How content came to be: a request in; what changed, a release in one document, or the difference of two, out."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.http import HttpResponse
from django.utils.feedgenerator import Atom1Feed
from rest_framework.request import Request

from api import releases
from api.history import NOTHING, POSITION, RESHAPED, Position, changes, only_in_one, position_of
from api.models.releases import KINDS
from api.parsers import CONTROL_CHARACTER, Parameter
from api.rates import account_of
from api.releases import ContentUnavailableError, FrozenRelease, Row
from api.rules import Book, PlanFaults
from api.rules.evaluate import evaluate
from api.rules.reading import Reader
from api.schema import Operation
from api.serializers import BundleSerializer, ChangePageSerializer, DiffSerializer
from api.views.contract import CONTENT_STATUS, LIMIT, MOST_ON_A_PAGE, ContractView
from api.views.pages import Anything
from api.views.service import LICENCE, NOTICE

START = "0"
MOST_IN_FEED = 20


class Cursor:
    """A position in the sequence of changes."""

    def read(self, value: str, pointer: str, reader: Reader) -> Position | None:
        """The position; None, and a fault, where the text is none."""
        position = position_of(value)
        if position is None:
            reader.fault(pointer, "not_a_position", "Send 0 for the beginning, or the position that a `next` has.")
        return position

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the text."""
        return {"type": "string", "pattern": f"^{POSITION}$", "maxLength": 40}


class Changes(ContractView):
    """What changed after a position, in the order in which it did."""

    operation = Operation(
        id="list_changes",
        tag="Releases",
        summary="List changes",
        text=(
            "What was created, updated and withdrawn, release by release, and which rows came to be overdue for review "
            "(`review_overdue`), day by day: a sequence that only grows at its end. `next` is always there, also on an "
            "empty page: ask it again later, at once where `more` is true. Whoever follows it from 0, keeps each `row` "
            "by resource and slug, and drops what is withdrawn, holds the newest release: rows by slug, under all of "
            "`resources`, have its `digest`. A row that says the same by another schema is `reshaped`: keep it, too. A "
            "`bundle` has the position from which to follow on. A row that is there in several entries is as in the "
            "last one."
        ),
        returns=ChangePageSerializer,
        parameters=(
            LIMIT,
            Parameter(
                "after",
                "The position after which to begin: 0 for the beginning, a `position` of a change, or the number of a "
                "release, for what came after it was published.",
                example="1",
                value_type=Cursor(),
            ),
        ),
        problems=(404, 503),
        frozen=True,
    )

    def get(self, request: Request) -> HttpResponse:
        self.release = releases.current()
        asked = position_of(self.query.get("after", START))
        assert asked is not None  # noqa: S101 # nosec B101 - the query was read
        limit = int(self.query.get("limit", MOST_ON_A_PAGE))
        page = releases.changes_after(asked, limit, self.now().date())
        paging = f"limit={limit}&" if "limit" in self.query else ""
        body = {
            "items": page.items,
            "next": f"/v1/changes?{paging}after={page.after}",
            "more": page.more,
            "release": self.release.number,
            "digest": self.release.digest,
            "resources": [*self.release.content],
        }
        return self.published(body)


class Bundle(ContractView):
    """A release in one document."""

    operation = Operation(
        id="get_bundle",
        tag="Releases",
        summary="Get a release in one document",
        text=(
            "Every row of every resource, as it was frozen, for apps that work offline. The SHA-256 of `resources` in "
            "canonical JSON (RFC 8785) is `digest`. `changes` is where to follow on from it."
        ),
        returns=BundleSerializer,
        problems=(404, 503),
        frozen=True,
    )

    def get(self, request: Request, number: int) -> HttpResponse:
        release = self.release = releases.pinned(number)
        head = {
            **releases.summary(release),
            "canonicalization": "RFC 8785",
            "content_status": CONTENT_STATUS,
            "licence": LICENCE,
            "changes": f"/v1/changes?after={number}",
        }
        # The text that was frozen, as it is: reading and writing it again would take ten times as long.
        body = f'{json.dumps(head, ensure_ascii=False)[:-1]}, "resources": {release.payload}}}'
        return self.published(body.encode())


class Diff(ContractView):
    """What differs between two releases."""

    operation = Operation(
        id="compare_releases",
        tag="Releases",
        summary="Compare two releases",
        text=(
            "Each row that came, changed or went from one release to another, a later or an earlier one, and its "
            "members with what they were and are; and each named plan whose verdict changes. Applied to the first, it "
            "gives the second. A named plan that both have is told as the second has it. It counts as one request for "
            "each named plan."
        ),
        returns=DiffSerializer,
        problems=(404, 503),
        frozen=True,
    )
    is_one_request = False

    def get(self, request: Request, number: int, other: int) -> HttpResponse:
        former, latter = releases.pinned(number), releases.pinned(other)
        self.release = latter
        account_of(request).charge(max(1, len(named_plans(former, latter))))
        items = []
        for change in changes(former.as_frozen, latter.as_frozen):
            old, new = change.old or {}, change.new or {}
            members = [
                {"member": name}
                | ({"old": old[name]} if name in old else {})
                | ({"new": new[name]} if name in new else {})
                for name in (change.members if old and new else [])
            ]
            row = change.new if change.action == "created" else None
            whole = {"action": change.action, "resource": change.resource, "slug": change.slug}
            items.append({**whole, "members": members, "row": row})
        return self.published(
            {
                "from_release": former.number,
                "to_release": latter.number,
                "from_digest": former.digest,
                "to_digest": latter.digest,
                "items": items,
                "plans": plans_that_flip(former, latter),
                "resources": [*latter.content],
            }
        )


def plans_that_flip(former: FrozenRelease, latter: FrozenRelease) -> list[dict[str, Any]] | None:
    """The named plans of two releases whose verdict changes; None where the rules of one cannot be read."""
    try:
        books = former.book, latter.book
    except ContentUnavailableError:
        return None
    flips = []
    for slug, plan in sorted(named_plans(former, latter).items()):
        before, after = (_outcome(plan, book) for book in books)
        if before["verdict"] != after["verdict"]:
            went, came = only_in_one(before["findings"], after["findings"])
            verdicts = {"from_verdict": before["verdict"], "to_verdict": after["verdict"]}
            flips.append({"slug": slug, **verdicts, "came": came, "went": went})
    return flips


def named_plans(former: FrozenRelease, latter: FrozenRelease) -> dict[str, Any]:
    """The named plans of two releases by slug; those that both have, as the second has them."""
    return {row["slug"]: row["plan"] for each in (former, latter) for row in each.content.get("plan-examples", ())}


def _outcome(plan: Any, book: Book) -> dict[str, Any]:
    """The verdict on a plan, and its findings by their ids; None as the verdict where the release cannot read it."""
    try:
        evaluation = evaluate(plan, book)
    except PlanFaults:
        return {"verdict": None, "findings": []}
    return {"verdict": evaluation.verdict, "findings": [finding.id for finding in evaluation.outcomes.findings]}


class Feed(ContractView):
    """Releases and clinical changes, for readers of news."""

    operation = Operation(
        id="get_feed",
        tag="Releases",
        summary="Get releases as a feed",
        text=(
            f"The last {MOST_IN_FEED} releases as Atom (RFC 4287), the newest first, each with its note and kind; and "
            "of those whose kind is `clinical` or `safety`, each row that came, changed or went."
        ),
        returns={"type": "string"},
        media_type="application/atom+xml",
        problems=(503,),
        frozen=True,
    )

    content_negotiation_class = Anything

    def get(self, request: Request) -> HttpResponse:
        self.release = releases.current()
        feed = Atom1Feed(
            title="Sclerotherapy content: releases and clinical changes",
            link="/v1/releases",
            description=NOTICE,
            language="en",
            author_name="Sclerotherapy content and rules",
            feed_url="/v1/releases.atom",
            feed_guid=f"urn:uuid:{uuid5(NAMESPACE_URL, 'sclerotherapy releases')}",
            feed_copyright=LICENCE["name"],
        )
        history = releases.newest().history
        for row in reversed(history[-MOST_IN_FEED:]):
            for entry in entries_of(row, history):
                feed.add_item(**entry)
        return self.published(feed.writeString("utf-8").encode(), media_type="application/atom+xml")


def entries_of(row: Row, history: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """What the feed has of a release: itself, then, where it is of clinical weight, each row that it changed."""
    number, digest, note = row["number"], row["digest"], CONTROL_CHARACTER.sub(" ", row["note"])
    published_at = datetime.fromisoformat(row["published_at"])

    def entry(title: str, link: str, description: str, name: str) -> dict[str, Any]:
        unique_id = f"urn:uuid:{uuid5(NAMESPACE_URL, f'{digest} {number} {name}')}"
        dates = {"pubdate": published_at, "updateddate": published_at}
        told = {"title": title, "link": link, "description": description, "categories": [row["kind"]]}
        return {**told, **dates, "unique_id": unique_id}

    yield entry(f"Release {number}: {note}", f"/v1/releases/{number}", note, "")
    if row["kind"] != KINDS[0]:
        former = [each["number"] for each in history if each["number"] < number]
        before = releases.pinned(former[-1]).content if former else NOTHING
        for change in changes(before, releases.pinned(number).content):
            if change.action == RESHAPED:
                continue
            name = f"{change.resource}/{change.slug}"
            what = f" in {', '.join(change.changed)}" if change.changed else ""
            last = former[-1] if change.new is None else number
            yield entry(f"{name} {change.action}{what}", f"/v1/{name}?release={last}", note, name)
