"""The service as a person starts it: a command and settings in, a process with its URL and what it prints out."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.commands import PATIENCE, PROJECT, environment, interpreter
from tests.processes import children, kill_group

UNHINDERED: dict[str, Any] = {"RATE_ANONYMOUS": "1000000000"}  # for one client that asks a real server a great deal


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
        listener.bind((host, 0))
        port: int = listener.getsockname()[1]
        return port


def until(holds: Callable[[], bool]) -> None:
    """Return as soon as it holds."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it never held"
        time.sleep(0.02)


class Up:
    """`manage.py up` of the project, or of a copy, in a process group of its own, as a terminal would start it."""

    def __init__(
        self,
        port: int,
        log: Path,
        *options: str,
        folder: Path = PROJECT,
        project: Path = PROJECT,
        obeying: bool = False,
        **chosen: str,
    ) -> None:
        self.port = port
        self.log = log
        command = [*interpreter(obeying), str(project / "manage.py"), "up", "--port", str(port), *options]
        with log.open("w") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                command, cwd=folder, env=environment(**chosen), stdout=output, stderr=output, start_new_session=True
            )

    def text(self) -> str:
        """What it has printed."""
        return self.log.read_text("utf-8")

    def until(self, words: str) -> "Up":
        """The server itself, as soon as it has printed the words."""
        for _ in range(PATIENCE * 20):
            if words in self.text():
                return self
            assert self.process.poll() is None, self.text()
            time.sleep(0.05)
        raise AssertionError(f"never said {words!r}: {self.text()}")

    def workers(self) -> list[int]:
        """The processes that answer."""
        return children(self.process.pid)

    def send(self, number: int) -> None:
        """Signal it: SIGINT goes to all of its group, as Ctrl-C does, others to the first process."""
        if number == signal.SIGINT:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)

    def group_is_gone(self) -> bool:
        """Whether no process of it is left."""
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return True
        return False

    def until_gone(self) -> None:
        """Return as soon as no process of it is left."""
        for _ in range(PATIENCE * 20):
            if self.group_is_gone():
                return
            time.sleep(0.05)
        raise AssertionError("left a process behind")

    def end(self) -> None:
        """Make sure that no process of it is left."""
        if not self.group_is_gone():
            kill_group(self.process.pid)
        self.process.wait()


@contextmanager
def up(log: Path, *options: str, port: int | None = None, **more: Any) -> Iterator[Up]:
    """A server that is ended in the end; on a free port where none is named."""
    server = Up(port or free_port(), log, *options, **more)
    try:
        yield server
    finally:
        server.end()
