"""An address in; out, the requests of the contract as Postman and Bruno import them, with the address as a variable."""

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import quote, urlencode

from api.pages.contract import document, operations, part

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
SUCCEEDS = "pm.test('is answered', () => pm.response.to.have.status(200));"
OF_RELEASE = {"number", "other"}  # in paths; in both, and in bodies, the variable `release` stands for a number
IN_BODY = re.compile(r'("(?:from|to)_release": )[0-9]+')
BEGINNING = (1980, 1, 1, 0, 0, 0)  # of time, as archives have it: the same collection is the same bytes


@dataclass(frozen=True)
class Query:
    """A parameter of the query, with a value that may be sent."""

    name: str
    value: str
    is_required: bool
    text: str


@dataclass(frozen=True)
class Call:
    """One request of a collection."""

    group: str
    name: str
    text: str
    method: str
    path: str
    in_path: Mapping[str, str]
    query: tuple[Query, ...]
    body: str | None


def calls() -> Iterator[Call]:
    """The requests of the contract, in its order; one that takes a body once for each of its examples."""
    for path, method, operation in operations():
        parameters = [part(ref) for ref in operation.get("parameters", ())]
        for title, body in _bodies(operation):
            yield Call(
                group=operation["tags"][0],
                name=": ".join(filter(None, (operation["summary"], title))),
                text=operation["description"],
                method=method,
                path=path,
                in_path={each["name"]: _in_path(each) for each in parameters if each["in"] == "path"},
                query=tuple(_in_query(each) for each in parameters if each["in"] == "query"),
                body=body,
            )


def _in_path(parameter: Mapping[str, Any]) -> str:
    """What stands for a parameter in the path."""
    return "{{release}}" if parameter["name"] in OF_RELEASE else str(parameter["example"])


def _in_query(parameter: Mapping[str, Any]) -> Query:
    """A parameter of the query with its example."""
    text = parameter["description"]
    return Query(parameter["name"], str(parameter["example"]), parameter.get("required", False), text)


def _bodies(operation: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """The name and the text of each body that the contract shows; nothing, once, where it takes none."""
    if "requestBody" not in operation:
        yield "", None
        return
    for name, example in operation["requestBody"]["content"]["application/json"]["examples"].items():
        yield name.replace("-", " "), IN_BODY.sub(r"\1{{release}}", json.dumps(example["value"], indent=2))


def postman(address: str) -> dict[str, Any]:
    """The collection for Postman, whose variable `base_url` is the address."""
    info = document()["info"]
    return {
        "info": {"name": info["title"], "description": info["description"], "schema": SCHEMA},
        "variable": [{"key": "base_url", "value": address}, {"key": "release", "value": "1"}],
        "event": [{"listen": "test", "script": {"type": "text/javascript", "exec": [SUCCEEDS]}}],
        "item": [{"name": group, "item": [_for_postman(call) for call in members]} for group, members in _by_group()],
    }


def _by_group() -> Iterator[tuple[str, list[Call]]]:
    """The requests of each group, as the contract orders groups."""
    order = [tag["name"] for tag in document()["tags"]]
    ordered = sorted(calls(), key=lambda call: order.index(call.group))
    for group, members in groupby(ordered, key=lambda call: call.group):
        yield group, list(members)


def _path(call: Call) -> str:
    """The path as both tools write it: `:slug` for what stands for a parameter."""
    return re.sub(r"\{([a-z]+)\}", r":\1", call.path)


def _url(call: Call) -> str:
    """The address, with what its query must have."""
    sent = urlencode({each.name: each.value for each in call.query if each.is_required}, quote_via=quote)
    return f"{{{{base_url}}}}{_path(call)}{'?' if sent else ''}{sent}"


def _for_postman(call: Call) -> dict[str, Any]:
    """A request as Postman has it: what is optional in the query is there, and turned off."""
    query = [
        {"key": each.name, "value": each.value, "description": each.text, "disabled": not each.is_required}
        for each in call.query
    ]
    url = {
        "raw": _url(call),
        "host": ["{{base_url}}"],
        "path": _path(call)[1:].split("/"),
        "query": query,
        "variable": [{"key": name, "value": value} for name, value in call.in_path.items()],
    }
    request: dict[str, Any] = {"method": call.method, "url": url, "description": call.text, "header": []}
    if call.body is not None:
        request["header"] = [{"key": "Content-Type", "value": "application/json"}]
        request["body"] = {"mode": "raw", "raw": call.body, "options": {"raw": {"language": "json"}}}
    return {"name": call.name, "request": request}


def bruno(address: str) -> bytes:
    """The collection for Bruno, as an archive of its folder; the environment `service` has the address."""
    files = {
        "bruno.json": json.dumps({"version": "1", "name": document()["info"]["title"], "type": "collection"}, indent=2),
        "environments/service.bru": _block("vars", {"base_url": address, "release": "1"}),
    }
    for group, members in _by_group():
        for number, call in enumerate(members, 1):
            files[f"{group}/{number:02} {call.name.replace(':', ' -').strip('?')}.bru"] = _for_bruno(call, number)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, BEGINNING), text, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _for_bruno(call: Call, number: int) -> str:
    """A request in Bruno's language."""
    body = "none" if call.body is None else "json"
    query = {("" if each.is_required else "~") + each.name: each.value for each in call.query}
    blocks = [
        _block("meta", {"name": call.name, "type": "http", "seq": str(number)}),
        _block(call.method.lower(), {"url": _url(call), "body": body, "auth": "none"}),
        _block("params:query", query) if query else "",
        _block("params:path", call.in_path) if call.in_path else "",
        "" if call.body is None else f"body:json {{\n{_indented(call.body)}\n}}\n",
        _block("assert", {"res.status": "eq 200"}),
        f"docs {{\n{_indented(call.text)}\n}}\n",
    ]
    return "\n".join(filter(None, blocks))


def _block(name: str, members: Mapping[str, str]) -> str:
    """A block of names with their values."""
    return f"{name} {{\n" + "".join(f"  {key}: {value}\n" for key, value in members.items()) + "}\n"


def _indented(text: str) -> str:
    """A text as it stands in a block."""
    return "\n".join(f"  {line}" for line in text.splitlines())
