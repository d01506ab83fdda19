"""What partners use beside the contract, each run against a service: collections, the journey, the mock, clients.

    python -m tests.partner_gates [--database FILE] [--only "Prism mock"]

Ends with 1 where any of them finds something, or cannot run. Tools are installed as `tests/partner_tools.py` says.
"""

import argparse
import json
import shutil
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import yaml

from tests.gates import GateError, try_all
from tests.partner_tools import LOCKED, Tools, installed, run
from tests.released import asked_for, options
from tests.servers import UNHINDERED, up

STEPS_IN_KOTLIN = 3


@dataclass(frozen=True)
class Gate:
    """Where a gate works: its tools, a folder of its own, and the address of a service."""

    tools: Tools
    folder: Path
    address: str

    def kept(self, path: str) -> Path:
        """A file of the service, in the folder under its path."""
        place = self.folder / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(self.address + path) as answer:  # noqa: S310 - our own server
            place.write_bytes(answer.read())
        return place


def postman(gate: Gate) -> str:
    """Newman sends every request of the collection as it is served: each is answered by 200."""
    report = gate.folder / "newman.json"
    options = ("--reporters", "json", "--reporter-json-export", report)
    run((gate.tools.binary("newman"), "run", gate.kept("/docs/postman.json"), *options), gate.folder)
    counts = json.loads(report.read_text("utf-8"))["run"]["stats"]
    if counts["assertions"]["failed"] or not counts["requests"]["total"] == counts["assertions"]["total"]:
        raise GateError(f"{counts['assertions']}")
    return f"{counts['requests']['total']} requests, {counts['assertions']['failed']} failed"


def bruno(gate: Gate) -> str:
    """Bruno does the same with its own."""
    folder = gate.folder / "bruno"
    with zipfile.ZipFile(gate.kept("/docs/bruno.zip")) as archive:
        archive.extractall(folder)
    requests = [path for path in folder.rglob("*.bru") if path.parent.name != "environments"]
    report = gate.folder / "bruno.json"
    command = (gate.tools.binary("bru"), "run", "-r", "--env", "service", "--reporter-json", report)
    run(command, folder)
    [said] = json.loads(report.read_text("utf-8"))
    if not said["summary"]["passedRequests"] == said["summary"]["totalRequests"] == len(requests):
        raise GateError(json.dumps(said["summary"]))
    return f"{said['summary']['totalRequests']} requests, {said['summary']['failedAssertions']} assertions failed"


def arazzo(gate: Gate) -> str:
    """Redocly finds nothing in the journey, and Respect walks it."""
    gate.kept("/v1/openapi.yaml")
    document = gate.kept("/docs/arazzo.yaml")
    redocly = gate.tools.binary("redocly")
    run((redocly, "lint", document), gate.folder)
    report = gate.folder / "respect.json"
    run(
        (redocly, "respect", document, "--server", f"sclerotherapy={gate.address}", "--json-output", report),
        gate.folder,
    )
    [workflow] = yaml.safe_load(document.read_text("utf-8"))["workflows"]
    [said] = json.loads(report.read_text("utf-8"))["files"].values()
    walked = {step["stepId"]: step["status"] for done in said["executedWorkflows"] for step in done["executedSteps"]}
    if walked != {step["stepId"]: "success" for step in workflow["steps"]}:
        raise GateError(json.dumps(walked))
    return f"{len(walked)} of {len(walked)} steps"


def mock(gate: Gate) -> str:
    """Prism answers by the contract alone."""
    return gate.tools.mocked(["mock", str(gate.kept("/v1/openapi.yaml"))]).strip()


def generated(gate: Gate, *options: str) -> Path:
    """The folder of a client that OpenAPI Generator makes."""
    folder = gate.folder / "client"
    run(("java", "-jar", gate.tools.generator(), "generate", *options, "-o", folder), gate.folder)
    return folder


def kotlin(gate: Gate) -> str:
    """The client is made with our settings; its models compile, and walk a journey over the JDK's own HTTP.

    Its calls need OkHttp, which is in none of the registries that this project installs from: they are not compiled.
    """
    made = generated(gate, "-c", str(gate.kept("/docs/kotlin.yaml")))
    models = sorted(made.glob("src/main/kotlin/**/models/*.kt"))
    calls = sorted(made.glob("src/main/kotlin/**/apis/*.kt"))
    classpath = gate.tools.compile_kotlin(
        [*models, LOCKED / "Journey.kt"], gate.folder / "journey.jar", gate.tools.generator()
    )
    said = run(("java", "-cp", classpath, "JourneyKt", gate.address), gate.folder)
    if len(said.splitlines()) != STEPS_IN_KOTLIN or not calls:
        raise GateError(said)
    walked = f"{len(models)} models compile, {STEPS_IN_KOTLIN} of {STEPS_IN_KOTLIN} steps done"
    return f"{walked}; NOT compiled: {len(calls)} files of calls, which need OkHttp"


def swift(gate: Gate) -> str:
    """The client is made, and builds where there is a compiler."""
    made = generated(gate, "-g", "swift6", "-i", str(gate.kept("/v1/openapi.yaml")))
    files = len(list(made.glob("Sources/**/*.swift")))
    compiler = shutil.which("swift")
    if compiler is None:
        return f"{files} files made; NOT compiled: swift is in none of the registries that this project installs from"
    run((compiler, "build", "--package-path", made), gate.folder)
    return f"{files} files made, and compile"


GATES: dict[str, Callable[[Gate], str]] = {
    "Postman collection": postman,
    "Bruno collection": bruno,
    "Arazzo journey": arazzo,
    "Prism mock": mock,
    "Kotlin client": kotlin,
    "Swift client": swift,
}


def alone(gate: Callable[[Gate], str], tools: Tools, scratch: Path, address: str) -> str:
    """What a gate comes to in a new folder of the scratch folder."""
    return gate(Gate(tools, Path(tempfile.mkdtemp(dir=scratch)), address))


def main() -> int:
    arguments = options(argparse.ArgumentParser(description=__doc__))
    arguments.add_argument("--only", choices=[*GATES], help="one of them alone")
    asked = arguments.parse_args()
    gates = {title: gate for title, gate in GATES.items() if asked.only in (None, title)}
    with tempfile.TemporaryDirectory() as name, installed() as tools, asked_for(asked) as url:
        scratch = Path(name)
        with up(scratch / "log", DATABASE_URL=url, **UNHINDERED) as server:
            server.until("Serving on")
            address = f"http://127.0.0.1:{server.port}"
            return try_all({title: partial(alone, gate, tools, scratch, address) for title, gate in gates.items()})


if __name__ == "__main__":
    sys.exit(main())
