"""Mutation run on the code: headers, words, refusals and locks, each spoilt in a copy of the tree.

The tests named beside a mutant must fail on it, and pass without it. Run: python -m tests.code_mutants
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.copies import PROJECT, copy_of_project
from tests.spoilt_code import MUTANTS, Mutant
from tests.spoilt_history import MUTANTS_OF_HISTORY
from tests.spoilt_review import MUTANTS_OF_REVIEW


def run(tree: Path, tests: Iterable[str]) -> subprocess.CompletedProcess[str]:
    """The tests on the tree, up to the first that fails."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)  # noqa: S603


def fate(tree: Path, mutant: Mutant) -> str:
    """What becomes of the mutant: `caught`, or why it was not. The tree is left as it was."""
    path = tree / mutant.file
    text = path.read_text("utf-8")
    if text.count(mutant.old) != 1:
        return f"not tried: what it changes comes {text.count(mutant.old)} times in {mutant.file}"
    path.write_text(text.replace(mutant.old, mutant.new), "utf-8")
    try:
        tried = run(tree, mutant.tests)
    finally:
        path.write_text(text, "utf-8")
    if tried.returncode == 0:
        return "survived"
    # Tests that cannot even begin prove nothing.
    return "caught" if "\nFAILED " in tried.stdout else f"not tried: no test could run\n{tried.stdout}{tried.stderr}"


def fates_of(mutants: Sequence[Mutant]) -> list[str]:
    """What becomes of each, one after the other in a copy of the tree."""
    with tempfile.TemporaryDirectory() as folder:
        tree = copy_of_project(Path(folder) / "tree")
        fates = []
        for mutant in mutants:
            fates.append(fate(tree, mutant))
            print(f"{mutant.name}: {fates[-1]}", flush=True)
    return fates


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="one in so many, the first among them")
    parser.add_argument("--only", action="append", default=[], help="those whose file or name has this text")
    asked = parser.parse_args()
    meant = [
        each
        for each in (*MUTANTS, *MUTANTS_OF_HISTORY, *MUTANTS_OF_REVIEW)
        if any(text in each.file or text in each.name for text in asked.only or [""])
    ]
    chosen = meant[:: asked.every]
    unspoilt = run(PROJECT, sorted({test for mutant in chosen for test in mutant.tests}))
    if unspoilt.returncode:
        print(f"the tests fail without any mutant\n{unspoilt.stdout}{unspoilt.stderr}")
        return 1
    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as pool:
        fates = [each for part in pool.map(fates_of, [chosen[k::cores] for k in range(cores)]) for each in part]
    print(f"{fates.count('caught')} of {len(chosen)} mutants of the code caught")
    return 0 if fates.count("caught") == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
