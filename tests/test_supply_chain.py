"""What the service is made of is locked by hash, and its licences are noted; and what would hide that is found."""

import json
from pathlib import Path

import pytest

from tests import supply_chain
from tests.commands import PROJECT
from tests.supply_chain import HEAD, LOCKS, RUNS, licences, locked, noted, stated, table, unsafe, wrongly_noted

README = (PROJECT / "README.md").read_text("utf-8")


def test_every_locked_package_has_a_hash() -> None:
    assert supply_chain.without_hash() == []
    assert all(locked(path) for path in LOCKS)


def test_the_licence_of_every_locked_package_is_noted_as_it_states_it() -> None:
    assert wrongly_noted() == []
    assert table(README) in README


def test_a_package_that_has_no_licence_noted_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = README.replace("whitenoise, ", "").replace(", whitenoise", "").replace("| PSF-2.0 | ", "| MIT | gone, ")
    (tmp_path / "README.md").write_text(shown, "utf-8")
    monkeypatch.setattr(supply_chain, "PROJECT", tmp_path)
    assert wrongly_noted() == ["gone: not locked", "typing-extensions: PSF-2.0", "whitenoise: MIT"]


def test_a_package_for_other_machines_keeps_what_is_noted() -> None:
    assert stated("no-such-package") is None
    assert licences(README)["pyyaml-ft"] == noted(README)["pyyaml-ft"] == "MIT"
    assert licences("")["pyyaml-ft"] == "not noted"
    assert noted(f"{HEAD}| MIT | a, b-c |  |  |\n| BSD |  |  | d |\n\n| x | y | z |\n") == {
        "a": "MIT",
        "b-c": "MIT",
        "d": "BSD",
    }


@pytest.mark.parametrize("line", ["django>=5", "django", "-e .", "git+https://example.org/x", "--index-url https://x"])
def test_what_is_not_one_version_of_a_package_is_refused(line: str, tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(f"{RUNS.read_text('utf-8')}{line}\n", "utf-8")
    with pytest.raises(ValueError, match=r"requirements\.txt: "):
        locked(path)


def test_a_package_without_a_hash_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(f"loose==1.0 ; python_version < '3.13'\nshort==1.0 \\\n    --hash=sha256:ab\nheld==1.0 \\\n"
                    f"    --hash=sha256:{'0' * 64}\n", "utf-8")  # fmt: skip
    monkeypatch.setattr(supply_chain, "LOCKS", (path,))
    assert supply_chain.without_hash() == ["requirements.txt: loose", "requirements.txt: short"]


def test_unsafe_code_and_code_that_cannot_be_read_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "a.py").write_text("import yaml\nyaml.load('x', yaml.Loader)\n", "utf-8")
    (tmp_path / "part" / "b.py").write_text("def broken(:\n", "utf-8")
    (tmp_path / "single.py").write_text("x = 1\n", "utf-8")
    monkeypatch.setattr(supply_chain, "PROJECT", tmp_path)
    monkeypatch.setattr(supply_chain, "CODE", ("part", "single.py"))
    found = "\n".join(unsafe())
    assert "part/a.py:2: " in found
    assert "b.py" in found
    assert "single.py" not in found


def test_the_sbom_has_what_is_locked_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "sbom.json"
    assert supply_chain.write_sbom(path) == []
    sbom = json.loads(path.read_text("utf-8"))
    assert (sbom["bomFormat"], sbom["metadata"]["component"]["name"]) == ("CycloneDX", "sclero-service")
    assert {each["name"] for each in sbom["components"]} == locked(RUNS).keys()
    assert all(each["licenses"][0]["license"]["name"] in README for each in sbom["components"])
    assert [each.name for each in tmp_path.iterdir()] == ["sbom.json"]
