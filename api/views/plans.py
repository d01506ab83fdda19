"""The check of session plans."""

import hashlib
from typing import Any

import rfc8785
from rest_framework.request import Request
from rest_framework.response import Response

from api.content import FrozenRelease
from api.parsers import read_query, refuse_no_body
from api.rules import check
from api.rules.check import DECIDES
from api.rules.reading import JsonNumber
from api.schema import Operation
from api.serializers import AnswerSerializer
from api.views.content import RELEASE, release_asked_for
from api.views.contract import ContractView


class ValidatePlan(ContractView):
    """Checks a proposed plan against the published limits. Nothing of it is stored."""

    http_method_names = ("post",)
    operation = Operation(
        id="validate_session_plan",
        tag="Plans",
        summary="Check a session plan",
        text=(
            "Holds a proposed plan against the published limits of the chosen rule sets and jurisdiction. The answer "
            "is 200 whenever the plan can be read, whatever the verdict; it names every limit that is broken, the "
            "number observed, the number allowed, who says so, and what would bring it inside. Nothing is stored. "
            "Only `area` and `amount` of each treatment are required; what is missing is told in `not_evaluated`."
        ),
        answer=AnswerSerializer,
        parameters=(RELEASE,),
        problems=(404, 411, 413, 415, 503),
        takes_plan=True,
    )

    def post(self, request: Request) -> Response:
        release = release_asked_for(request)
        read_query(request.query_params, (RELEASE,), release.content)
        refuse_no_body(request.META)
        headers = {"Content-Release": str(release.number), "Cache-Control": "no-store"}
        return Response(answer_to(request.data, release), headers=headers)


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


def canonical(node: Any) -> Any:
    """The document with its numbers as RFC 8785 has them. Only the receipt's digest is made from these."""
    if isinstance(node, dict):
        return {name: canonical(entry) for name, entry in node.items()}
    if isinstance(node, list):
        return [canonical(entry) for entry in node]
    if isinstance(node, JsonNumber):
        return float(node) if "." in node else int(node)
    return node
