"""The contract in; out, its operations as tools for agents: names, texts and schemas, and the request of a call."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from api.problems import FAULTS
from api.rules import Fault
from api.schema.operations import IN_OTHER_WORDS

Schema = dict[str, Any]

JSON = "application/json"
BODY = "body"  # the argument that is sent as the body
# The operations that agents have no use for, each with the reason. What is no JSON is none for them either.
LEFT_OUT = {
    "get_bundle": "more than any model reads at once; lists and rows have the same",
    "get_openapi_json": "the tools are made of it",
    "get_caller": "no key is sent",
    "get_live": "of the server over HTTP",
    "get_ready": "of the server over HTTP",
}
ABOUT_TOOLS = (
    "Each tool is an operation of this API, whose address stands at the end of its description; where a text names an "
    "address, call the tool of that address. Its answer is the API's, and its error a problem document: mend every "
    "fault in `errors`, and call again. Lists are long: narrow them, and send `limit`. `next` is the address of the "
    "next page, whose parameters are arguments of the same tool.\n\n"
    "Send nothing that tells who a patient is: no name, no date of birth, no number of a record. A verdict is not an "
    "approval: say what limits were found and whose they are, and that the treating provider decides. Where a tool "
    "fails, the plan was not checked: say so."
)


class NoRequestError(Exception):
    """Raised where arguments make no address; `faults` names each that is missing, or wrong."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__()
        self.faults = faults


@dataclass(frozen=True)
class Tool:
    """An operation of the contract as an agent sees it, and its address with the names of `in_path` in braces."""

    name: str
    title: str
    description: str
    input_schema: Schema
    address: str
    in_path: tuple[str, ...]
    takes_body: bool

    def request(self, arguments: Mapping[str, Any]) -> tuple[str, bytes | None]:
        """Path and query, and the body of a POST, that the arguments stand for. One that is null is not sent.

        What they mean is left to the API, which tells of every fault; a body that is text is sent as it is.

        Raises:
            NoRequestError: an argument of the path is missing, or no name or number.
        """
        given = {name: value for name, value in arguments.items() if value is not None}
        faults = [fault for name in self.in_path for fault in self._faults_in_path(name, given)]
        if faults:
            raise NoRequestError(faults)
        path = self.address.format(**{name: as_text(given[name]) for name in self.in_path})
        in_query = {
            name: as_text(value)
            for name, value in given.items()
            if name not in self.in_path and not (self.takes_body and name == BODY)
        }
        query = urlencode(in_query, errors="surrogatepass")
        body = as_text(given.get(BODY, "")).encode("utf-8", "surrogatepass") if self.takes_body else None
        return f"{path}?{query}" if query else path, body

    def _faults_in_path(self, name: str, given: Mapping[str, Any]) -> Iterator[Fault]:
        """What keeps an argument from standing in the path: anything that would make it another address."""
        schema = self.input_schema["properties"][name]
        code = "out_of_range" if schema["type"] == "integer" else "not_a_slug"
        if name not in given:
            yield Fault(name, "required", f"Send this parameter: {schema['description']}")
        elif not re.fullmatch("[A-Za-z0-9_-]+", as_text(given[name])):
            yield Fault(name, code, f"{FAULTS[code][0]} {schema['description']}")


def as_text(value: Any) -> str:
    """An argument as it is sent: text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


@dataclass(frozen=True)
class Contract:
    """The OpenAPI document."""

    document: Mapping[str, Any]

    def tools(self) -> dict[str, Tool]:
        """The operations that agents have a use for, by name, in the order of the document."""
        found = [
            self._tool(path, method, operation)
            for path, methods in self.document["paths"].items()
            for method, operation in methods.items()
            if JSON in operation["responses"]["200"]["content"] and operation["operationId"] not in LEFT_OUT
        ]
        return {tool.name: tool for tool in found}

    @property
    def instructions(self) -> str:
        """What an agent is to know before it calls a tool: what the API says of itself, and how tools answer."""
        return f"{self.document['info']['description']}\n\n{ABOUT_TOOLS}"

    def _tool(self, path: str, method: str, operation: Schema) -> Tool:
        parameters = [self.whole(each) for each in operation.get("parameters", ())]
        properties = {each["name"]: self._property(each) for each in parameters}
        required = [each["name"] for each in parameters if each.get("required")]
        if method == "post":
            properties[BODY] = self.whole(operation["requestBody"]["content"][JSON]["schema"])
            required.append(BODY)
        text = operation["description"].removesuffix(IN_OTHER_WORDS).strip()
        return Tool(
            name=operation["operationId"],
            title=operation["summary"],
            description=f"{text}\n\n`{method.upper()} {path}`",
            input_schema={
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": False,
            },
            address=path,
            in_path=tuple(each["name"] for each in parameters if each["in"] == "path"),
            takes_body=method == "post",
        )

    def _property(self, parameter: Schema) -> Schema:
        """The schema of a parameter with its text and example."""
        return {
            **parameter["schema"],
            "description": parameter["description"],
            "examples": [parameter["example"]],
        }

    def whole(self, part: Any) -> Any:
        """A part of the document with all that it refers to in place, since not every agent follows references."""
        if isinstance(part, list):
            return [self.whole(each) for each in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            _, *names = part["$ref"].split("/")
            meant: Any = self.document
            for name in names:
                meant = meant[name]
            part = {**meant, **{name: value for name, value in part.items() if name != "$ref"}}
        return {name: self.whole(value) for name, value in part.items()}
