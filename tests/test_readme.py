"""What the README tells a maintainer to do is done here, to a copy of the project."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.copies import PROJECT, copy_of_project

README = (settings.BASE_DIR / "README.md").read_text("utf-8")
# "In `file`, after `line`:" and a block of code; or a block of commands.
STEP = re.compile(
    r"In\s`(?P<file>[^`]+)`(?:, (?P<where>after|before) `(?P<line>[^`\n]+)`)?:\n\n```\w+\n(?P<text>.*?)```"
    r"|```sh\n(?P<commands>.*?)```",
    re.DOTALL,
)


def section(title: str) -> str:
    """The text under a heading."""
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the project without what is not part of it."""
    folder = copy_of_project(tmp_path / "project")
    run(folder, "manage.py migrate")
    return folder


def run(folder: Path, command: str) -> str:
    """Run a command of the README there, and give what it prints."""
    words = [part.strip('"') for part in re.findall(r'"[^"]*"|\S+', command)]
    done = subprocess.run(  # noqa: S603 - the README's own commands
        [sys.executable, *words], cwd=folder, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def follow(folder: Path, title: str) -> None:
    """Do what a section says, step by step."""
    steps = list(STEP.finditer(section(title)))
    assert steps, title
    for step in steps:
        if step["commands"]:
            for command in step["commands"].strip().splitlines():
                run(folder, command.removeprefix(".venv/bin/python "))
        else:
            insert(folder / step["file"], step["text"], step["where"], step["line"])


def insert(path: Path, text: str, where: str | None, line: str | None) -> None:
    """Put a block after or before the first line that holds the words, or at the end."""
    old = path.read_text("utf-8") if path.exists() else ""
    if where is None:
        path.write_text(old + text, "utf-8")
        return
    lines = old.splitlines(keepends=True)
    [place, *_] = [k for k, each in enumerate(lines) if str(line) in each]
    lines.insert(place + (where == "after"), text)
    path.write_text("".join(lines), "utf-8")


def asked(folder: Path, path: str, body: Any = None) -> Any:
    """What the copy answers to a request."""
    program = (
        "import json, sys, django; django.setup()\n"
        "from django.test import Client\n"
        "path, body = sys.argv[1], json.loads(sys.argv[2])\n"
        "client = Client(SERVER_NAME='localhost')\n"
        "sent = client.post(path, json.dumps(body), 'application/json') if body else client.get(path)\n"
        "assert sent.status_code == 200, sent.content\n"
        "print(sent.content.decode())\n"
    )
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program, path, json.dumps(body)],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "DJANGO_SETTINGS_MODULE": "sclero_service.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# Examples that change with every resource: they list the resources, or say which release has been read.
COUNT_THE_RESOURCES = {
    *("get_entry.start-here.json", "get_release.newest.json"),
    *("compare_releases.a-raised-limit.json", "list_changes.nothing-new.json"),
}


def changed(folder: Path, under: str) -> set[str]:
    """The names of the files that differ from the project's own, or are new."""
    return {
        path.name
        for path in (folder / under).iterdir()
        if not (PROJECT / under / path.name).exists() or path.read_bytes() != (PROJECT / under / path.name).read_bytes()
    }


def test_change_a_fact_is_done_as_it_says_and_touches_content_alone(copy: Path) -> None:
    path = copy / "fixtures" / "faqs.yaml"
    old, new = "What is sclerotherapy?", "What is meant by sclerotherapy?"
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    follow(copy, "Change a fact")
    assert asked(copy, "/v1/faqs/what-is-sclerotherapy")["question"] == new
    run(copy, "manage.py spectacular --file again.yaml")
    assert (copy / "again.yaml").read_text("utf-8") == settings.OPENAPI_FILE.read_text("utf-8")
    run(copy, "-m pytest -q -p no:cacheprovider tests/test_examples.py tests/test_openapi.py")


def test_add_a_rule_is_done_as_it_says(copy: Path) -> None:
    follow(copy, "Add a rule")
    treatment = {"area": "leg", "amount": {"value": "0.1", "unit": "mL"}}
    answer = asked(copy, "/v1/session-plans/validate", {"sessions": [{"treatments": [treatment] * 31}]})
    [finding] = [row for row in answer["findings"] if row["rule"] == "treatments-in-a-session"]
    assert finding["message"] == "This session has 31 treatments; this service's policy allows 30."
    run(
        copy,
        '-m pytest -q -p no:cacheprovider tests/test_house.py tests/test_cases.py -k "house or rule"',
    )


def test_add_a_resource_is_done_as_it_says(copy: Path) -> None:
    follow(copy, "Add a resource")
    assert asked(copy, "/v1/terms/cc")["meaning"] == "A cubic centimetre, which is a millilitre."
    assert [row["slug"] for row in asked(copy, "/v1/terms")["items"]] == ["cc"]
    assert changed(copy, "api/examples") <= {"list_terms.all.json", "get_term.cc.json", *COUNT_THE_RESOURCES}
    run(copy, "-m pytest -q -p no:cacheprovider tests/test_house.py tests/test_examples.py tests/test_openapi.py")


def test_add_a_jurisdiction_is_done_as_it_says_without_a_migration(copy: Path) -> None:
    follow(copy, "Add a jurisdiction")
    run(copy, "manage.py makemigrations --check --dry-run")
    resolution = asked(copy, "/v1/session-limits/resolve?jurisdiction=CA")
    assert "canadian-session-volume-max" in [row["limit"]["slug"] for row in resolution["candidates"]]
    plan = {
        "jurisdiction": "CA",
        "sessions": [{"treatments": [{"area": "leg", "amount": {"value": "12", "unit": "mL"}}]}],
    }
    answer = asked(copy, "/v1/session-plans/validate", plan)
    assert any(
        "the Canadian guideline" in row["message"] or "canadian" in str(row["also_exceeds"])
        for row in answer["findings"]
    )
