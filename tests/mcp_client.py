"""The MCP server, called by the SDK's own client, beside the service over HTTP: no answer differs.

The SDK is installed as it is locked in `api/management/agents`, in a folder that `--venv` keeps; the types of what uses
it are checked there. Ends with 1 where anything differs:

    python -m tests.mcp_client
"""

import argparse
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from api.management.agents import LOCK
from tests.commands import PROJECT, environment
from tests.released import released, url_of
from tests.servers import UNHINDERED, up

TYPED = ("api/management/agents/server.py", "tests/agents")  # what knows the SDK


def install(venv: Path) -> Path:
    """The interpreter of an environment with the SDK."""
    interpreter = venv / "bin" / "python"
    if not interpreter.exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)  # noqa: S603 - our own programs
        pip = [str(interpreter), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(LOCK)]
        subprocess.run(pip, check=True)  # noqa: S603
    return interpreter


def check_types(interpreter: Path, folder: Path) -> None:
    """Check what uses the SDK against its types, which the environment of the other tests lacks."""
    settings = folder / "mypy.ini"
    settings.write_text("[mypy]\nstrict = true\n", "utf-8")
    mypy = [sys.executable, "-m", "mypy", "--config-file", str(settings), "--cache-dir", str(folder / "mypy")]
    subprocess.run(  # noqa: S603 - our own program
        [*mypy, "--python-executable", str(interpreter), "--follow-imports", "silent", *TYPED], cwd=PROJECT, check=True
    )


def main() -> int:
    """Start both, and let the client compare them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--venv", type=Path, help="keep the SDK in this folder, for the next time")
    chosen = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        interpreter = install((chosen.venv or folder / "venv").resolve())
        check_types(interpreter, folder)
        url = released(url_of(folder / "db.sqlite3"), "--small")
        server = stack.enter_context(up(folder / "log", DATABASE_URL=url, **UNHINDERED)).until("Serving on")
        client = [str(interpreter), "-m", "tests.agents", f"http://127.0.0.1:{server.port}", url]
        return subprocess.run(client, cwd=PROJECT, env=environment(), check=False).returncode  # noqa: S603 - ours


if __name__ == "__main__":
    sys.exit(main())
