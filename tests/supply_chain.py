"""What the service is made of: the lock files and our code in; hashes, licences, what is unsafe and an SBOM out.

    python -m tests.supply_chain --sbom build/sbom.json
    python -m tests.supply_chain --licences   # the table for the README, as the installed packages say

Exits with status 1 where a locked package has no hash or no licence that is noted, bandit finds something of medium
weight or more, or the SBOM lacks a locked package. It asks nobody for known weaknesses: that takes a database of them.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

from tests.commands import PROJECT

RUNS, TESTS = PROJECT / "requirements.txt", PROJECT / "tests" / "requirements.txt"
AGENTS = PROJECT / "api" / "management" / "agents" / "requirements.txt"
LOCKS = (RUNS, AGENTS, *sorted((PROJECT / "tests").rglob("requirements.txt")))
CODE = ("api", "sclero_service", "manage.py")
COLUMNS = {"Of what runs": RUNS, "Of what serves agents": AGENTS, "Of what only tests": TESTS}
HEAD = f"| Licence | {' | '.join(COLUMNS)} |\n{'| --- ' * (len(COLUMNS) + 1)}|\n"
# How packages spell a licence that has a name of its own in SPDX; "BSD" alone does not say which.
SPELLINGS = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD 3-Clause OR Apache-2.0": "BSD-3-Clause OR Apache-2.0",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT license": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
UNTOLD = ("UNKNOWN", "not stated")  # by whoever made the package: then it is noted by hand, from its licence file
LONGEST_NAME = 40  # of a licence; what is longer is its text


@dataclass(frozen=True)
class Locked:
    """A line of a lock file."""

    name: str
    version: str
    hashes: frozenset[str]


def locked(path: Path) -> dict[str, Locked]:
    """The packages of a lock file by name.

    Raises:
        ValueError: a line is no package of one version.
    """
    found = {}
    for line in re.sub(r"\\\n\s*", " ", path.read_text("utf-8")).splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        package = re.match(r"([a-z0-9._-]+)(?:\[[a-z0-9,_-]+\])?==([^ ;]+)", line)
        if package is None:
            raise ValueError(f"{path.name}: {line}")
        hashes = frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})\b", line))
        found[package[1]] = Locked(package[1], package[2], hashes)
    return found


def stated(name: str) -> str | None:
    """The licence that an installed package states, by its name in SPDX; None where it is not installed."""
    try:
        about: Any = metadata(name)
    except PackageNotFoundError:
        return None
    classifiers = [text.rpartition(" :: ")[2] for text in about.get_all("Classifier") or [] if "License ::" in text]
    for text in (about.get("License-Expression"), about.get("License"), *classifiers):
        if text and len(text) <= LONGEST_NAME and text not in UNTOLD:
            return SPELLINGS.get(str(text), str(text))
    return "not stated"


def noted(readme: str) -> dict[str, str]:
    """The licence of each package as the README's table has it."""
    rows = re.findall(r"^\| (.+?) \| (.*) \|$", readme.partition(HEAD)[2].partition("\n\n")[0] + "\n", re.M)
    return {name: licence for licence, cells in rows for name in re.findall(r"[\w.-]+", cells)}


def licences(readme: str) -> dict[str, str]:
    """The licence of each locked package: what it states; what is noted, where it states none or is not installed."""
    known = noted(readme)
    told = {name: stated(name) for path in COLUMNS.values() for name in locked(path)}
    return {
        name: known.get(name, "not noted") if licence is None or licence in UNTOLD else licence
        for name, licence in told.items()
    }


def table(readme: str) -> str:
    """The README's table as it is to be."""
    packages = [locked(path) for path in COLUMNS.values()]
    cells: dict[str, tuple[list[str], ...]] = defaultdict(lambda: tuple([] for _ in packages))
    for name, licence in sorted(licences(readme).items()):
        cells[licence][next(k for k, some in enumerate(packages) if name in some)].append(name)
    rows = sorted(cells.items())
    return HEAD + "".join(f"| {licence} | {' | '.join(map(', '.join, columns))} |\n" for licence, columns in rows)


def without_hash() -> list[str]:
    """The locked packages that pip would take whatever they are."""
    return [f"{path.name}: {each.name}" for path in LOCKS for each in locked(path).values() if not each.hashes]


def wrongly_noted() -> list[str]:
    """The packages whose licence is not noted in the README as they state it, and those noted that are not locked."""
    readme = (PROJECT / "README.md").read_text("utf-8")
    known, found = noted(readme), licences(readme)
    wrong = {name for name in known.keys() | found.keys() if known.get(name) != found.get(name)}
    return [f"{name}: {found.get(name, 'not locked')}" for name in sorted(wrong)]


def unsafe() -> list[str]:
    """What bandit finds in our code, of medium weight or more; and what it did not look at."""
    command = [sys.executable, "-m", "bandit", "-q", "-r", *CODE, "-ll", "-f", "json"]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)  # noqa: S603
    told = json.loads(run.stdout)
    here = {path for name in CODE for path in ((PROJECT / name).rglob("*.py") if "." not in name else [PROJECT / name])}
    looked_at = {name.removeprefix("./") for name in told["metrics"]}
    missed = {str(path.relative_to(PROJECT)) for path in here} - looked_at
    found = [f"{each['filename']}:{each['line_number']}: {each['issue_text']}" for each in told["results"]]
    return [*found, *(f"not looked at: {path}" for path in sorted(missed)), *map(str, told["errors"])]


def write_sbom(path: Path) -> list[str]:
    """Write what `requirements.txt` locks as CycloneDX, with licences; and name what it lacks."""
    made = path.with_suffix(".tmp")
    command = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements", str(RUNS), "--output-reproducible"]
    own = ["--pyproject", str(PROJECT / "pyproject.toml"), "--of", "JSON", "-o", str(made)]
    subprocess.run([*command, *own], check=True)  # noqa: S603 - our own command
    sbom = json.loads(made.read_text("utf-8"))
    made.unlink()
    of = licences((PROJECT / "README.md").read_text("utf-8"))
    listed = {}
    for each in sbom["components"]:
        each["licenses"] = [{"license": {"name": of[each["name"]]}}]
        hashes = {text["content"] for place in each["externalReferences"] for text in place.get("hashes", [])}
        listed[each["name"]] = Locked(each["name"], each["version"], frozenset(hashes))
    path.write_text(json.dumps(sbom, indent=1) + "\n", "utf-8")
    return [name for name, package in locked(RUNS).items() if listed.get(name) != package]


def main() -> None:
    """Run every check and tell each in a line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sbom", type=Path, help="the file to write the SBOM to")
    parser.add_argument("--licences", action="store_true", help="print the table of licences and end")
    options = parser.parse_args()
    if options.licences:
        print(table((PROJECT / "README.md").read_text("utf-8")), end="")
        return
    with tempfile.TemporaryDirectory() as folder:
        sbom = options.sbom or Path(folder) / "sbom.json"
        checks = {
            "locked without a hash": without_hash(),
            "licence not noted as stated": wrongly_noted(),
            "unsafe by bandit": unsafe(),
            "not in the SBOM": write_sbom(sbom),
        }
    print(f"{len(locked(RUNS))} packages run, {len(locked(TESTS))} with those of the tests")
    for name, found in checks.items():
        print(f"{name}: {len(found)}", *found, sep="\n  ")
    sys.exit(any(checks.values()))


if __name__ == "__main__":
    main()
