"""Every sample of the reference, as it is copied from a page, run in its language against a server of its own.

Compilers are installed as `tests/partner_tools.py` says; Swift is run where its compiler is at hand, and else named.
Ends with 1 where a sample fails: python -m tests.run_samples --every 5
"""

import argparse
import html
import json
import re
import shutil
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.gates import GateError
from tests.partner_tools import Tools, installed, run
from tests.servers import UNHINDERED, up

GROUPS = ("facts", "plans", "releases", "service")
OPERATION = re.compile('<h2 id="([a-z_]+)"><a href="#.*?</section>', re.DOTALL)
SAMPLE = re.compile('<pre [^>]*data-language="([^"]+)"><code>(.*?)</code></pre>', re.DOTALL)
Samples = Mapping[str, str]  # the code by the operation
Runner = Callable[[Path, Samples, Tools], dict[str, str]]  # what each prints, by the operation


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


def scripts(program: str, suffix: str) -> Runner:
    """How to run samples that need no compiler."""

    def run_all(folder: Path, samples: Samples, tools: Tools) -> dict[str, str]:
        del tools
        said = {}
        for operation, code in samples.items():
            path = folder / f"{operation}.{suffix}"
            path.write_text(code, "utf-8")
            said[operation] = run((program, path.name), folder)
        return said

    return run_all


def typescript(folder: Path, samples: Samples, tools: Tools) -> dict[str, str]:
    """Samples in TypeScript, compiled strictly at once."""
    sources = [folder / f"{operation}.mts" for operation in samples]
    for source, code in zip(sources, samples.values(), strict=True):
        source.write_text(code, "utf-8")
    tools.compile_typescript(sources, folder)
    return {operation: run(("node", f"{operation}.mjs"), folder) for operation in samples}


def kotlin(folder: Path, samples: Samples, tools: Tools) -> dict[str, str]:
    """Samples in Kotlin, compiled at once, each in a package of its own."""
    sources = [folder / f"{operation}.kt" for operation in samples]
    for source, code in zip(sources, samples.values(), strict=True):
        source.write_text(f"package {source.stem}\n\n{code}", "utf-8")
    classpath = tools.compile_kotlin(sources, folder / "all.jar")
    return {
        operation: run(("java", "-cp", classpath, f"{operation}.{operation.capitalize()}Kt"), folder)
        for operation in samples
    }


def swift(folder: Path, samples: Samples, tools: Tools) -> dict[str, str]:
    """Samples in Swift, each compiled by itself."""
    del tools
    said = {}
    for operation, code in samples.items():
        (folder / "main.swift").write_text(code, "utf-8")
        run(("swiftc", "main.swift", "-o", operation), folder)
        said[operation] = run((f"./{operation}",), folder)
    return said


# How each language is run. Of their compilers, Swift's alone is in none of the registries that this installs from.
LANGUAGES: dict[str, Runner] = {
    "curl": scripts("sh", "sh"),
    "Python": scripts(sys.executable, "py"),
    "TypeScript": typescript,
    "Kotlin": kotlin,
    "Swift": swift,
}


def check(operation: str, said: str) -> None:
    """An answer was printed, and it is no failure."""
    assert said.strip(), f"{operation} printed nothing"
    if said.startswith("{") and '"request_id"' in said[:2000]:
        answer = json.loads(said)
        assert "request_id" not in answer, said


def tried(language: str, samples: Samples, tools: Tools) -> bool:
    """Run the samples of a language, and say what came of it; out, whether it is well."""
    if language == "Swift" and shutil.which("swiftc") is None:
        print(f"{language}: {len(samples)} samples NOT RUN, no swiftc here")
        return True
    with tempfile.TemporaryDirectory() as name:
        try:
            said = LANGUAGES[language](Path(name), samples, tools)
            for operation, text in said.items():
                check(operation, text)
        except (AssertionError, GateError) as failure:
            print(f"{language}: FAILED\n{failure}")
            return False
    print(f"{language}: {len(said)} samples run, each got an answer")
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="run one in so many operations, and the check of a plan")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, installed() as tools:
        folder = Path(name)
        settings = {"DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}", **UNHINDERED}
        with up(folder / "log", **settings) as server:
            server.until("Serving on")
            found = samples_of(f"http://127.0.0.1:{server.port}")
            assert found.keys() == LANGUAGES.keys(), found.keys()
            well = True
            for language, samples in found.items():
                some = dict([*samples.items()][:: chosen.every]) | {
                    operation: code for operation, code in samples.items() if operation == "validate_session_plan"
                }
                well &= tried(language, some, tools)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
