"""Every block of code in the README and the guides, run against a service of its own; what it prints is compared.

    python -m tests.run_docs [--only getting-started] [--database FILE]

A block of output stands for what the block before it prints; `…` in it is any text, or any lines. Compilers are
installed as `tests/partner_tools.py` says. Ends with 1 where a block fails, or prints something else. A block that is
not run is named, with the reason.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from markdown_it import MarkdownIt

from api.pages.guides import ADDRESS, ORDER
from tests.commands import PROJECT, manage
from tests.gates import GateError
from tests.partner_tools import Tools, installed
from tests.released import asked_for, options
from tests.servers import UNHINDERED, up

HOME = "http://localhost:8000"  # the address in the README
GUIDES = PROJECT / "api" / "guides"
README = PROJECT / "README.md"
PATIENCE = 300
# What runs the blocks of the README that are not run here, by heading.
ELSEWHERE = {
    "Run it": ".ci/run, in a clean clone, and step by step",
    "For agents": "tests/mcp_client.py, which installs the same lock",
    "Change a fact": "tests/test_readme.py",
    "Edit in the admin": "tests/test_dump.py",
    "Add a rule": "tests/test_readme.py",
    "Add a resource": "tests/test_readme.py",
    "Add a jurisdiction": "tests/test_readme.py",
    "What a change touches": "a list of commands, each in tests/test_readme.py or .ci/run",
    "Map of the code": "a list of files",
    "Put it somewhere": "compose.yaml and nginx.conf, in tests/test_deploy.py and tests/behind_nginx.py",
    "A release as files": "tests/files_behind_nginx.py",
    "Dependencies": "the locks, which need uv; held by tests/supply_chain.py",
}
OF_OPERATORS = ("manage.py", "proxy_pass")  # in blocks of the README that are for whoever runs a service


@dataclass(frozen=True)
class Block:
    """A block of code: where it stands, its language with what else is said of it, and what it is to print."""

    file: Path
    line: int
    heading: str
    info: str
    code: str
    output: str | None = None

    @property
    def language(self) -> str:
        return self.info.split(" ", 1)[0]

    @property
    def place(self) -> str:
        return f"{self.file.relative_to(PROJECT)}:{self.line}"


@dataclass(frozen=True)
class Bench:
    """Where blocks are run: a folder, the address that they ask, a partner key, and the compilers."""

    folder: Path
    address: str
    key: str
    tools: Tools

    def run(self, *command: str) -> str:
        """What a command prints.

        Raises:
            AssertionError: it fails.
        """
        done = subprocess.run(  # noqa: S603 - our own blocks
            command,
            cwd=self.folder,
            env={**os.environ, "KEY": self.key},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, f"ended with {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def write(self, name: str, code: str) -> str:
        """The name of a file with the code."""
        (self.folder / name).write_text(code, "utf-8")
        return name


def blocks(file: Path) -> list[Block]:
    """The blocks of a file in order; those of output belong to the one before."""
    found: list[Block] = []
    heading = ""
    tokens = MarkdownIt("commonmark").parse(file.read_text("utf-8"))
    for token, before in zip(tokens, (None, *tokens), strict=False):
        if before is not None and before.type == "heading_open":
            heading = token.content
        if token.type == "fence" and token.map:
            if token.info == "output":
                found[-1] = replace(found[-1], output=token.content)
            else:
                found.append(Block(file, token.map[0] + 1, heading, token.info, token.content))
    return found


def shell(block: Block, bench: Bench) -> str:
    """What a block of commands prints; any that fails fails the block."""
    return bench.run("bash", "-euo", "pipefail", "-c", block.code)


def python(block: Block, bench: Bench) -> str:
    """What a program prints, run by this Python and the standard library alone."""
    return bench.run(sys.executable, "-I", bench.write("sample.py", block.code))


def javascript(block: Block, bench: Bench) -> str:
    """What a module prints."""
    return bench.run("node", bench.write("sample.mjs", block.code))


def typescript(block: Block, bench: Bench) -> str:
    """What a module prints, once it compiles strictly."""
    source = bench.folder / bench.write("sample.mts", block.code)
    bench.tools.compile_typescript([source], bench.folder)
    return bench.run("node", "sample.mjs")


def kotlin(block: Block, bench: Bench) -> str:
    """What a program prints, once it compiles."""
    source = bench.folder / bench.write("Sample.kt", block.code)
    return bench.run("java", "-cp", bench.tools.compile_kotlin([source], bench.folder / "sample.jar"), "SampleKt")


def mock(block: Block, bench: Bench) -> str:
    """What the mock of the contract answers, started by the command of the block."""
    npx, package, *arguments = block.code.split()
    assert (npx, package) == ("npx", "@stoplight/prism-cli"), block.code
    return bench.tools.mocked(arguments)


RUNNERS: dict[str, Callable[[Block, Bench], str]] = {
    "sh": shell,
    "sh mock": mock,
    "python": python,
    "javascript": javascript,
    "typescript": typescript,
    "kotlin": kotlin,
}
WITHOUT_RUNNER = {
    "swift": "swiftc is in none of the registries that this project installs from",
    "": "an illustration",
}


def reason_not_to(block: Block) -> str | None:
    """Why a block is not run here, if it is not."""
    if block.file == README and (block.heading in ELSEWHERE or any(word in block.code for word in OF_OPERATORS)):
        return ELSEWHERE.get(
            block.heading, "for whoever runs a service: tests/test_key_commands.py, tests/behind_nginx.py"
        )
    return WITHOUT_RUNNER.get(block.info)


def is_as_shown(printed: str, shown: str) -> bool:
    """Whether what is printed is what is shown, where `…` is any text; a line of its own, any lines."""
    parts = [re.escape(part) for part in shown.strip().split("…")]
    return re.fullmatch(".*?".join(parts), printed.strip(), re.DOTALL) is not None


def faults(block: Block, bench: Bench) -> Iterator[str]:
    """What is wrong with a block."""
    if block.info not in RUNNERS:
        yield f"{block.place}: nothing runs {block.info!r}"
        return
    asked = replace(block, code=block.code.replace(ADDRESS, bench.address).replace(HOME, bench.address))
    try:
        printed = RUNNERS[block.info](asked, bench)
    except (AssertionError, OSError, subprocess.SubprocessError, GateError) as problem:
        yield f"{block.place}: {problem}"
        return
    if block.output is not None and not is_as_shown(printed, block.output.replace(ADDRESS, bench.address)):
        yield f"{block.place} prints\n{printed}\ninstead of\n{block.output}"


def run_all(files: list[Path], address: str, key: str, tools: Tools) -> tuple[list[str], Counter[str], list[str]]:
    """What is wrong, how many blocks of each language were run, and which were not, each with the reason."""
    wrong: list[str] = []
    ran: Counter[str] = Counter()
    left: list[str] = []
    for file in files:
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(Path(folder), address, key, tools)
            for block in blocks(file):
                reason = reason_not_to(block)
                if reason:
                    left.append(f"{block.place} ({block.language or 'no language'}): {reason}")
                else:
                    wrong += faults(block, bench)
                    ran[block.info] += 1
    return wrong, ran, left


def main() -> int:
    arguments = options(argparse.ArgumentParser(description=__doc__))
    arguments.add_argument("--only", help="the guide of this slug alone")
    asked = arguments.parse_args()
    files = [GUIDES / f"{slug}.md" for slug in ORDER if asked.only in (None, slug)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(asked_for(asked))
        server = stack.enter_context(up(folder / "log", DATABASE_URL=url, **UNHINDERED)).until("Serving on")
        key = manage("issue_key", "clinic-apps", DATABASE_URL=url).stdout.strip()
        tools = stack.enter_context(installed())
        every = files if asked.only else [README, *files]
        wrong, ran, left = run_all(every, f"http://127.0.0.1:{server.port}", key, tools)
    print("not run here:", *left, sep="\n  ")
    print("ran:", ", ".join(f"{count} {language}" for language, count in ran.items()))
    print(*wrong, sep="\n\n")
    print(f"{ran.total() - len(wrong)} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
