"""A client of the MCP server, which runs where the SDK is; see `tests.mcp_client`."""
