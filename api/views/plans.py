"""The check of session plans, and what helps before and after it."""

import hashlib
from typing import Any

import rfc8785
from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from api import content
from api.content import FrozenRelease
from api.errors import error
from api.parsers import Parameter, read_query, refuse_no_body
from api.rules import PlanFaults, check
from api.rules.answer import DECIDES, look
from api.rules.kinds import members_of
from api.rules.numbers import thousandths
from api.rules.plan import FORMS, JURISDICTIONS, VEINS, Batch, Comparison, Patient, Treatment, read_envelope
from api.rules.reading import JsonNumber
from api.rules.resolve import Known, resolve
from api.schema import Operation
from api.serializers import AnswerSerializer, BatchAnswerSerializer, ComparisonAnswerSerializer, ResolutionSerializer
from api.views.content import CONTENT_STATUS, RELEASE, published, release_asked_for, slugs
from api.views.contract import ContractView

BODY_PROBLEMS = (404, 411, 413, 415, 503)


class PlanView(ContractView):
    """A view that takes plans. Nothing of them is stored or logged."""

    http_method_names = ("post",)
    most_bytes = settings.DATA_UPLOAD_MAX_MEMORY_SIZE

    def release(self, request: Request) -> FrozenRelease:
        """The release to check against, once the query and the body's length are in order."""
        release = release_asked_for(request)
        read_query(request.query_params, (RELEASE,), release.content)
        refuse_no_body(request.META)
        return release

    def respond(self, body: dict[str, Any], release: FrozenRelease) -> Response:
        return Response(body, headers={"Content-Release": str(release.number), "Cache-Control": "no-store"})


class ValidatePlan(PlanView):
    """Checks a proposed plan against the published limits."""

    operation = Operation(
        id="validate_session_plan",
        tag="Plans",
        summary="Check a session plan",
        text=(
            "Holds a proposed plan against the published limits of the chosen rule sets and jurisdiction. The answer "
            "is 200 whenever the plan can be read, whatever the verdict; it names every limit that is broken, the "
            "number observed, the number allowed, who says so, and what would bring it inside. Nothing is stored. "
            "Only `area` and `amount` of each treatment are required; what is missing is told in `not_evaluated`. "
            "Suggestions are alternatives for the body as sent, and only lower or postpone; `nearest_within_limits` is "
            "the combined one. Leave `clinic` out of `rule_sets` where a clinic keeps to the label alone: the clinic's "
            "own limits are the article's, for any product, and are errors for whoever asks for them."
        ),
        answer=AnswerSerializer,
        parameters=(RELEASE,),
        problems=BODY_PROBLEMS,
        takes="Plan",
    )

    def post(self, request: Request) -> Response:
        release = self.release(request)
        return self.respond(answer_to(request.data, release), release)


class ValidateBatch(PlanView):
    """Checks up to 100 plans, each on its own."""

    most_bytes = settings.MOST_BYTES_OF_PLANS
    operation = Operation(
        id="validate_session_plans",
        tag="Plans",
        summary="Check many session plans",
        text=(
            "Checks up to 100 plans, 1 MB in all, with one entry for each in the order sent: the answer that the plan "
            "gets on its own, or the faults for which it cannot be read. One bad plan does not spoil the rest."
        ),
        answer=BatchAnswerSerializer,
        parameters=(RELEASE,),
        problems=BODY_PROBLEMS,
        takes="Batch",
    )

    def post(self, request: Request) -> Response:
        release = self.release(request)
        batch = read_envelope(Batch, request.data)
        items = [entry_for(document, release) for document in batch.plans]
        return self.respond({"items": items, "release": release.number}, release)


class ComparePlans(PlanView):
    """Checks plans under two releases and tells which verdicts change."""

    most_bytes = settings.MOST_BYTES_OF_PLANS
    operation = Operation(
        id="compare_session_plans",
        tag="Plans",
        summary="Compare plans under two releases",
        text=(
            "Checks up to 100 plans, 1 MB in all, under two releases. `items` holds only the plans whose verdict "
            "changes, with the ids of the findings that came and went; `unreadable` holds the plans that a release "
            "cannot read."
        ),
        answer=ComparisonAnswerSerializer,
        problems=BODY_PROBLEMS,
        takes="Comparison",
    )

    def post(self, request: Request) -> Response:
        read_query(request.query_params, (), {})
        refuse_no_body(request.META)
        comparison = read_envelope(Comparison, request.data)
        former = content.pinned(comparison.from_release)
        latter = content.pinned(comparison.to_release) if comparison.to_release else content.current()
        items, unreadable = [], []
        for index, document in enumerate(comparison.plans):
            try:
                change = difference(document, former, latter)
            except PlanFaults as refusal:
                unreadable.append({"index": index, "errors": [error(fault) for fault in refusal.faults]})
            else:
                items += [{"index": index, **change}] if change else []
        body = {
            "from_release": former.number,
            "to_release": latter.number,
            "compared": len(comparison.plans) - len(unreadable),
            "items": items,
            "unreadable": unreadable,
        }
        return self.respond(body, latter)


class ResolveLimit(ContractView):
    """Tells which limit binds the volume of a session before there is a plan."""

    parameters = (
        Parameter("product", "Slug of `/v1/products`.", slugs("products")),
        Parameter("jurisdiction", "Whose label applies; default `US`.", closed=JURISDICTIONS),
        Parameter(
            "concentration_percent",
            "Concentration in percent.",
            decimal=members_of(Treatment)["concentration_percent"].metadata["kind"],
        ),
        Parameter("form", "Liquid or foam.", closed=FORMS),
        Parameter("vein_type", "Slug of `/v1/vein-types`.", slugs("vein-types")),
        Parameter("vein", "The saphenous vein or perforator, where a label names it.", closed=tuple(VEINS)),
        Parameter("area", "Slug of `/v1/areas`.", slugs("areas")),
        Parameter("weight_kg", "Body weight in kg.", decimal=members_of(Patient)["weight_kg"].metadata["kind"]),
    )
    operation = Operation(
        id="resolve_session_limit",
        tag="Plans",
        summary="Find the binding limit",
        text=(
            "Which limit binds the volume of a session, in mL, for what is known so far; every candidate and why; and "
            "what is missing to be sure. A dose by body weight becomes mL through the strength, rounded down. Where no "
            "source gives the label's number, or no text of the product was read for the jurisdiction, nothing binds, "
            "and `reason` says so: no number of another rule set stands in."
        ),
        answer=ResolutionSerializer,
        parameters=(*parameters, RELEASE),
        problems=(404, 503),
        frozen=True,
    )

    def get(self, request: Request) -> HttpResponse:
        release = release_asked_for(request)
        query = read_query(request.query_params, self.operation.parameters, release.content)
        known = {
            name: thousandths(text) if name in ("concentration_percent", "weight_kg") else text
            for name, text in query.items()
            if name != "release"
        }
        resolution = resolve(Known(**known), release.book)  # type: ignore[arg-type]  # the query was read by name
        envelope = {"release": release.number, "content_status": CONTENT_STATUS, "decides": DECIDES}
        return published(request, release, {**resolution, **envelope})


def answer_to(document: Any, release: FrozenRelease) -> dict[str, Any]:
    """The whole answer to a plan under a release. It has no clock and no chance in it.

    Raises:
        PlanFaults: the document is not a plan.
    """
    answer = check(document, release.book)
    receipt = {
        "plan_sha256": hashlib.sha256(rfc8785.dumps(canonical(document))).hexdigest(),
        "release": release.number,
        "release_sha256": release.digest,
        "canonicalization": "RFC 8785",
    }
    return {**answer, "release": release.number, "decides": DECIDES, "receipt": receipt}


def entry_for(document: Any, release: FrozenRelease) -> dict[str, Any]:
    """A plan's entry in a batch: its answer, or its faults."""
    try:
        return {"status": 200, "answer": answer_to(document, release), "errors": []}
    except PlanFaults as refusal:
        return {"status": 400, "answer": None, "errors": [error(fault) for fault in refusal.faults]}


def difference(document: Any, former: FrozenRelease, latter: FrozenRelease) -> dict[str, Any] | None:
    """What changes for a plan between two releases, or None where the verdict stays.

    Raises:
        PlanFaults: one of the releases cannot read the document.
    """
    before, after = look(document, former.book), look(document, latter.book)
    if before.verdict == after.verdict:
        return None
    went, came = ([finding["id"] for finding in seen.findings] for seen in (before, after))
    return {
        "from_verdict": before.verdict,
        "to_verdict": after.verdict,
        "came": [known for known in came if known not in went],
        "went": [known for known in went if known not in came],
    }


def canonical(node: Any) -> Any:
    """The document with its numbers as RFC 8785 has them. Only the receipt's digest is made from these."""
    if isinstance(node, dict):
        return {name: canonical(entry) for name, entry in node.items()}
    if isinstance(node, list):
        return [canonical(entry) for entry in node]
    if isinstance(node, JsonNumber):
        return float(node) if "." in node else int(node)
    return node
