"""The review: who does what, in; out, a step that is kept, or a refusal. Nobody publishes alone.

What is reviewed is what stands in the content tables against the newest release, so there is one review at a time. Its
steps are told by the digest of the tables: an approval of other tables, or of ones edited since, is none.
"""

from collections.abc import Collection
from dataclasses import dataclass

from api.models import PlanExample, Release, ReviewStep
from api.models.releases import KINDS
from api.publishing.freeze import publish, render
from api.publishing.load import writing_alone
from api.publishing.preview import MOVED, newest_release, preview, proved
from api.publishing.refused import RefusedError
from api.publishing.written import digest_of_tables

STATUS_BY_STEP = {"handed-in": "in review", "approved": "approved"}


@dataclass(frozen=True)
class Review:
    """How far the tables are on their way to a release: `draft`, `in review` or `approved`, and by whose steps."""

    release: int
    tables: str
    steps: list[ReviewStep]

    @property
    def status(self) -> str:
        """What the last step comes to, as long as it is about what stands in the tables."""
        if not self.steps or self.steps[-1].tables != self.tables:
            return "draft"
        return STATUS_BY_STEP.get(self.steps[-1].kind, "draft")

    @property
    def authors(self) -> list[str]:
        """Who edited anything since the newest release, or handed it in, and so answers for it."""
        return sorted({step.who for step in self.steps if step.kind in ("edited", "handed-in")})

    @property
    def voided(self) -> ReviewStep | None:
        """What was handed in or approved, and is void since something was edited after it."""
        said = [step for step in self.steps if step.kind != "edited"]
        return said[-1] if self.status == "draft" and said and said[-1].kind in STATUS_BY_STEP else None

    @property
    def loosens(self) -> list[str]:
        """The rows that are meant to tell less, as the last step has it."""
        return list(self.steps[-1].loosens) if self.status != "draft" else []


def current_review() -> Review:
    """The review of what stands in the tables."""
    last = newest_release()
    return review_of(last.number if last else 0, digest_of_tables())


def review_of(release: int, tables: str) -> Review:
    """The review of tables of this digest against a release; 0: none."""
    return Review(release, tables, [*ReviewStep.objects.filter(release=release)])


def record_edit(who: str, row: str, what: str) -> None:
    """Keep who edited a row; for a transaction that has locked other writers out before it wrote."""
    last = newest_release()
    ReviewStep.objects.create(kind="edited", who=who, row=row, note=what, release=last.number if last else 0)


def hand_in(who: str, seen: str, note: str, loosens: Collection[str]) -> None:
    """Hand in what stands in the tables, by its digest as it was seen; `loosens` names what is meant to tell less.

    Raises:
        RefusedError: the tables are not what was seen, equal the newest release, or would not be published.
    """
    shown = preview()
    if shown.tables != seen:
        raise RefusedError([MOVED])
    if shown.is_empty:
        raise RefusedError([f"nothing changed since release {shown.release}"])
    proof = proved(shown.tables, shown.release)
    not_named = [problem for row, problem in proof.loosens.items() if row not in loosens]
    if proof.refused or not_named:
        raise RefusedError([*proof.refused, *not_named])
    with writing_alone():
        _keep("handed-in", who, _locked(seen), note, [*proof.loosens])


def approve(who: str, seen: str, note: str, loosens: Collection[str]) -> None:
    """Approve what was handed in, by the digest of the tables; `loosens` names what is meant to tell less.

    Raises:
        RefusedError: the tables are not what was seen, are not handed in, are one's own change, or tell less by a row
            that is not named.
    """
    with writing_alone():
        review = _locked(seen)
        if review.status != "in review":
            raise RefusedError(["what stands in the tables is not handed in for review"])
        if who in review.authors:
            raise RefusedError(["whoever edited or handed in a change does not approve it: another person must"])
        not_named = [
            f"{row}: tells less than before, and was not ticked" for row in review.loosens if row not in loosens
        ]
        if not_named:
            raise RefusedError(not_named)
        _keep("approved", who, review, note, review.loosens)


def send_back(who: str, seen: str, note: str) -> None:
    """Send back what was handed in or approved, with a word on what is to change.

    Raises:
        RefusedError: the tables are not what was seen or not handed in, or there is no word.
    """
    with writing_alone():
        review = _locked(seen)
        if review.status == "draft":
            raise RefusedError(["what stands in the tables is not handed in for review"])
        if not note.strip():
            raise RefusedError(["say what is to change"])
        _keep("sent-back", who, review, note, [])


def publish_approved(who: str, seen: str, note: str, kind: str = KINDS[0]) -> Release:
    """The next release, made of what was approved; `kind` says what sort of change it is.

    Raises:
        RefusedError: the tables are not what was seen or not approved, or publishing refuses them.
    """
    with writing_alone():
        review = _locked(seen)
        if review.steps and review.steps[-1].kind == "published":
            raise RefusedError([f"it is published already, as release {review.release}"])
        if review.status != "approved":
            raise RefusedError(["what stands in the tables is not approved"])
        release = publish(note, loosens=review.loosens, kind=kind)
        published = Review(release.number, review.tables, [])
        _keep("published", who, published, note, review.loosens)
    return release


def expect_what_comes(who: str, seen: str, slugs: Collection[str]) -> None:
    """Let named plans expect what they come to under the tables as they stand: that they flip is meant.

    Raises:
        RefusedError: the tables are not what was seen, or cannot be rendered.
    """
    with writing_alone():
        _locked(seen)
        for row in render()["plan-examples"]:
            if row["slug"] in slugs:
                comes_to = {"verdict": row["verdict"], "findings": row["findings"]}
                PlanExample.objects.filter(slug=row["slug"]).update(expect=comes_to)
                record_edit(who, f"plan-examples/{row['slug']}", f"expects {row['verdict']}, as it comes to")


def _locked(seen: str) -> Review:
    """The review, for a transaction in which nobody else writes.

    Raises:
        RefusedError: the tables are not what was seen.
    """
    review = current_review()
    if review.tables != seen:
        raise RefusedError([MOVED])
    return review


def _keep(kind: str, who: str, review: Review, note: str, loosens: list[str]) -> None:
    ReviewStep.objects.create(
        kind=kind, who=who, release=review.release, tables=review.tables, note=note.strip(), loosens=loosens
    )
