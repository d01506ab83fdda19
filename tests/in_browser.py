"""Pages of two other origins in headless Chromium, of which one is admitted; out, what their scripts could read.

Ends with 1 where that is not what it is to be, or where Chromium is missing: python -m tests.in_browser
"""

import html
import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from tests.commands import PATIENCE
from tests.nginx import program
from tests.servers import up

PAGE = Path(__file__).with_name("in_browser.html")
REFUSED = {"refused": "TypeError"}  # all that a script is told of what it may not read
FOR_ANY = {  # what a page of any origin reads: the status, and the code of a failure
    "get": (200, None),
    "conditional get": (304, None),
    "conditional get of no route": (404, "not_found"),
    "wrong query": (400, "invalid_query"),
    "no such row": (404, "not_found"),
    "contract": (200, None),
    "health": (200, None),
    "static file": (200, None),
    "wrong method": (405, "method_not_allowed"),
}
FOR_ADMITTED = {
    "plan": (200, None),
    "batch": (200, None),
    "wrong plan": (400, "invalid_plan"),
    "too large": (413, "body_too_large"),
    "plan without its type": (415, "unsupported_media_type"),
}
FOR_NONE = {"method that must be asked for", "with a key", "with credentials"}


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and logs nothing."""

    def log_message(self, *arguments: Any) -> None:
        """Nothing."""


@contextmanager
def pages() -> Iterator[int]:
    """The port on which the page is served."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(PAGE.parent))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def told_to(origin: str, api: str, folder: Path) -> dict[str, Any]:
    """What the script of the page could read, as a page of that origin."""
    options = (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--virtual-time-budget=60000",
        f"--user-data-dir={folder}",
    )
    command = [program("chromium", "chromium"), *options, "--dump-dom", f"{origin}/{PAGE.name}?api={api}"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout  # noqa: S603
    found = re.search('<pre id="told">(.+?)</pre>', shown, re.DOTALL)
    assert found, f"the script never came to its end:\n{shown}"
    told: dict[str, Any] = json.loads(html.unescape(found[1]))
    return told


def check(told: dict[str, Any], is_admitted: bool) -> None:
    """Hold what a page could read against what it may."""
    readable = FOR_ANY | (FOR_ADMITTED if is_admitted else {})
    assert told.keys() == FOR_ANY.keys() | FOR_ADMITTED.keys() | FOR_NONE
    for name, answer in told.items():
        if name in readable:
            assert (answer.get("status"), answer.get("code")) == readable[name], (name, answer)
            assert "x-request-id" in answer["headers"], name
        else:
            assert answer == REFUSED, (name, answer)
    first, again = told["get"]["headers"], told["conditional get"]["headers"]
    assert first["etag"] == again["etag"]
    assert first["content-release"] == again["content-release"] == "1"
    assert told["wrong method"]["headers"]["allow"] == "GET, HEAD"
    assert all(
        answer["headers"]["ratelimit"].startswith('"anonymous";r=') for answer in (told["get"], told["wrong query"])
    )
    assert first["ratelimit-policy"].startswith('"anonymous";q=')
    if is_admitted:
        assert told["plan"]["verdict"] == "outside_limits"
        assert told["plan"]["headers"]["x-request-id"] == "partner-4711"


def main() -> None:
    """Ask as a page of an admitted origin, and as one of another: the same files under another name."""
    with tempfile.TemporaryDirectory() as name, pages() as port:
        folder = Path(name)
        admitted, other = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
        url = f"sqlite:///{folder / 'db.sqlite3'}"
        with up(folder / "log", DATABASE_URL=url, CORS_PLAN_ORIGINS=admitted) as server:
            server.until("Serving on")
            for origin in (admitted, other):
                told = told_to(origin, f"http://127.0.0.1:{server.port}", folder / "profile")
                check(told, origin == admitted)
                readable = sum(answer != REFUSED for answer in told.values())
                kind = "admitted" if origin == admitted else "another"
                print(f"{kind} origin: {readable} of {len(told)} could be read")


if __name__ == "__main__":
    main()
