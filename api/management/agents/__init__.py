"""The API for agents: the operations of the contract as tools of an MCP server, which answer in this process."""

from pathlib import Path

LOCK = Path(__file__).parent / "requirements.txt"
