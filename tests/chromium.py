"""Headless Chromium, told over a pipe what to do by the DevTools protocol; out, what its pages show."""

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.nginx import program
from tests.processes import kill_group
from tests.released import url_of
from tests.servers import up

OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--window-size=1280,1000")


class Chromium:
    """A browser with a profile of its own, which reads commands from its file 3 and writes to its file 4."""

    def __init__(self, folder: Path) -> None:
        its_input, self.commands = os.pipe()
        self.answers, its_output = os.pipe()
        start = f'exec "$@" 3<&{its_input} 4>&{its_output} 2>/dev/null'
        command = [program("chromium", "chromium"), *OPTIONS, f"--user-data-dir={folder}", "about:blank"]
        self.process = subprocess.Popen(  # noqa: S603 - a browser of this machine
            ["/bin/bash", "-c", start, "bash", *command], pass_fds=(its_input, its_output), start_new_session=True
        )
        os.close(its_input)
        os.close(its_output)
        self.number = 0
        self.rest = b""
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        kill_group(self.process.pid)  # its helpers, too, which would go on writing into the folder
        self.process.wait()
        os.close(self.commands)
        os.close(self.answers)

    def message(self) -> dict[str, Any]:
        """The next that it says."""
        while b"\0" not in self.rest:
            read = os.read(self.answers, 1 << 20)
            assert read, "the browser is gone"
            self.rest += read
        first, self.rest = self.rest.split(b"\0", 1)
        said: dict[str, Any] = json.loads(first)
        return said

    def do(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """What a command comes to."""
        self.number += 1
        command = {"id": self.number, "method": method, "params": parameters} | (
            {"sessionId": session} if session else {}
        )
        os.write(self.commands, json.dumps(command).encode() + b"\0")
        while True:
            said = self.message()
            if said.get("id") == self.number:
                assert "error" not in said, said
                result: dict[str, Any] = said["result"]
                return result
            self.events.append(said)

    def person(self, has_scripts: bool = True) -> "Person":
        """Somebody with cookies of their own, in whose pages scripts run or not."""
        context = self.do("Target.createBrowserContext")["browserContextId"]
        target = self.do("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.do("Page.enable", session)
        self.do("Emulation.setScriptExecutionDisabled", session, value=not has_scripts)
        return Person(self, session, context)


@contextmanager
def visiting(folder: Path, **settings: Any) -> Iterator[tuple[Chromium, str]]:
    """A browser, and the URL of a service that it visits.

    What they write goes into the folder; so does the database where none is named.
    """
    chosen = {"DATABASE_URL": url_of(folder / "db.sqlite3"), **settings}
    with up(folder / "log", **chosen) as server, Chromium(folder / "profile") as browser:
        yield browser, f"http://127.0.0.1:{server.until('Serving on').port}"


class Person:
    """Somebody before a window of the browser."""

    def __init__(self, browser: Chromium, session: str, context: str) -> None:
        self.browser = browser
        self.session = session
        self.context = context

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Return as soon as the page that is asked for within is there."""
        self.browser.events.clear()
        yield
        while not any(
            said.get("method") == "Page.loadEventFired" and said.get("sessionId") == self.session
            for said in self.browser.events
        ):
            self.browser.events.append(self.browser.message())

    def go(self, url: str) -> None:
        """Load a page."""
        with self.loading():
            self.browser.do("Page.navigate", self.session, url=url)

    def tell(self, expression: str) -> Any:
        """What an expression of JavaScript comes to in the page."""
        told = self.browser.do("Runtime.evaluate", self.session, expression=expression, returnByValue=True)
        assert "exceptionDetails" not in told, (expression, told)
        return told["result"].get("value")

    def has(self, selector: str) -> bool:
        """Whether the page has what a selector finds."""
        return bool(self.tell(f"document.querySelector({json.dumps(selector)}) !== null"))

    def text(self) -> str:
        """All text of the page."""
        return str(self.tell("document.body.innerText"))

    def fill(self, name: str, value: str) -> None:
        """Write into the field of a name."""
        field = f"document.querySelector({json.dumps(f'[name={json.dumps(name)}]')})"
        self.tell(f"{field}.value = {json.dumps(value)}; 0")

    def tick(self, selector: str) -> int:
        """Tick every box that a selector finds; out, how many."""
        boxes = f"[...document.querySelectorAll({json.dumps(selector)})]"
        return int(self.tell(f"{boxes}.map(box => box.checked = true).length"))

    def press(self, selector: str) -> None:
        """Press a button or a link that leads to another page."""
        with self.loading():
            self.tell(f"document.querySelector({json.dumps(selector)}).click(); 0")

    def may_copy(self, origin: str) -> None:
        """Let pages of an origin read and write what was copied."""
        permissions: dict[str, Any] = {
            "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"],
            "origin": origin,
            "browserContextId": self.context,
        }
        self.browser.do("Browser.grantPermissions", **permissions)
        self.browser.do("Emulation.setFocusEmulationEnabled", self.session, enabled=True)

    def picture(self, path: Path) -> None:
        """Keep a picture of the whole page."""
        shot = self.browser.do("Page.captureScreenshot", self.session, format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))
