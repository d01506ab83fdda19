"""The contract in; out, what linters find in it, what of it breaks clients, and what generated clients do with it.

Installs tools of npm and pip into a scratch folder, as they are locked in `tests/clients`. Ends with 1 where anything
is found, or a gate cannot run: python -m tests.contract_gates
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from tests.breaking import PRESENT, RELEASED, breaks, read
from tests.commands import manage
from tests.gates import GateError, try_all
from tests.released import url_of
from tests.servers import up

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = ROOT / "tests" / "clients"
ACCEPTED: dict[str, list[dict[str, Any]]] = read(CLIENTS / "accepted.yaml")
TSC = (
    "--strict",
    "--target",
    "es2022",
    "--module",
    "es2022",
    "--moduleResolution",
    "bundler",
    "--skipLibCheck",
    "--typeRoots",
    "none",
)
STEPS_OF_A_JOURNEY = 6


def run(*command: str, cwd: Path, fails: bool = False) -> str:
    """What a command prints.

    Raises:
        GateError: it fails, or where it must fail, does not.
    """
    own = f"{cwd / 'venv' / 'bin'}:{cwd / 'node_modules' / '.bin'}"
    environment = {**os.environ, "PATH": f"{own}:{os.environ['PATH']}", "REDOCLY_TELEMETRY": "off", "NO_COLOR": "1"}
    done = subprocess.run(  # noqa: S603 - our own commands
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    if (done.returncode != 0) is not fails:
        raise GateError(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def install(scratch: Path) -> str:
    """Both sets of tools in the scratch folder, beside what the gates run on."""
    shutil.copytree(CLIENTS, scratch, dirs_exist_ok=True)
    shutil.copy(PRESENT, scratch)
    run("npm", "ci", "--ignore-scripts", cwd=scratch)
    run(sys.executable, "-m", "venv", "venv", cwd=scratch)
    run("pip", "install", "-q", "--require-hashes", "-r", "requirements.txt", cwd=scratch)
    return f"{len(list((scratch / 'node_modules').iterdir()))} folders of npm, and an environment of Python"


def redocly(scratch: Path) -> str:
    """Redocly's strict rules: no error and no warning."""
    said = run("redocly", "lint", "openapi.yaml", "--config", "redocly.yaml", "--format", "json", cwd=scratch)
    totals = json.loads(said[said.index("{") :])["totals"]
    if totals["errors"] or totals["warnings"] or totals["ignored"]:
        raise GateError(said)
    return f"{totals['errors']} errors, {totals['warnings']} warnings"


def spectral(scratch: Path, ruleset: str) -> list[dict[str, Any]]:
    """What Spectral finds by a ruleset."""
    out = scratch / f"{ruleset}.json"
    command = ("lint", "openapi.yaml", "--ruleset", f"{ruleset}.yaml", "--format", "json", "--output", out.name)
    run("spectral", *command, "--fail-severity", "hint", "--quiet", cwd=scratch, fails=ruleset == "owasp")
    found: list[dict[str, Any]] = json.loads(out.read_text("utf-8"))
    return found


def spectral_oas(scratch: Path) -> str:
    """Spectral's rules for OpenAPI."""
    found = spectral(scratch, "spectral")
    if found:
        raise GateError(json.dumps(found, indent=1))
    return "0 findings"


def components_of_inputs(document: dict[str, Any]) -> set[str]:
    """The schemas that bodies of requests are made of."""
    text = [json.dumps(each.get("requestBody", {})) for path in document["paths"].values() for each in path.values()]
    found: set[str] = set()
    while text:
        for name in set(re.findall('"#/components/schemas/([A-Za-z]+)"', text.pop())) - found:
            found.add(name)
            text.append(json.dumps(document["components"]["schemas"][name]))
    return found


def spectral_owasp(scratch: Path) -> str:
    """OWASP's rules: nothing but what is accepted."""
    inputs = components_of_inputs(read(PRESENT))
    accepted = {(entry["rule"], entry["where"]): 0 for entry in ACCEPTED["owasp"]}
    strange = []
    for finding in spectral(scratch, "owasp"):
        place = list(map(str, finding["path"]))
        in_answer = (place[:2] == ["components", "schemas"] and place[2] not in inputs) or "responses" in place
        keys = [(finding["code"], "anywhere"), *([(finding["code"], "answers")] if in_answer else [])]
        key = next((key for key in keys if key in accepted), None)
        if key:
            accepted[key] += 1
        else:
            strange.append(f"{finding['code']} {'/'.join(place)}")
    unused = [f"nothing needs {rule} {where} any more" for (rule, where), count in accepted.items() if not count]
    if strange or unused:
        raise GateError("\n".join([*strange, *unused]))
    return f"0 findings, and {sum(accepted.values())} of {len(accepted)} rules that are accepted, with a reason each"


def not_accepted(found: list[str]) -> list[str]:
    """Breaks that no pattern accepts, and patterns that no break needs."""
    patterns = [entry["pattern"] for entry in ACCEPTED["breaks"]]
    strange = [each for each in found if not any(re.fullmatch(pattern, each) for pattern in patterns)]
    unused = [pattern for pattern in patterns if not any(re.fullmatch(pattern, each) for each in found)]
    return [*strange, *(f"nothing needs {pattern!r} any more" for pattern in unused)]


def needs_another_major() -> bool:
    """Whether an accepted break is more than saying what was refused all along, or what comes to nobody unasked."""
    return not all(entry.get("was_refused") or entry.get("only_if_asked") for entry in ACCEPTED["breaks"])


def breaking(scratch: Path) -> str:
    """What breaks clients of the contract that was released last: what is accepted, under the version that it needs."""
    old, new = read(RELEASED), read(PRESENT)
    found = breaks(old, new)
    strange = not_accepted(found)
    versions = [document["info"]["version"] for document in (old, new)]
    if needs_another_major() and versions[0].partition(".")[0] == versions[1].partition(".")[0]:
        strange.append(f"what breaks needs another major version than {versions[0]}")
    if strange:
        raise GateError("\n".join(strange))
    return f"{len(found)} breaks from {versions[0]} to {versions[1]}, all accepted"


@contextmanager
def server(scratch: Path) -> Iterator[tuple[str, str]]:
    """The address of this service with its content, and a partner key that it knows from its start on."""
    url = url_of(scratch / "gates.sqlite3")
    for arguments in (("migrate",), ("issue_key", "clinic-apps")):
        done = manage(*arguments, DATABASE_URL=url)
        if done.returncode != 0:
            raise GateError(done.stderr)
    with up(scratch / "up.log", DATABASE_URL=url) as service:
        service.until("Serving on")
        yield f"http://127.0.0.1:{service.port}", done.stdout.strip()


def typescript(scratch: Path) -> str:
    """The TypeScript client: typed, no check without a plan, and one journey."""
    run("openapi-typescript", "openapi.yaml", "-o", "contract.d.ts", cwd=scratch)
    (scratch / "node.d.ts").write_text("declare const process: { argv: string[] };\n", "utf-8")
    run("tsc", *TSC, "node.d.ts", "journey.ts", cwd=scratch)
    refused = run("tsc", *TSC, "--noEmit", "without_body.ts", cwd=scratch, fails=True)
    if refused.count("Property 'body' is missing") != refused.count("error TS") or refused.count("error TS") != 3:
        raise GateError(refused)
    with server(scratch) as (address, key):
        said = run("node", "journey.js", address, key, cwd=scratch)
    return journey(said)


def python(scratch: Path) -> str:
    """The Python client: typed, no check without a plan, and one journey."""
    options = ("--meta", "none", "--config", "generator.yaml", "--output-path", "contract_client", "--fail-on-warning")
    run("openapi-python-client", "generate", "--path", "openapi.yaml", *options, cwd=scratch)
    run("mypy", "contract_client", "journey.py", cwd=scratch)
    refused = run("mypy", "without_body.py", cwd=scratch, fails=True)
    if refused.count('Missing named argument "body"') != 3 or "Found 3 errors in 1 file" not in refused:
        raise GateError(refused)
    with server(scratch) as (address, key):
        said = run("python", "journey.py", address, key, cwd=scratch)
    return journey(said)


def journey(said: str) -> str:
    """What a journey came to.

    Raises:
        GateError: a step is missing.
    """
    if len(said.splitlines()) != STEPS_OF_A_JOURNEY:
        raise GateError(said)
    return f"compiles, 3 of 3 calls without a body do not, and {STEPS_OF_A_JOURNEY} of {STEPS_OF_A_JOURNEY} steps done"


GATES: dict[str, Callable[[Path], str]] = {
    "tools": install,
    "Redocly, recommended-strict": redocly,
    "Spectral, oas": spectral_oas,
    "Spectral, OWASP": spectral_owasp,
    "breaking changes": breaking,
    "TypeScript client": typescript,
    "Python client": python,
}


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        return try_all({title: partial(gate, Path(folder)) for title, gate in GATES.items()})


if __name__ == "__main__":
    sys.exit(main())
