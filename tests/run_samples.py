"""Every sample of the reference, as it is copied from a page, run in its language against a server of its own.

What has no compiler on this machine is named, and not run. Ends with 1 where a sample fails, or a language that
`--need` names cannot be run: python -m tests.run_samples --every 5 --need curl --need Python
"""

import argparse
import html
import json
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.commands import PATIENCE
from tests.servers import UNHINDERED, up

GROUPS = ("facts", "plans", "releases", "service")
OPERATION = re.compile('<h2 id="([a-z_]+)"><a href="#.*?</section>', re.DOTALL)
SAMPLE = re.compile('<pre [^>]*data-language="([^"]+)"><code>(.*?)</code></pre>', re.DOTALL)
Samples = Mapping[str, str]  # the code by the operation


def samples_of(base: str) -> dict[str, dict[str, str]]:
    """The samples of all pages, by language and operation."""
    found: dict[str, dict[str, str]] = {}
    for group in GROUPS:
        with urllib.request.urlopen(f"{base}/docs/{group}") as response:  # noqa: S310 - our own server
            page = response.read().decode()
        for section in OPERATION.finditer(page):
            for language, code in SAMPLE.findall(section[0]):
                found.setdefault(language, {})[section[1]] = html.unescape(code)
    return found


def run(*command: str, folder: Path) -> str:
    """What a program prints.

    Raises:
        AssertionError: it failed.
    """
    done = subprocess.run(  # noqa: S603 - samples of our own
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def scripts(*command: str, suffix: str) -> Callable[[Path, Samples], dict[str, str]]:
    """How to run samples that need no compiler."""

    def run_all(folder: Path, samples: Samples) -> dict[str, str]:
        said = {}
        for operation, code in samples.items():
            path = folder / f"{operation}.{suffix}"
            path.write_text(code, "utf-8")
            said[operation] = run(*command, path.name, folder=folder)
        return said

    return run_all


def kotlin(folder: Path, samples: Samples) -> dict[str, str]:
    """Samples in Kotlin, compiled at once, each in a package of its own."""
    for operation, code in samples.items():
        (folder / f"{operation}.kt").write_text(f"package {operation}\n\n{code}", "utf-8")
    run("kotlinc", *(f"{operation}.kt" for operation in samples), "-include-runtime", "-d", "all.jar", folder=folder)
    return {
        operation: run("java", "-cp", "all.jar", f"{operation}.{operation.capitalize()}Kt", folder=folder)
        for operation in samples
    }


def swift(folder: Path, samples: Samples) -> dict[str, str]:
    """Samples in Swift, each compiled by itself."""
    said = {}
    for operation, code in samples.items():
        (folder / "main.swift").write_text(code, "utf-8")
        run("swiftc", "main.swift", "-o", operation, folder=folder)
        said[operation] = run(f"./{operation}", folder=folder)
    return said


# How each language is run, and the program without which it cannot be.
LANGUAGES: dict[str, tuple[str, Callable[[Path, Samples], dict[str, str]]]] = {
    "curl": ("curl", scripts("sh", suffix="sh")),
    "Python": (sys.executable, scripts(sys.executable, suffix="py")),
    "TypeScript": ("node", scripts("node", suffix="mjs")),
    "Kotlin": ("kotlinc", kotlin),
    "Swift": ("swiftc", swift),
}


def check(operation: str, said: str) -> None:
    """An answer was printed, and it is no failure."""
    assert said.strip(), f"{operation} printed nothing"
    if said.startswith("{") and '"request_id"' in said[:2000]:
        answer = json.loads(said)
        assert "request_id" not in answer, said


def tried(language: str, samples: Samples, needed: Sequence[str]) -> int:
    """Run the samples of a language, and say what came of it; out, how many failed."""
    tool, run_all = LANGUAGES[language]
    if shutil.which(tool) is None:
        print(f"{language}: {len(samples)} samples NOT RUN, no {tool} here")
        return int(language in needed)
    with tempfile.TemporaryDirectory() as name:
        try:
            said = run_all(Path(name), samples)
            for operation, text in said.items():
                check(operation, text)
        except AssertionError as failure:
            print(f"{language}: FAILED\n{failure}")
            return 1
    print(f"{language}: {len(said)} samples run, each got an answer")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="run one in so many operations, and the check of a plan")
    parser.add_argument("--need", action="append", default=[], choices=LANGUAGES, help="a language that must be run")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = {"DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}", **UNHINDERED}
        with up(folder / "log", **settings) as server:
            server.until("Serving on")
            found = samples_of(f"http://127.0.0.1:{server.port}")
            assert found.keys() == LANGUAGES.keys(), found.keys()
            failed = 0
            for language, samples in found.items():
                some = dict([*samples.items()][:: chosen.every]) | {
                    operation: code for operation, code in samples.items() if operation == "validate_session_plan"
                }
                failed += tried(language, some, chosen.need)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
