"""The MCP server with lines that no client of the SDK would send; and how it ends."""

import json
import signal
import subprocess
import time
from typing import Any

SECONDS_TO_END = 3.0
HANDSHAKE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "wire", "version": "1"},
}
# A line each, sent as they are; `after` is asked behind them, and must be answered.
LINES = (
    "no JSON",
    "[]",
    "{}",
    '{"jsonrpc":"2.0","id":10,"method":"tools/eat"}',
    '{"jsonrpc":"2.0","id":11,"method":"tools/call","params":{"name":"get_area","arguments":["calf"]}}',
    '{"jsonrpc":"2.0","id":12,"method":"tools/call","params":{"name":"get_area","arguments":{"slug":"\\ud800"}}}',
    '{"jsonrpc":"2.0","id":13,"method":"tools/call","params":{"name":"list_faqs","arguments":{"q":"\\ud800"}}}',
    '{"jsonrpc":"2.0","id":14,"method":"tools/call","params":{"name":"validate_session_plan","arguments":{"body":'
    '{"sessions":[{"treatments":[{"area":"leg","amount":{"value":NaN,"unit":"mL"}}]}]}}}}',
    '{"jsonrpc":"2.0","id":15,"method":"tools/call","params":{"name":"validate_session_plan","arguments":{"body":'
    + "[" * 5000
    + "]" * 5000
    + "}}}",
)


class Wire:
    """The server as a process, and lines to and from it."""

    def __init__(self, command: list[str], chosen: dict[str, str]) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, env=chosen, stdin=pipe, stdout=pipe, stderr=pipe, text=True)  # noqa: S603 - our own program
        self.ask(1, "initialize", HANDSHAKE)
        self.send('{"jsonrpc":"2.0","method":"notifications/initialized"}')

    def send(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def ask(self, number: int, method: str, params: dict[str, Any]) -> Any:
        """What is answered to a request, past whatever comes before."""
        self.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
        assert self.process.stdout is not None
        for line in self.process.stdout:
            told = json.loads(line)
            assert told["jsonrpc"] == "2.0"
            if told.get("id") == number:
                return told["result"]
        raise AssertionError(f"it ended: {self.process.communicate()[1]}")

    def ends(self, number: int | None) -> float:
        """The seconds until it has ended, without a word, by a signal or because nobody speaks any more."""
        began = time.monotonic()
        if number is not None:
            self.process.send_signal(number)
        _, said = self.process.communicate(timeout=60)
        assert "Traceback" not in said, said
        return time.monotonic() - began


def spoken_badly(command: list[str], chosen: dict[str, str]) -> str:
    """What it came to."""
    wire = Wire(command, chosen)
    for line in LINES:
        wire.send(line)
    after = wire.ask(99, "tools/call", {"name": "get_area", "arguments": {"slug": "calf"}})
    assert json.loads(after["content"][0]["text"])["slug"] == "calf"
    took = [wire.ends(None)]
    assert wire.process.returncode == 0
    for number in (signal.SIGINT, signal.SIGTERM):
        wire = Wire(command, chosen)
        took.append(wire.ends(number))
        assert wire.process.returncode in (0, -number), wire.process.returncode
    assert max(took) < SECONDS_TO_END, took
    return f"{len(LINES)} broken lines, and it goes on; ended 3 times within {max(took):.1f} s"
