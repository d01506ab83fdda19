"""Shared parts: operations in, their parameters and responses written out; out, components that they refer to."""

from collections.abc import Mapping
from typing import Any

from api.schema.operations import Operation

Schema = dict[str, Any]

NAMES = {
    304: "NotModified",
    401: "Unauthorized",
    403: "Forbidden",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    409: "HouseLimitsUnfit",
    410: "Withdrawn",
    411: "LengthRequired",
    413: "BodyTooLarge",
    414: "UriTooLong",
    415: "UnsupportedMediaType",
    429: "RateLimited",
    431: "HeadersTooLarge",
    500: "ServerError",
    503: "ContentUnavailable",
}
TEXTS = {
    "InvalidQuery": "The query or the address cannot be read; `errors` names every fault.",
    "InvalidBody": "The body or the query cannot be read; `errors` names every fault.",
    "NotFound": "Nothing is there.",
    "ReleaseNotFound": "No release has this number.",
    "NotModified": "The client has this representation.",
    "HouseLimitsUnfit": "The limits that are kept for the partner do not fit the release.",
    "Unauthorized": "The key is not live, or a key is required and there is none.",
    "Forbidden": "The key lacks the scope.",
    "MethodNotAllowed": "The method is not allowed.",
    "NotAcceptable": "No acceptable representation.",
    "Withdrawn": "It was published, and is no more; `last_release` has it still.",
    "LengthRequired": "The body came without its length.",
    "BodyTooLarge": "The body is too large.",
    "UriTooLong": "The path and query are too long.",
    "HeadersTooLarge": "The headers are too long in all.",
    "UnsupportedMediaType": "The body is not plain JSON in UTF-8.",
    "RateLimited": "The requests of this minute are used up.",
    "ServerError": "The fault is ours.",
    "ContentUnavailable": "No published content can be read, or no key looked up; no plan is checked.",
}
HEADERS: dict[str, Schema] = {
    "X-Request-ID": {
        "description": "Names the request: as the client sent it where it is a plain one, else a new one.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9-]{8,64}$", "maxLength": 64},
        "example": "5f1c0e7d9a3b2846",
    },
    "Content-Release": {
        "description": "Number of the release.",
        "schema": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 999_999_999},
        "example": 2,
    },
    "ETag": {
        "description": "Strong; send it back in `If-None-Match`.",
        "schema": {"type": "string", "pattern": '^"[^"]+"$', "maxLength": 100},
        "example": '"fee7bfb4856dde31-4f5e2a9b7c3d1e60"',
    },
    "Cache-Control": {
        "description": "How long the answer may be kept.",
        "schema": {"type": "string", "pattern": "^[a-z0-9=, -]+$", "maxLength": 100},
        "example": "public, max-age=60, stale-while-revalidate=60, stale-if-error=86400",
    },
    "Allow": {
        "description": "The methods of this address.",
        "schema": {"type": "string", "pattern": "^[A-Z]+(, [A-Z]+)*$", "maxLength": 100},
        "example": "GET, HEAD",
    },
    "WWW-Authenticate": {
        "description": "How to send a key (RFC 6750), and what is wrong with the one that was sent.",
        "schema": {"type": "string", "pattern": '^Bearer realm="[a-z]+"(, [a-z]+="[a-z_]+")*$', "maxLength": 100},
        "example": 'Bearer realm="sclerotherapy", error="invalid_token"',
    },
    "Retry-After": {
        "description": "Seconds after which to try again.",
        "schema": {"type": "string", "pattern": "^[0-9]+$", "maxLength": 10},
        "example": "5",
    },
    "RateLimit-Policy": {
        "description": (
            "The rate by which the request was counted: its name, how many requests (`q`), and in how many seconds "
            "(`w`). Not there where none are counted: at `/livez` and `/readyz`."
        ),
        "schema": {"type": "string", "pattern": '^"[a-z]+";q=[0-9]+;w=[0-9]+$', "maxLength": 100},
        "example": '"anonymous";q=240;w=60',
    },
    "RateLimit": {
        "description": (
            "What was left of that rate as the answer was made (`r`), and the seconds until all of it is there again "
            "(`t`). In an answer that a cache has kept, it is somebody's of a while ago: pass over it."
        ),
        "schema": {"type": "string", "pattern": '^"[a-z]+";r=[0-9]+;t=[0-9]+$', "maxLength": 100},
        "example": '"anonymous";r=239;t=60',
    },
}
SECURITY_SCHEMES: Schema = {
    "partnerKey": {
        "type": "http",
        "scheme": "bearer",
        "description": (
            "A partner key, `scl_live_…` or `scl_test_…`. It is optional where this service answers requests without a "
            "key. It is a secret of a server: an app or a page asks its own server, which adds the key and passes the "
            "request on. Browsers may not send it from pages of other origins."
        ),
    }
}
OF_RATES = ("RateLimit-Policy", "RateLimit")
OF_RESPONSE = {
    "RateLimited": ("Retry-After",),
    "Unauthorized": ("WWW-Authenticate",),
    "Forbidden": ("WWW-Authenticate",),
    "NotModified": ("ETag", "Cache-Control"),
    "MethodNotAllowed": ("Allow",),
    "ContentUnavailable": ("Retry-After",),
}


def share_parameters(operations: list[Schema]) -> Schema:
    """The components of all parameters, by name, and by operation, too, where there are others of that name."""
    uses = [(operation, parameter) for operation in operations for parameter in operation.get("parameters", ())]
    of_name: dict[str, list[Schema]] = {}
    for _, parameter in uses:
        of_name.setdefault(parameter["name"], []).append(dict(parameter))
    components: Schema = {}
    for operation, parameter in uses:
        same = of_name[parameter["name"]]
        is_usual = same.count(parameter) > len(same) / 2
        name = camelize(parameter["name"] if is_usual else f"{operation['operationId']}_{parameter['name']}")
        components[name] = dict(parameter)
        parameter.clear()
        parameter["$ref"] = f"#/components/parameters/{name}"
    return {"parameters": dict(sorted(components.items()))}


def share_responses(paths: Schema, declared: Mapping[str, Operation]) -> Schema:
    """The components of headers, and of responses that are no answer of their own operation: problems, and 304."""
    components: Schema = {}
    for path, methods in paths.items():
        for operation in methods.values():
            own = declared[operation["operationId"]]
            responses = operation["responses"]
            answer = responses.pop("200") | {"description": "What was asked for.", "headers": _headers_of(own)}
            if own.frozen or own.static:
                responses["304"] = {}
            names = {status: name_of(int(status), path, own) for status in sorted(responses)}
            for status, name in names.items():
                _add_to(components.setdefault(name, _empty(name)), responses[status])
            shared = {status: {"$ref": f"#/components/responses/{name}"} for status, name in names.items()}
            operation["responses"] = {"200": answer, **shared}
    return {"headers": HEADERS, "responses": dict(sorted(components.items()))}


def camelize(name: str) -> str:
    """A name in capitals at the start of each word: `AppliesTo` for `applies_to`."""
    return "".join(word.capitalize() for word in name.split("_"))


def name_of(status: int, path: str, operation: Operation) -> str:
    """The component of a response: what it lacks depends on what the operation takes."""
    if status == 400:
        return "InvalidBody" if operation.takes else "InvalidQuery"
    if status == 404:
        return "NotFound" if "{" in path else "ReleaseNotFound"
    return NAMES[status]


def _headers_of(operation: Operation) -> Schema:
    """References to the headers of an operation's own answer."""
    of_release = ("Content-Release",) if operation.frozen or operation.takes else ()
    kept = ("ETag",) if operation.frozen or operation.static else ()
    of_rates = OF_RATES if operation.counted else ()
    return _references("X-Request-ID", "Cache-Control", *of_release, *kept, *of_rates)


def _references(*names: str) -> Schema:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _empty(name: str) -> Schema:
    """A response component without its content."""
    return {"description": TEXTS[name], "headers": _references("X-Request-ID", *OF_RESPONSE.get(name, ()), *OF_RATES)}


def _add_to(component: Schema, response: Schema) -> None:
    """Add to a response component the content of a response of its kind, with its examples."""
    for media_type, content in response.get("content", {}).items():
        shown = component.setdefault("content", {}).setdefault(media_type, {"schema": content["schema"]})
        shown.setdefault("examples", {}).update(content.get("examples", {}))
