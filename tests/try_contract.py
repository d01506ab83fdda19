"""The contract in; out, how a real server answers the requests that Schemathesis makes of it, valid and not.

All its checks are on; three are replaced by those of `tests/contract_cases/checks.py`, which has the reasons. It is
installed as it is locked, in a folder that `--venv` keeps. Ends with 1 where a check fails:

    python -m tests.try_contract --cases 20000
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.breaking import PRESENT
from tests.commands import PROJECT
from tests.released import FORMER, LATTER, released, url_of
from tests.servers import UNHINDERED, up

CASES = PROJECT / "tests" / "contract_cases"
REPLACED = "positive_data_acceptance,negative_data_rejection,response_schema_conformance"
PHASES = "examples,coverage,fuzzing,stateful"
BY_CHANCE = ("fuzzing", "stateful")  # the other phases send the same each time
SLUGS = ("areas", "products", "vein-types", "ingredients")
Report = dict[str, Any]


def install(venv: Path) -> Path:
    """The program, in an environment of its own."""
    program = venv / "bin" / "schemathesis"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)  # noqa: S603 - our own programs
        pip = [str(venv / "bin" / "pip"), "install", "-q", "--require-hashes", "-r", str(CASES / "requirements.txt")]
        subprocess.run(pip, check=True)  # noqa: S603
    return program


def asked(address: str, path: str) -> Any:
    """What the server answers to a GET."""
    with urlopen(f"{address}{path}", timeout=300) as answer:  # noqa: S310 - our own server
        return json.load(answer)


def words_of(address: str) -> Iterator[tuple[str, list[str]]]:
    """The slugs that a plan or a query may name, by what they are called in `schemathesis.toml`."""
    for name in SLUGS:
        yield name, [row["slug"] for row in asked(address, f"/v1/{name}")["items"]]
    rows = asked(address, "/v1/contraindications")["items"]
    for member in ("conditions", "medications"):
        yield member, [row["slug"] for row in rows if member in row["named_in"]]


def make_ready(folder: Path, address: str) -> None:
    """Put what Schemathesis reads into its folder, and let the server work out what it works out once."""
    shutil.copytree(CASES, folder, dirs_exist_ok=True)
    for name, words in words_of(address):
        (folder / f"{name}.txt").write_text("".join(f'"{word}"\n' for word in words), "utf-8")
    for path in ("/v1/openapi.json", "/v1/coverage", *(f"/v1/releases/{n}/vectors" for n in (FORMER, LATTER))):
        asked(address, path)


def run(program: Path, folder: Path, address: str, seed: int, phases: str, examples: int) -> Report:
    """The report of one run, whose findings are printed."""
    report = folder / "report.json"
    command = [str(program), "--config-file", "schemathesis.toml", "run", str(PRESENT), "--url", address, "--no-color"]
    command += ["--checks", "all", "--exclude-checks", REPLACED, "--phases", phases, "--max-examples", str(examples)]
    command += ["--seed", str(seed), "--report-json-path", str(report), "--output-sanitize", "false"]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "checks", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(  # noqa: S603 - our own programs
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    found: Report = json.loads(report.read_text("utf-8")) if report.exists() else {}
    if done.returncode or not found.get("complete"):
        print(done.stdout[-20_000:], done.stderr[-2000:])
    return {**found, "passed": done.returncode == 0 and found.get("complete", False)}


def reports(chosen: argparse.Namespace, program: Path, folder: Path, address: str) -> Iterator[Report]:
    """The reports of as many runs as it takes to send so many cases, or of those up to one that fails."""
    count, seed, phases = 0, chosen.start, chosen.phases
    while count < chosen.cases:
        report = run(program, folder, address, seed, phases, chosen.examples)
        yield report
        count += report.get("test_cases", {}).get("generated", 0)
        if not report["passed"]:
            return
        seed, phases = seed + 1, ",".join(phase for phase in chosen.phases.split(",") if phase in BY_CHANCE)


def main() -> int:
    """Send as many cases as asked for, and say what became of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--examples", type=int, default=100, help="the most of an operation in one run")
    parser.add_argument("--phases", default=PHASES)
    parser.add_argument("--start", type=int, default=0, help="the first seed")
    parser.add_argument("--venv", type=Path, help="keep Schemathesis in this folder, for the next time")
    parser.add_argument("--database", type=Path, help="keep the SQLite database in this file, for the next time")
    chosen = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        program = install((chosen.venv or folder / "venv").resolve())
        url = released(url_of(chosen.database or folder / "db.sqlite3"))
        settings: dict[str, Any] = {"DATABASE_URL": url, **UNHINDERED}
        server = stack.enter_context(up(folder / "log", **settings)).until("Serving on")
        address = f"http://127.0.0.1:{server.port}"
        make_ready(folder / "cases", address)
        began = time.monotonic()
        made = [*reports(chosen, program, folder / "cases", address)]
        took = time.monotonic() - began
    cases = sum(report.get("test_cases", {}).get("generated", 0) for report in made)
    failures = sum(len(report.get("failures", [])) + len(report.get("errors", [])) for report in made)
    print(f"{cases} cases in {len(made)} runs and {took:.0f} s, {failures} kinds of failure")
    return 0 if made and all(report["passed"] for report in made) else 1


if __name__ == "__main__":
    sys.exit(main())
