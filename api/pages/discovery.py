"""Ways in for programs: guides and an address in; out, `llms.txt`, and what is where, as RFC 9727 has it."""

from collections.abc import Iterable
from typing import Any

from api.pages.contract import document, operations
from api.pages.guides import Guide

CATALOG = "/.well-known/api-catalog"
PROFILE = "https://www.rfc-editor.org/info/rfc9727"
CATALOG_TYPE = f'application/linkset+json; profile="{PROFILE}"'
# What serves whoever integrates, beside the guides: where, and what it is.
TOOLS = {
    "/v1/openapi.yaml": "The contract, OpenAPI 3.1, as YAML",
    "/v1/openapi.json": "The contract as JSON",
    "/v1/problems": "Every problem and every code of a fault",
    "/docs": "The reference, to read",
    "/docs/postman.json": "A Postman collection, made from the contract",
    "/docs/bruno.zip": "The same for Bruno: unpack it and open the folder",
    "/docs/kotlin.yaml": "Settings with which OpenAPI Generator makes a whole client in Kotlin",
    "/docs/arazzo.yaml": "The first journey as an Arazzo document",
    CATALOG: "What is where, as RFC 9727 has it",
}


def llms_txt(guides: Iterable[Guide], address: str) -> str:
    """What a language model reads first, as llmstxt.org has it."""
    info = document()["info"]
    summary, *rest = info["description"].split("\n\n")
    lines = [
        f"# {info['title']}",
        f"> {summary}",
        *rest,
        "## Guides",
        "\n".join(f"- [{each.title}]({address}/guides/{each.slug}.md): {each.lead}" for each in guides),
        "## Contract and tools",
        "\n".join(f"- [{path}]({address}{path}): {text}" for path, text in TOOLS.items()),
        "## Operations",
        "\n".join(f"- `{method} {path}`: {operation['summary']}" for path, method, operation in operations()),
    ]
    return "\n\n".join(lines) + "\n"


def catalog(address: str) -> dict[str, Any]:
    """The linkset of RFC 9727: the one API that is here, and what describes it."""
    entry = f"{address}/v1"
    described = {
        "service-desc": [
            {"href": f"{address}/v1/openapi.yaml", "type": "application/yaml"},
            {"href": f"{address}/v1/openapi.json", "type": "application/json"},
        ],
        "service-doc": [
            {"href": f"{address}/guides", "type": "text/html", "title": "Guides"},
            {"href": f"{address}/docs", "type": "text/html", "title": "Reference"},
        ],
        "service-meta": [{"href": f"{address}/llms.txt", "type": "text/plain"}],
        "status": [{"href": f"{address}/readyz", "type": "application/json"}],
    }
    return {
        "linkset": [
            {"anchor": f"{address}{CATALOG}", "item": [{"href": entry, "title": document()["info"]["title"]}]},
            {"anchor": entry, **described},
        ]
    }
