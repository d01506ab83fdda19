"""Tools and what calls them in; an MCP server that speaks over stdin and stdout, by the official SDK, out.

This alone needs the SDK, which `requirements.txt` beside it locks.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import anyio
from anyio.to_thread import run_sync
from mcp import MCPError
from mcp.server import Server, ServerRequestContext
from mcp.server.stdio import stdio_server
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp.types import Tool as ListedTool

from api.management.agents.calls import Told
from api.management.agents.tools import Contract, Tool

Call = Callable[[Tool, Mapping[str, Any]], Told]
# Nothing is stored, so each tool only reads; and it reads what is published here alone.
ANNOTATIONS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)


def server(contract: Contract, call: Call) -> Server[Any]:
    """The server of a contract's tools."""
    tools = contract.tools()
    listed = [
        ListedTool(
            name=tool.name,
            title=tool.title,
            description=tool.description,
            input_schema=tool.input_schema,
            annotations=ANNOTATIONS,
        )
        for tool in tools.values()
    ]

    async def list_tools(_: ServerRequestContext[Any], __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=listed)

    async def call_tool(_: ServerRequestContext[Any], asked: CallToolRequestParams) -> CallToolResult:
        if asked.name not in tools:
            raise MCPError(INVALID_PARAMS, "There is no such tool.")
        told = await run_sync(partial(call, tools[asked.name], asked.arguments or {}))
        return CallToolResult(content=[TextContent(text=told.text)], is_error=told.is_error)

    about = contract.document["info"]
    return Server(
        "sclerotherapy",
        version=about["version"],
        title=about["title"],
        instructions=contract.instructions,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def serve(contract: Contract, call: Call) -> None:
    """Serve until stdin ends."""

    async def run() -> None:
        tools = server(contract, call)
        async with stdio_server() as (incoming, outgoing):
            await tools.run(incoming, outgoing, tools.create_initialization_options())

    anyio.run(run)
