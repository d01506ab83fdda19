"""Settings that refuse bad values, and the server as a person starts it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

SECRET = "x" * 60


def django(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py with just these settings."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(  # noqa: S603 - our own program
        command, cwd=settings.BASE_DIR, env={**kept, **environment}, capture_output=True, text=True, check=False
    )


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def ask(url: str, body: str | None = None) -> Any:
    request = urllib.request.Request(url, body.encode() if body else None, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - our own server
        return json.load(answer)


def test_up_publishes_serves_and_stops(tmp_path: Path) -> None:
    port = free_port()
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}"}
    command = [sys.executable, "manage.py", "up", "--port", str(port)]
    log = (tmp_path / "log").open("w+")
    server = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdout=log, stderr=subprocess.STDOUT)  # noqa: S603
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(150):
            try:
                assert ask(f"{url}/readyz")["status"] == "ok"
                break
            except OSError:
                assert server.poll() is None
                time.sleep(0.2)
        text = (tmp_path / "log").read_text()
        assert "Publishing it" in text
        failing, passing = re.findall(r"-d '(.+)'", text)
        assert ask(f"{url}/v1/session-plans/validate", failing)["verdict"] == "outside_limits"
        assert ask(f"{url}/v1/session-plans/validate", passing)["verdict"] == "within_limits"
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=15) == 0
    finally:
        server.kill()
        server.wait()
        log.close()


@pytest.mark.django_db
def test_up_leaves_what_is_published_as_it_is() -> None:
    from api.management.commands.up import prepare

    lines: list[str] = []
    prepare(lines.append)
    assert lines == ["Migrating the database", "Release 1 is published"]
