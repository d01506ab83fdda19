"""A call of a tool in; what the API answers to it out."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.http import HttpRequest

from api.errors import fault_as_json, problem_response
from api.management.agents.tools import NoRequestError, Tool
from api.management.asking import Ask
from api.problems import PROBLEMS


class Told(NamedTuple):
    """The text of an answer, and whether it is a problem document."""

    text: str
    is_error: bool


def call(ask: Ask, tool: Tool, arguments: Mapping[str, Any]) -> Told:
    """What the API answers; where the arguments make no address, the problem of a query that cannot be read."""
    try:
        target, body = tool.request(arguments)
    except NoRequestError as refused:
        errors = [fault_as_json(fault, "parameter") for fault in refused.faults]
        problem = problem_response(HttpRequest(), PROBLEMS["invalid_query"], errors=errors)
        return Told(problem.content.decode(), is_error=True)
    answer = ask(target, body=body)
    return Told(answer.body.decode(), is_error=answer.status != 200)
