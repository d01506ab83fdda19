"""Mutation run on the Python of views, problems and answers, by mutmut, in a copy of the tree.

What survives must be in `survivors.yaml` with its reason. Run: python -m tests.mutate_code
A part of it, by fewer tests: --only "api.errors*" --tests tests/test_errors.py
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from tests.copies import copy_of_project

SURVIVORS = Path(__file__).with_name("survivors.yaml")
LEAST_OF_A_PART = 90.0
# Said of a function each mutant of which survives for the same reason.
ANYTHING = "anything"
CAUGHT = ("killed", "timeout", "segfault", "caught by type check")


def main() -> int:
    """Print the score and what survived; 1 where the score is too low, or something survived without a reason."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", action="append", default=[], help="names of mutants; a star stands for anything")
    arguments.add_argument("--tests", action="append", default=[], help="the tests to take instead of all of them")
    chosen = arguments.parse_args()
    only = chosen.only
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_of_project(Path(folder) / "copy")
        if chosen.tests:
            take(copy / "pyproject.toml", chosen.tests)
        said = mutmut(copy, "run", "--max-children", "1", *only)
        every = dict(
            re.findall(r"^\s+(\S+__mutmut_\d+): (.+)$", mutmut(copy, "results", "--all", "true"), re.MULTILINE)
        )
        outcomes = {name: outcome for name, outcome in every.items() if outcome != "not checked"}
        if not outcomes or (not only and len(outcomes) < len(every)):
            print(said[-3000:])
            print(f"the run broke off: {len(outcomes)} of {len(every)} mutants were tried")
            return 1
        survivors = [name for name, outcome in sorted(outcomes.items()) if outcome not in CAUGHT]
        changes = {name: change(mutmut(copy, "show", name)) for name in survivors}
    known = yaml.safe_load(SURVIVORS.read_text("utf-8"))
    excused = {(row["function"], line) for row in known["items"] for line in row["becomes"]}
    strange = []
    for name, becomes in changes.items():
        function = name.partition("__mutmut_")[0]
        if (function, becomes) not in excused and (function, ANYTHING) not in excused:
            strange.append(name)
        print(f"{outcomes[name]}: {name}{' WITHOUT A REASON in survivors.yaml' if name in strange else ''}: {becomes}")
    score = 100 * (len(outcomes) - len(survivors)) / len(outcomes)
    least = float(known["score"]) if not only else LEAST_OF_A_PART
    print(f"{len(outcomes) - len(survivors)} of {len(outcomes)} mutants caught: {score:.1f} %, at least {least} %")
    return 1 if score < least or strange else 0


def take(settings: Path, tests: list[str]) -> None:
    """Have mutmut take these tests, by its settings in the copy."""
    quoted = ", ".join(f'"{test}"' for test in tests)
    selection = re.compile(r"^(pytest_add_cli_args_test_selection = )\[.*?^\]", re.MULTILINE | re.DOTALL)
    settings.write_text(selection.sub(rf"\g<1>[{quoted}]", settings.read_text("utf-8")), "utf-8")


def mutmut(copy: Path, *arguments: str) -> str:
    """What a command of mutmut prints."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    return done.stdout + done.stderr


def change(difference: str) -> str:
    """The line that a mutant has instead of ours, from what mutmut shows of it; lines that were joined, as one."""
    lines = difference.splitlines()
    return " ".join(line[1:].strip() for line in lines if line.startswith("+") and not line.startswith("+++"))


if __name__ == "__main__":
    sys.exit(main())
