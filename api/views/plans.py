"""The plan check: plans in, or what is known before there is one; answers out."""

from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.cache import patch_vary_headers
from rest_framework.request import Request

from api import releases
from api.authentication import caller_of
from api.checking import answer_at_once, answer_to, answer_to_document
from api.errors import fault_as_json
from api.history import only_in_one
from api.house import kept_under
from api.keys import KeptLimits
from api.parsers import JSONBodyParser, Parameter, refuse_no_body
from api.rates import account_of
from api.releases import FrozenRelease
from api.rendering import as_json
from api.rules import PlanFaults
from api.rules.answer import ALL, DECIDES, PASSED
from api.rules.documents import read_envelope
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
)
from api.rules.resolve import Known, resolve
from api.rules.value_types import Choice
from api.schema import Operation
from api.serializers import AnswerSerializer, BatchAnswerSerializer, ComparisonAnswerSerializer, ResolutionSerializer
from api.views.contract import CONTENT_STATUS, PIN, ContractView

PLAN_PROBLEMS = (404, 409, 411, 413, 415, 503)


PASSED_PARAMETER = Parameter(
    "passed",
    "Which limits that are kept are listed in `passed`: `all`; `binding`, which is of each rule the place that leaves "
    "the least headroom, the first in the plan where several leave as little; or `none`. `summary.passed` counts all. "
    "Default `all`.",
    example="binding",
    value_type=Choice(PASSED),
)


class PlanView(ContractView):
    """A view that takes one plan or several. Nothing of them is stored or logged."""

    http_method_names = ("post",)
    scope = "validate"
    most_bytes = settings.DATA_UPLOAD_MAX_MEMORY_SIZE

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Set `query` and `release`, and refuse a request without a body."""
        super().initial(request, *args, **kwargs)
        refuse_no_body(request.META)

    def answered(self, body: bytes) -> HttpResponse:
        """The answer as a response that no cache keeps, since it may tell of a patient."""
        headers = {"Content-Type": "application/json", "Content-Release": str(self.release.number)}
        return HttpResponse(body, headers={**headers, "Cache-Control": "no-store"})


class ValidatePlan(PlanView):
    """Checks a proposed plan against the published limits."""

    parser_classes = (JSONBodyParser,)
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
            "`rule_sets` where a clinic keeps to the label alone. A plan may carry stricter limits of the clinic's own "
            "in `house_limits`, and a list may be kept for a partner: they are held beside the published ones, as rule "
            "set `house`, and only add to the answer. `GET /v1/session-plans/examples` has a named plan for every "
            "outcome."
        ),
        returns=AnswerSerializer,
        parameters=(PASSED_PARAMETER, *PIN),
        problems=PLAN_PROBLEMS,
        takes="Plan",
    )

    def post(self, request: Request) -> HttpResponse:
        body: Any = request.data  # bytes, by the parser above
        passed = self.query.get("passed", ALL)
        response = self.answered(answer_to(body, self.release, passed, caller_of(request._request).house))
        self._mark(partial(answer_at_once, release=self.release, passed=passed))
        return response


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
        parameters=(PASSED_PARAMETER, *PIN),
        problems=PLAN_PROBLEMS,
        takes="Batch",
    )

    def post(self, request: Request) -> HttpResponse:
        batch = read_envelope(Batch, request.data)
        account_of(request).charge(len(batch.plans))
        passed = self.query.get("passed", ALL)
        house = caller_of(request._request).house
        items = [batch_item(document, self.release, passed, house) for document in batch.plans]
        return self.answered(as_json({"items": items, "release": self.release.number}))


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
        problems=PLAN_PROBLEMS,
        takes="Comparison",
    )

    def post(self, request: Request) -> HttpResponse:
        comparison = read_envelope(Comparison, request.data)
        account_of(request).charge(2 * len(comparison.plans))  # each is judged under both releases
        former = releases.pinned(comparison.from_release)
        latter = self.release = releases.pinned(comparison.to_release) if comparison.to_release else releases.current()
        house, items, unreadable = caller_of(request._request).house, [], []
        for index, document in enumerate(comparison.plans):
            try:
                change = difference(document, former, latter, house)
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
        return self.answered(as_json(body))


class ResolveLimit(ContractView):
    """Finds which limit binds the volume of a session before there is a plan."""

    heeds_house = True
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
            "and `reason` says which of the two: no number of another rule set stands in. With the key of a partner "
            "for whom limits of its own are kept, `house_binding` and `house_candidates` tell those; `binding` stays "
            "as it is without."
        ),
        returns=ResolutionSerializer,
        parameters=(*parameters, *PIN),
        problems=(404, 409, 503),
        frozen=True,
    )

    def get(self, request: Request) -> HttpResponse:
        known = {
            name: thousandths(text) if name in ("concentration_percent", "weight_kg") else text
            for name, text in self.query.items()
            if name not in ("release", "as_of")
        }
        house = caller_of(request._request).house
        resolution = resolve(Known(**known), self.release.book, kept_under(house, self.release))  # type: ignore[arg-type]  # the query was read by name
        envelope = {"release": self.release.number, "content_status": CONTENT_STATUS, "decides": DECIDES}
        response = self.published({**resolution, **envelope})
        patch_vary_headers(response, ["Authorization"])
        if house is not None:
            response["Cache-Control"] = "private, no-cache"  # another list may be kept for the partner at any time
        return response


def batch_item(document: Any, release: FrozenRelease, passed: str, house: KeptLimits | None) -> dict[str, Any]:
    """The item of one plan in the answer to a batch: the plan's own answer, or its faults."""
    try:
        return {"status": 200, "answer": answer_to_document(document, release, passed, house), "errors": []}
    except PlanFaults as refusal:
        return {"status": 400, "answer": None, "errors": [fault_as_json(fault) for fault in refusal.faults]}


def difference(
    document: Any, former: FrozenRelease, latter: FrozenRelease, house: KeptLimits | None
) -> dict[str, Any] | None:
    """What changes for a plan from one release to another, or None where the verdict stays.

    Raises:
        PlanFaults: one of the releases cannot read the document.
    """
    before, after = (evaluate(document, each.book, kept_under(house, each)) for each in (former, latter))
    if before.verdict == after.verdict:
        return None
    found = ([finding.id for finding in each.outcomes.findings] for each in (before, after))
    went, came = only_in_one(*found)
    return {"from_verdict": before.verdict, "to_verdict": after.verdict, "came": came, "went": went}
