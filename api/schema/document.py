"""The document as drf-spectacular makes it in; out, the one that tells what it cannot guess."""

from collections.abc import Callable, Mapping
from typing import Any

from drf_spectacular.plumbing import ResolvedComponent, list_hash, load_enum_name_overrides

from api import linked
from api.problems import FAULTS, PROBLEMS
from api.rules.numbers import DECIMAL_PATTERN
from api.rules.plan import RECORDS
from api.rules.reading import LONGEST_NAME
from api.rules.value_types import Record
from api.schema.examples import examples
from api.schema.operations import CODE_PATTERN, Operation
from api.schema.shared import SECURITY_SCHEMES, share_parameters, share_responses

Schema = dict[str, Any]

# Where a response shows a media type that is sent to those alone who ask for it.
OTHER_CONTENT = "x-other-content"
# Members whose schema is a component that their serializer does not know of.
REFERENCES = {
    ("Example", "plan"): "Plan",
    ("Vector", "plan"): "Plan",
    ("KeptLimits", "items"): "HouseLimit",
    ("Problem", "code"): "ProblemCode",
    ("ProblemKind", "code"): "ProblemCode",
    ("ProblemFault", "code"): "FaultCode",
    ("Fault", "code"): "FaultCode",
}


def only_the_contract(endpoints: list[Any]) -> list[Any]:
    """The endpoints without the pages for people."""
    return [endpoint for endpoint in endpoints if endpoint[3].cls(**endpoint[3].initkwargs).operation.id]


def with_plans(result: Schema, generator: Any, **kwargs: Any) -> Schema:
    """The document with the schemas that plans are read by, before its enumerations get their names."""
    for record in RECORDS:
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            record.__name__, ResolvedComponent.SCHEMA, Record(record).component(), record
        )
        generator.registry.register(component)
    result["components"] = generator.registry.build({})
    return result


def tell_the_truth(result: Schema, generator: Any, **kwargs: Any) -> Schema:
    """The document with decimals as they are sent, headers, 304 and examples, and everything shared in one place."""
    schemas = result["components"]["schemas"]
    schemas.pop("Null", None)
    each_object(result, _in_one_way)
    schemas["ProblemCode"] = _open_enum("failure", {code: problem.title for code, problem in PROBLEMS.items()})
    schemas["FaultCode"] = _open_enum("fault", {code: text for code, (text, _) in FAULTS.items()})
    for (shape, member), name in REFERENCES.items():
        declared, reference = schemas[shape]["properties"][member], {"$ref": f"#/components/schemas/{name}"}
        if declared.get("type") == "array":
            declared["items"] = reference
        else:
            schemas[shape]["properties"][member] = {**reference, "description": declared["description"]}
    operations = [operation for methods in result["paths"].values() for operation in methods.values()]
    _finish_parameters(operations, schemas)
    for operation in operations:
        _examples(operation)
        _set_aside(operation["responses"].get("200", {}))
        if "requestBody" in operation:
            operation["requestBody"]["required"] = True
    result["components"] = {
        "schemas": dict(sorted(schemas.items())),
        **share_parameters(operations),
        **share_responses(result["paths"], _declared(generator)),
        "securitySchemes": SECURITY_SCHEMES,
    }
    result["security"] = [{}, *({name: []} for name in SECURITY_SCHEMES)]
    return result


def _declared(generator: Any) -> dict[str, Operation]:
    """What each view with an operation says of itself, by the operation's id."""
    views = [view for _, _, _, view in generator._get_paths_and_endpoints()]
    return {view.operation.id: view.operation for view in views if hasattr(view, "operation")}


def each_object(node: Any, change: Callable[[Schema], None]) -> None:
    """Apply a change to each object in a node, the outer ones first."""
    if isinstance(node, dict):
        change(node)
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        each_object(child, change)


def _open_enum(what: str, texts: Mapping[str, str]) -> Schema:
    """The schema of a code that has documented values, to which later versions may add."""
    listed = "\n".join(f"- `{code}`: {text}" for code, text in sorted(texts.items()))
    description = f"Stable code of a {what}. Take any other for one, too: later versions may add some.\n\n{listed}"
    return {
        "description": description,
        "anyOf": [
            {"type": "string", "enum": sorted(texts)},
            {"type": "string", "pattern": CODE_PATTERN, "maxLength": LONGEST_NAME},
        ],
    }


def _in_one_way(node: Schema) -> None:
    """Say a number, null and a described reference in one way each. All that is served is read only."""
    node.pop("readOnly", None)
    if node.get("format") == "decimal":
        del node["format"]
        node["pattern"] = f"^{DECIMAL_PATTERN}$"
    if node.get("type") in ("integer", ["integer", "null"]):
        node["format"] = "int32"
    if node.get("$ref") == "#/components/schemas/Null":
        del node["$ref"]
        node["type"] = "null"
    if len(node.get("allOf", ())) == 1:
        node["$ref"] = node.pop("allOf")[0]["$ref"]


def _finish_parameters(operations: list[Schema], schemas: Schema) -> None:
    """Put the example of each parameter beside its schema, and refer from enumerations to their one component."""
    names = load_enum_name_overrides()  # type: ignore[no-untyped-call]
    for operation in operations:
        for parameter in operation.get("parameters", ()):
            schema = parameter["schema"]
            parameter["example"] = schema.pop("example")
            if "enum" in schema:
                name = names[list_hash([(value, value) for value in schema["enum"]])]
                schemas.setdefault(name, {"enum": schema["enum"], "type": "string"})
                parameter["schema"] = {"$ref": f"#/components/schemas/{name}"}


def _examples(operation: Schema) -> None:
    """Add to an operation its examples, each under its name: answers, and the bodies of requests that got a 200."""
    for name, example in examples(operation["operationId"]):
        response, sent = example["response"], example["request"].get("body")
        documented = operation["responses"].get(str(response["status"]))
        if documented is not None and isinstance(response["body"], dict):  # a page for people is no JSON
            media_type = response["headers"]["Content-Type"]
            documented["content"][media_type].setdefault("examples", {})[name] = {"value": response["body"]}
        if sent is not None and response["status"] == 200:
            [media_type] = operation["requestBody"]["content"].values()
            media_type.setdefault("examples", {})[name] = {"value": sent}


def _set_aside(response: Schema) -> None:
    """Show JSON-LD beside what the response is: of two media types, typed clients would ask which one they read."""
    content = response.get("content", {})
    if linked.MEDIA_TYPE in content:
        response[OTHER_CONTENT] = {linked.MEDIA_TYPE: content.pop(linked.MEDIA_TYPE)}
