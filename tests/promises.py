"""An answer in, with what was asked; out, what of it breaks a promise that holds for every answer.

No failure of ours; a failure is a problem document that is explained, with places that are there; an answer is as the
contract says; and no header says what is not so.
"""

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema
from django.urls import Resolver404, resolve

from api.errors import REQUEST_ID
from api.problems import PROBLEMS
from tests.asking import Answer, ask
from tests.contract import BY_ID, DOCUMENT, content_of, whole

ON_EVERY_ANSWER = ("X-Request-ID", "Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy")
_fitting: set[tuple[str, bytes]] = set()  # operations, with digests of their answers that fit


def broken(method: str, path: str, body: bytes, answer: Answer) -> Iterator[str]:
    """What the answer breaks, in words; `path` is in Latin-1, unescaped, and `body` is what was sent."""
    if answer.status >= 500 or not (answer.status in (200, 304) or answer.status >= 400):
        yield f"status {answer.status}: {answer.body[:300]!r}"
        return
    yield from of_headers(answer)
    if answer.status >= 400:
        yield from of_problem(body, answer)
    elif answer.status == 304:
        yield from ["a 304 with a body"] if answer.body else []
    else:
        yield from of_contract(method, path, answer)


def differing(one: Answer, other: Answer) -> Iterator[str]:
    """What differs between two answers to the same request, apart from what is each request's own."""
    for name, first, second in zip(("status", "headers", "body"), _alike(one), _alike(other), strict=True):
        if first != second:
            yield f"another {name} than Django's: {first!r:.300} and {second!r:.300}"


def _alike(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    """An answer without the id of its request, and what is left of a quota."""
    own = {"X-Request-ID", "RateLimit"}
    headers = {name: "" if name in own else text for name, text in answer.headers.items()}
    return answer.status, headers, answer.plain.replace(answer.headers["X-Request-ID"].encode(), b"")


def of_headers(answer: Answer) -> Iterator[str]:
    for name in ON_EVERY_ANSWER:
        if name not in answer.headers:
            yield f"no {name}"
    if not REQUEST_ID.fullmatch(answer.headers.get("X-Request-ID", "")):
        yield "an X-Request-ID that is none"
    if any(ord(character) < 32 or ord(character) > 126 for value in answer.headers.values() for character in value):
        yield f"a header that is no plain text: {answer.headers}"
    length = answer.headers.get("Content-Length")
    if length is not None and int(length) != len(answer.body):
        yield f"Content-Length {length} of a body of {len(answer.body)}"


def of_problem(body: bytes, answer: Answer) -> Iterator[str]:
    if answer.headers.get("Content-Type") != "application/problem+json":
        yield f"{answer.status} is {answer.headers.get('Content-Type')}"
        return
    problem = json.loads(answer.plain)
    known = PROBLEMS.get(problem["code"])
    if known is None or known.status != answer.status or problem["status"] != answer.status:
        yield f"{answer.status} with the code {problem['code']} and status {problem['status']}"
        return
    yield from (f"no problem document: {error.message[:200]}" for error in validator_of("Problem").iter_errors(problem))
    if problem["request_id"] != answer.headers["X-Request-ID"]:
        yield "another request_id in the body than in the header"
    if explained(problem["type"]) != problem["code"]:
        yield f"{problem['type']} does not explain {problem['code']}"
    errors = problem.get("errors", [])
    yield from (f"{error['code']} is no fault of {known.code}" for error in errors if error["code"] not in known.faults)
    if known.code in ("invalid_plan", "invalid_json") and not errors:
        yield f"{known.code} without a place"
    if known.code == "invalid_plan":
        sent = json.loads(body, parse_int=str, parse_float=str)
        yield from (each for error in errors for each in of_pointer(sent, error["pointer"]))


def of_pointer(document: Any, pointer: str) -> Iterator[str]:
    """What is wrong with a pointer: all but its last part must be there; the last may be what is missing."""
    node = document
    for part in pointer.split("/")[1:-1]:
        try:
            node = node[int(part)] if isinstance(node, list) else node[part]
        except (KeyError, IndexError, TypeError, ValueError):
            yield f"{pointer} leads nowhere"
            return


def of_contract(method: str, path: str, answer: Answer) -> Iterator[str]:
    """What does not fit the contract; what is no operation of it has nothing to fit."""
    operation = operation_of(path)
    if operation is None or "json" not in answer.headers["Content-Type"] or method == "HEAD":
        return
    key = (operation, hashlib.sha256(answer.body).digest())
    if key in _fitting:
        return
    content = content_of(whole(BY_ID[operation]["responses"]["200"]), answer.headers["Content-Type"])
    problems = [*validator_of(json.dumps(content["schema"])).iter_errors(json.loads(answer.plain))]
    if not problems:
        _fitting.add(key)
    yield from (f"{error.json_path} does not fit: {error.message[:200]}" for error in problems)


def operation_of(path: str) -> str | None:
    """The operation at a path, or None."""
    try:
        view: Any = resolve(path.encode("latin-1").decode("utf-8", "replace")).func
    except Resolver404:
        return None
    name: str = view.view_class(**view.view_initkwargs).operation.id
    return name if name in BY_ID else None


@cache
def validator_of(schema: str) -> jsonschema.Draft202012Validator:
    """The validator of a schema, or of a component by its name."""
    own = json.loads(schema) if schema.startswith("{") else {"$ref": f"#/components/schemas/{schema}"}
    return jsonschema.Draft202012Validator({**own, "components": DOCUMENT["components"]})


@cache
def explained(address: str) -> str:
    """The code that the page of a problem is about; nothing where there is none."""
    answer = ask("GET", address)
    return str(json.loads(answer.body)["code"]) if answer.status == 200 else ""
