"""What partners use beside the contract, as locked in `tests/tools`; and what each of them comes to.

They are installed into a scratch folder, or into the one that PARTNER_TOOLS names, where the next run finds them.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.commands import PROJECT
from tests.gates import GateError
from tests.servers import free_port

LOCKED = PROJECT / "tests" / "tools"
LONGEST = 600  # seconds that a tool may take
MOCK_STARTS = 240  # tries, of a quarter of a second each


def run(command: Sequence[str | Path], folder: Path) -> str:
    """What a command prints.

    Raises:
        GateError: it fails.
    """
    environment = {**os.environ, "REDOCLY_TELEMETRY": "off", "NO_COLOR": "1"}
    done = subprocess.run(  # noqa: S603 - our own commands
        [*map(str, command)], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=LONGEST
    )
    if done.returncode:
        raise GateError(f"{command[0]} ended with {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


class Tools:
    """The tools in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kotlin = folder / "node_modules" / "kotlin-compiler" / "lib"
        self.python = folder / "venv" / "bin" / "python"

    def install(self) -> None:
        """Install what is not there as it is locked."""
        lock, kept = LOCKED / "package-lock.json", self.folder / "package-lock.json"
        if not kept.exists() or kept.read_bytes() != lock.read_bytes():
            shutil.copytree(LOCKED, self.folder, dirs_exist_ok=True)
            run(("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"), self.folder)
            run((sys.executable, "-m", "venv", "venv"), self.folder)
            run((self.python, "-m", "pip", "install", "-q", "--require-hashes", "-r", "requirements.txt"), self.folder)

    def binary(self, name: str) -> Path:
        """The path of a tool of npm."""
        return self.folder / "node_modules" / ".bin" / name

    def generator(self) -> Path:
        """The jar of OpenAPI Generator, which has Jackson in it, too."""
        [jar] = self.folder.glob("venv/lib/*/site-packages/openapi_generator_cli/openapi-generator.jar")
        return jar

    def compile_kotlin(self, sources: Sequence[Path], jar: Path, *classpath: Path) -> str:
        """Compile sources to a jar; out, the class path with which it runs."""
        compiler = ("java", "-Xmx2g", "-cp", f"{self.kotlin}/*", "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler")
        whole = ":".join(map(str, [*classpath, self.kotlin / "kotlin-stdlib.jar"]))
        run((*compiler, "-no-reflect", "-nowarn", "-cp", whole, "-d", jar, *sources), jar.parent)
        return f"{jar}:{whole}"

    def compile_typescript(self, sources: Sequence[Path], folder: Path) -> None:
        """Compile sources strictly to modules beside them."""
        run((self.binary("tsc"), "--strict", "--target", "es2022", "--module", "es2022", *sources), folder)

    def mocked(self, arguments: Sequence[str]) -> str:
        """What Prism answers to a read and to a plan, started with these arguments on a port of its own.

        Raises:
            GateError: it never answers, or not as the contract has it.
        """
        port = free_port()
        command = [str(self.binary("prism")), *arguments, "--port", str(port)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - ours
        try:
            for _ in range(MOCK_STARTS):
                if process.poll() is not None:
                    break
                try:
                    return _asked_of_mock(f"http://127.0.0.1:{port}")
                except (urllib.error.URLError, ConnectionError):
                    time.sleep(0.25)
            raise GateError("the mock never answered")
        finally:
            process.kill()
            process.wait()


def _asked_of_mock(address: str) -> str:
    """What the mock answers, in a line.

    Raises:
        GateError: that is not as the contract has it.
    """
    slug = asked(f"{address}/v1/areas")["items"][0]["slug"]
    plan = {"sessions": [{"treatments": [{"area": "leg", "amount": {"value": "12", "unit": "cc"}}]}]}
    answer = asked(f"{address}/v1/session-plans/validate", plan)
    if "findings" not in answer:
        raise GateError(f"the mock answers a plan with {sorted(answer)}")
    return f"the mock has the area {slug}, and answers a plan with {answer['verdict']}\n"


def asked(url: str, body: Any = None) -> Any:
    """The JSON at an address, or the answer to a body."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"} if data else {})  # noqa: S310 - ours
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - ours
        return json.load(answer)


@contextmanager
def installed() -> Iterator[Tools]:
    """The tools, installed."""
    kept = os.environ.get("PARTNER_TOOLS")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(kept or scratch)
        folder.mkdir(parents=True, exist_ok=True)
        tools = Tools(folder)
        tools.install()
        yield tools
