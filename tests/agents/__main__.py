"""The MCP server as an agent's host starts it, beside the same service over HTTP; out, where they differ.

    python -m tests.agents http://127.0.0.1:8000 sqlite:////tmp/db.sqlite3

Runs where the SDK is installed; `tests.mcp_client` does all that. The two eras of the protocol are tried: one begins
with a handshake, the other does without.
"""

import asyncio
import json
import re
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import parse_qsl, urlencode

from mcp import Client, MCPError, StdioServerParameters, stdio_client
from mcp.types import INVALID_PARAMS, CallToolResult, Tool

from tests.agents.odd import ODD, WORD, no_such_tool
from tests.agents.wire import spoken_badly

ROOT = Path(__file__).resolve().parent.parent.parent
ERAS = ("legacy", "auto")
NOT_TOOLS = {"get_bundle", "get_openapi_json", "get_caller", "get_live", "get_ready", "get_openapi_yaml", "get_feed"}
PLANS = "/v1/session-plans/examples"


def over_http(address: str, method: str, target: str, body: Any = None) -> tuple[int, str]:
    """Status and body of what the service answers."""
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{address}{target}",
        data=None if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"} if body is not None else {},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=300) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def text_of(result: CallToolResult) -> str:
    """The one text of an answer."""
    [content] = result.content
    assert content.type == "text"
    return str(content.text)


def comparable(text: str) -> Any:
    """An answer without the id of its request, and without the rates, which are set otherwise for the two."""
    told = json.loads(text)
    return {name: value for name, value in told.items() if name not in ("request_id", "rates")}


def same(result: CallToolResult, status: int, body: str) -> bool:
    """Whether a tool told what the API told: the same bytes, or the same problem as an error."""
    text = text_of(result)
    if status == 200 and '"rates"' not in text:
        return text == body and not result.is_error
    return comparable(text) == comparable(body) and bool(result.is_error) is (status != 200)


def examples(tools: dict[str, Tool]) -> Iterator[tuple[str, str, str, dict[str, Any], Any]]:
    """The requests of the contract's examples that a tool stands for: name, method, target, arguments and body."""
    for path in sorted((ROOT / "api" / "examples").glob("*.json")):
        asked = json.loads(path.read_text("utf-8"))["request"]
        tool = tools.get(path.name.partition(".")[0])
        plain = asked.get("headers", {}) in ({}, {"Content-Type": "application/json"}) and "a…" not in asked["path"]
        if tool is None or not plain:
            continue
        method, address = address_of(tool)
        if method == asked["method"]:
            yield tool.name, method, asked["path"], arguments_of(tool, address, asked), asked.get("body")


def address_of(tool: Tool) -> tuple[str, str]:
    """The method and the address that a description ends with."""
    found = re.search(r"\n\n`(GET|POST) (/\S+)`$", tool.description or "")
    assert found is not None, tool.name
    return found[1], found[2]


def arguments_of(tool: Tool, address: str, asked: dict[str, Any]) -> dict[str, Any]:
    """The arguments that stand for a request."""
    path, _, query = asked["path"].partition("?")
    found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", address), path)
    assert found is not None, asked["path"]
    texts = {**found.groupdict(), **dict(parse_qsl(query))}
    properties = tool.input_schema["properties"]
    numbers = {
        name for name, text in texts.items() if text.isdigit() and properties.get(name, {}).get("type") == "integer"
    }
    arguments = {name: int(text) if name in numbers else text for name, text in texts.items()}
    return {**arguments, "body": asked["body"]} if "body" in asked else arguments


async def listed(client: Client, address: str) -> dict[str, Tool]:
    """The tools by name: those of the contract, each said to change nothing."""
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    contract = json.loads(over_http(address, "GET", "/v1/openapi.json")[1])
    operations = {each["operationId"]: each for item in contract["paths"].values() for each in item.values()}
    assert tools.keys() == operations.keys() - NOT_TOOLS
    for name, tool in tools.items():
        assert tool.title == operations[name]["summary"]
        told = (tool.description or "").rpartition("\n\n")[0]
        assert told
        assert operations[name]["description"].startswith(told)
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint
        assert tool.annotations.open_world_hint is False
    for words in ("Not medical advice", "the treating provider decides", "nothing that tells who a patient is"):
        assert words in (client.instructions or ""), words
    return tools


async def as_the_api(client: Client, tools: dict[str, Tool], address: str) -> str:
    """Each example of the contract, and each named plan, asked by tool and over HTTP."""
    answered, count, differ = set(), 0, []
    for name, method, target, arguments, body in examples(tools):
        status, told = over_http(address, method, target, body)
        result = await client.call_tool(name, arguments)
        count += 1
        answered |= {name} if status == 200 else set()
        differ += [] if same(result, status, told) else [f"{name} {target}"]
    assert not differ, differ
    assert answered == tools.keys(), tools.keys() - answered
    plans = json.loads(over_http(address, "GET", PLANS)[1])["items"]
    for row in plans:
        status, told = over_http(address, "POST", "/v1/session-plans/validate", row["plan"])
        result = await client.call_tool("validate_session_plan", {"body": row["plan"]})
        differ += [] if status == 200 and same(result, status, told) else [row["slug"]]
    assert not differ, differ
    return f"{count} examples and {len(plans)} named plans, told by {len(tools)} tools byte for byte as over HTTP"


async def page_by_page(client: Client, address: str) -> str:
    """A list that is read by `next`, as the instructions say."""
    found: list[str] = []
    arguments: dict[str, Any] = {"limit": 2}
    while arguments:
        page = json.loads(text_of(await client.call_tool("list_areas", arguments)))
        found += [row["slug"] for row in page["items"]]
        arguments = dict(parse_qsl((page["next"] or "").partition("?")[2]))
    whole = json.loads(over_http(address, "GET", "/v1/areas")[1])
    assert found == [row["slug"] for row in whole["items"]]
    return f"{len(found)} areas, read two by two"


async def odd(client: Client, address: str) -> str:
    """Odd arguments: each is told as a problem that says what to mend, by the API's own words where it has any."""
    for name, arguments, code, fault in ODD:
        result = await client.call_tool(name, arguments)
        assert result.is_error, (name, str(arguments)[:80])
        problem = json.loads(text_of(result))
        faults = {each["code"] for each in problem.get("errors", [])}
        assert (problem["code"], fault in faults or fault is None) == (code, True), (name, problem)
    query = {"limit": "x", "colour": "red"}
    told = over_http(address, "GET", f"/v1/areas?{urlencode(query)}")
    assert same(await client.call_tool("list_areas", query), *told)
    try:
        await client.call_tool(no_such_tool, {})
    except MCPError as refused:
        assert refused.code == INVALID_PARAMS
    else:
        raise AssertionError("a tool that is not there was called")
    return f"{len(ODD) + 2} odd calls, each told what to mend"


async def tried(era: str, address: str, server: StdioServerParameters, log: TextIO) -> None:
    """All of it in one era of the protocol."""
    async with Client(stdio_client(server, errlog=log), mode=era) as client:
        tools = await listed(client, address)
        print(f"{client.protocol_version}: {await as_the_api(client, tools, address)}", flush=True)
        print(f"{client.protocol_version}: {await page_by_page(client, address)}", flush=True)
        print(f"{client.protocol_version}: {await odd(client, address)}", flush=True)


def main(address: str, url: str) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), "mcp"]
    # No key is needed, and nobody's quota is asked, whatever the service itself is set to.
    chosen = {"DATABASE_URL": url, "ANONYMOUS": "off", "RATE_ANONYMOUS": "200", "CACHE_URL": "redis://127.0.0.1:1/0"}
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("w+") as log:
        for era in ERAS:
            server = StdioServerParameters(command=command[0], args=command[1:], env=chosen)
            asyncio.run(tried(era, address, server, log))
        log.seek(0)
        assert WORD not in log.read()
    print(spoken_badly(command, chosen), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
