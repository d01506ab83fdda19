"""The plan check: plans in, or what is known before there is one; answers out."""

import hashlib
from typing import Any

import rfc8785
from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from api import metrics, releases
from api.errors import fault_as_json
from api.parsers import Parameter, refuse_no_body
from api.rates import account_of
from api.releases import FrozenRelease
from api.rules import PlanFaults, check
from api.rules.answer import DECIDES
from api.rules.evaluate import evaluate
from api.rules.numbers import thousandths
from api.rules.plan import (
    AREA,
    CONCENTRATION,
    FORM,
    JURISDICTION,
    PRODUCT,
    VEIN,
    VEIN_TYPE,
    WEIGHT,
    Batch,
    Comparison,
    read_envelope,
)
from api.rules.reading import JsonNumber
from api.rules.resolve import Known, resolve
from api.schema import Operation
from api.serializers import AnswerSerializer, BatchAnswerSerializer, ComparisonAnswerSerializer, ResolutionSerializer
from api.views.contract import CONTENT_STATUS, PIN, ContractView

BODY_PROBLEMS = (404, 411, 413, 415, 503)


class PlanView(ContractView):
    """A view that takes one plan or several. Nothing of them is stored or logged."""

    http_method_names = ("post",)
    scope = "validate"
    most_bytes = settings.DATA_UPLOAD_MAX_MEMORY_SIZE

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Set `query` and `release`, and refuse a request without a body."""
        super().initial(request, *args, **kwargs)
        refuse_no_body(request.META)

    def answered(self, body: dict[str, Any]) -> Response:
        """The answer as a response that no cache keeps, since it may tell of a patient."""
        return Response(body, headers={"Content-Release": str(self.release.number), "Cache-Control": "no-store"})


class ValidatePlan(PlanView):
    """Checks a proposed plan against the published limits."""

    operation = Operation(
        id="validate_session_plan",
        tag="Plans",
        summary="Check a session plan",
        text=(
            "Compares a proposed plan with the published limits of the chosen rule sets and jurisdiction. The status "
            "is 200 whenever the plan can be read, whatever the verdict. The answer names every limit that is broken, "
            "the number observed, the number allowed, who says so, and what would bring the plan inside. Nothing is "
            "stored. Only `area` and `amount` of each treatment are required; `not_evaluated` names the members that "
            "would let more rules be evaluated. Suggestions are alternatives for the body as sent: each lowers "
            "something, postpones something, or adds care afterwards. `nearest_within_limits` combines changes for "
            "all findings. The limits of the rule set `clinic` are the article's, for any product: leave it out of "
            "`rule_sets` where a clinic keeps to the label alone. `GET /v1/session-plans/examples` has a named plan "
            "for every outcome."
        ),
        returns=AnswerSerializer,
        parameters=PIN,
        problems=BODY_PROBLEMS,
        takes="Plan",
    )

    def post(self, request: Request) -> Response:
        return self.answered(answer_to(request.data, self.release))


class ValidateBatch(PlanView):
    """Checks up to 100 plans, each on its own."""

    most_bytes = settings.MOST_BYTES_OF_PLANS
    operation = Operation(
        id="validate_session_plan_batch",
        tag="Plans",
        summary="Check many session plans",
        text=(
            "Checks up to 100 plans, 1 MB in all. `items` has one item for each, in the order sent: the answer that "
            "the plan gets on its own, or the faults for which it cannot be read. One bad plan does not spoil the "
            "rest. It counts as as many requests as it has plans; where not so many are left, none is checked."
        ),
        returns=BatchAnswerSerializer,
        parameters=PIN,
        problems=BODY_PROBLEMS,
        takes="Batch",
    )

    def post(self, request: Request) -> Response:
        batch = read_envelope(Batch, request.data)
        account_of(request).charge(len(batch.plans))
        items = [batch_item(document, self.release) for document in batch.plans]
        return self.answered({"items": items, "release": self.release.number})


class ComparePlans(PlanView):
    """Checks plans under two releases and says which verdicts change."""

    most_bytes = settings.MOST_BYTES_OF_PLANS
    operation = Operation(
        id="compare_session_plans",
        tag="Plans",
        summary="Compare plans under two releases",
        text=(
            "Checks up to 100 plans, 1 MB in all, under two releases. `items` has only the plans whose verdict "
            "changes, with the ids of the findings that came and went; `unreadable` has the plans that one of the "
            "releases cannot read. It counts as two requests for each plan; where not so many are left, none is "
            "checked."
        ),
        returns=ComparisonAnswerSerializer,
        problems=BODY_PROBLEMS,
        takes="Comparison",
    )

    def post(self, request: Request) -> Response:
        comparison = read_envelope(Comparison, request.data)
        account_of(request).charge(2 * len(comparison.plans))  # each is judged under both releases
        former = releases.pinned(comparison.from_release)
        latter = self.release = releases.pinned(comparison.to_release) if comparison.to_release else releases.current()
        items, unreadable = [], []
        for index, document in enumerate(comparison.plans):
            try:
                change = difference(document, former, latter)
            except PlanFaults as refusal:
                unreadable.append({"index": index, "errors": [fault_as_json(fault) for fault in refusal.faults]})
            else:
                items += [{"index": index, **change}] if change else []
        body = {
            "from_release": former.number,
            "to_release": latter.number,
            "compared": len(comparison.plans) - len(unreadable),
            "items": items,
            "unreadable": unreadable,
        }
        return self.answered(body)


class ResolveLimit(ContractView):
    """Finds which limit binds the volume of a session before there is a plan."""

    parameters = (
        Parameter("product", "Slug of `/v1/products`.", example="aethoxysklerol", value_type=PRODUCT),
        Parameter("jurisdiction", "Whose label applies; default `US`.", example="DE", value_type=JURISDICTION),
        Parameter("concentration_percent", "Concentration in percent.", example="1", value_type=CONCENTRATION),
        Parameter("form", "Liquid or foam.", example="liquid", value_type=FORM),
        Parameter("vein_type", "Slug of `/v1/vein-types`.", example="reticular-vein", value_type=VEIN_TYPE),
        Parameter(
            "vein",
            "The saphenous vein or perforator, where a label names it.",
            example="great-saphenous",
            value_type=VEIN,
        ),
        Parameter("area", "Slug of `/v1/areas`.", example="calf", value_type=AREA),
        Parameter("weight_kg", "Body weight in kg.", example="45", value_type=WEIGHT),
    )
    operation = Operation(
        id="resolve_session_limit",
        tag="Plans",
        summary="Find the binding limit",
        text=(
            "Which limit binds the volume of a session, in mL, for what is known so far; every candidate and why; and "
            "what is missing to be sure. A dose by body weight becomes mL by the strength, rounded down. Where no "
            "source gives the label's number, or no text on the product was read for the jurisdiction, nothing binds, "
            "and `reason` says which of the two: no number of another rule set stands in."
        ),
        returns=ResolutionSerializer,
        parameters=(*parameters, *PIN),
        problems=(404, 503),
        frozen=True,
    )

    def get(self, request: Request) -> HttpResponse:
        known = {
            name: thousandths(text) if name in ("concentration_percent", "weight_kg") else text
            for name, text in self.query.items()
            if name not in ("release", "as_of")
        }
        resolution = resolve(Known(**known), self.release.book)  # type: ignore[arg-type]  # the query was read by name
        envelope = {"release": self.release.number, "content_status": CONTENT_STATUS, "decides": DECIDES}
        return self.published({**resolution, **envelope})


def answer_to(document: Any, release: FrozenRelease) -> dict[str, Any]:
    """The whole answer to a plan under a release, the same whenever and wherever it is asked for.

    Raises:
        PlanFaults: the document is not a plan.
    """
    answer = check(document, release.book)
    metrics.count_verdict(answer["verdict"])
    receipt = {
        "plan_sha256": hashlib.sha256(rfc8785.dumps(canonical(document))).hexdigest(),
        "release": release.number,
        "release_sha256": release.digest,
        "canonicalization": "RFC 8785",
    }
    return {**answer, "release": release.number, "decides": DECIDES, "receipt": receipt}


def batch_item(document: Any, release: FrozenRelease) -> dict[str, Any]:
    """The item of one plan in the answer to a batch: the plan's own answer, or its faults."""
    try:
        return {"status": 200, "answer": answer_to(document, release), "errors": []}
    except PlanFaults as refusal:
        return {"status": 400, "answer": None, "errors": [fault_as_json(fault) for fault in refusal.faults]}


def difference(document: Any, former: FrozenRelease, latter: FrozenRelease) -> dict[str, Any] | None:
    """What changes for a plan from one release to another, or None where the verdict stays.

    Raises:
        PlanFaults: one of the releases cannot read the document.
    """
    before, after = evaluate(document, former.book), evaluate(document, latter.book)
    if before.verdict == after.verdict:
        return None
    went, came = ([finding.id for finding in each.outcomes.findings()] for each in (before, after))
    return {
        "from_verdict": before.verdict,
        "to_verdict": after.verdict,
        "came": [finding for finding in came if finding not in went],
        "went": [finding for finding in went if finding not in came],
    }


def canonical(node: Any) -> Any:
    """The document with its numbers as RFC 8785 has them: as floats. Only the receipt's digest is made from it."""
    if isinstance(node, dict):
        return {name: canonical(member) for name, member in node.items()}
    if isinstance(node, list):
        return [canonical(element) for element in node]
    if isinstance(node, JsonNumber):
        return float(node)
    return node
