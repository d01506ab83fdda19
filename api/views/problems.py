"""Problem pages: a request in; what a problem means and what to do out, for people and for programs."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.http import Http404, HttpResponse
from rest_framework.request import Request

from api.pages.texts import as_html
from api.problems import PROBLEMS, Problem
from api.rendering import Json, as_json
from api.schema import Operation, examples
from api.serializers import ProblemListSerializer, ProblemPageSerializer
from api.views.contract import ContractView
from api.views.pages import HtmlRenderer


@cache
def samples() -> dict[str, dict[str, Any]]:
    """A request of `api/examples` that came to each problem, with the answer, by code."""
    found: dict[str, dict[str, Any]] = {}
    for _, example in examples():
        body = example["response"]["body"]
        if example["response"]["status"] >= 400:
            found.setdefault(body["code"], example)
    return found


def page_of(problem: Problem) -> dict[str, Any]:
    """What the page of a problem says."""
    return {
        "code": problem.code,
        "status": problem.status,
        "title": problem.title,
        "text": problem.text,
        "meaning": problem.meaning,
        "to_do": problem.to_do,
        "faults": [{"code": code, "meaning": meaning} for code, meaning in problem.faults.items()],
        "sample": samples()[problem.code]["response"]["body"],
    }


def for_people(page: Mapping[str, Any]) -> dict[str, Any]:
    """The page with what stands in backticks as code."""
    faults = [{**fault, "meaning": as_html(fault["meaning"])} for fault in page["faults"]]
    return {**page, "meaning": as_html(page["meaning"]), "to_do": as_html(page["to_do"]), "faults": faults}


class Problems(ContractView):
    """Every problem that the service answers with."""

    is_for_anybody = True
    operation = Operation(
        id="list_problems",
        tag="Service",
        summary="List problems",
        text="Every problem that this service answers with: what it means, what to do, a sample, and its faults.",
        returns=ProblemListSerializer,
        static=True,
    )

    section = "problems"
    renderer_classes = (Json, HtmlRenderer)

    def get(self, request: Request) -> HttpResponse:
        pages = [page_of(problem) for problem in PROBLEMS.values()]
        if request.accepted_renderer.format == "html":
            return self.html("api/problems.html", {"problems": map(for_people, pages)})
        return self.static(HttpResponse(as_json({"items": pages}), content_type="application/json"))


class ProblemPage(ContractView):
    """What a problem's `type` leads to."""

    is_for_anybody = True
    operation = Operation(
        id="get_problem",
        tag="Service",
        summary="Explain a problem",
        text="What a problem's `type` leads to: what it means, what to do, a sample, and its faults.",
        returns=ProblemPageSerializer,
        static=True,
    )

    section = "problems"
    renderer_classes = (Json, HtmlRenderer)

    def get(self, request: Request, code: str) -> HttpResponse:
        if code not in PROBLEMS:
            raise Http404
        page = page_of(PROBLEMS[code])
        if request.accepted_renderer.format == "html":
            shown = {"asked": samples()[code]["request"], "answered": json.dumps(page["sample"], indent=2)}
            return self.html("api/problem.html", {"problem": for_people(page), **shown})
        return self.static(HttpResponse(as_json(page), content_type="application/json"))
