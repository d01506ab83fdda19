"""What puts the service in its place: the image has all that it runs on, compose says all that must be said."""

import fnmatch
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.problems import PROBLEMS
from sclero_service import knobs
from tests.commands import PROJECT, environment
from tests.servers import free_port, up

COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
CONF = (PROJECT / ".deploy" / "nginx.conf").read_text("utf-8")
CHOSEN = {
    "POSTGRES_PASSWORD": "abc123",
    "SECRET_KEY": "".join(map(chr, range(48, 120))),
    "ALLOWED_HOSTS": "api.example.org",
    "TLS_FOLDER": "/tls",
}


def stages() -> list[list[tuple[str, str]]]:
    """The instructions of each stage of the Dockerfile, by their name and what they say."""
    text = re.sub(r"^#.*\n", "", (PROJECT / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    found: list[list[tuple[str, str]]] = []
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, said = line.partition(" ")
            if name == "FROM":
                found.append([])
            found[-1].append((name, said.strip()))
    return found


LAST = stages()[-1]


def said(name: str) -> list[str]:
    """What the instructions of this name say, in the stage that becomes the image."""
    return [text for each, text in LAST if each == name]


def copied(stage: list[tuple[str, str]]) -> list[tuple[list[str], str]]:
    """What a stage copies out of the project: the sources, and where to."""
    words = [shlex.split(text) for name, text in stage if name == "COPY" and not text.startswith("--from")]
    return [(each[:-1], each[-1]) for each in words]


def is_ignored(path: str) -> bool:
    """Whether `.dockerignore` keeps a path out of the image. The last pattern that fits decides."""
    ignored = False
    for line in (PROJECT / ".dockerignore").read_text("utf-8").splitlines():
        pattern = line.removeprefix("!").removeprefix("**/")
        if line and not line.startswith("#") and fnmatch.fnmatch(path, pattern):
            ignored = not line.startswith("!")
    return ignored


def image(folder: Path) -> Path:
    """The files of the image, in a new folder."""
    folder.mkdir()
    for sources, target in copied(LAST):
        for source in sources:
            place = folder / target / source if target.endswith("/") else folder / target
            if (PROJECT / source).is_dir():
                shutil.copytree(PROJECT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(PROJECT / source, place)
    return folder


def settings_in_compose(chosen: dict[str, str]) -> dict[str, str]:
    """The environment of the service, filled in as compose does."""

    def fill(found: re.Match[str]) -> str:
        name, kind, text = found.groups()
        if kind == ":?":
            return chosen[name]
        return chosen.get(name) or (text or "")

    return {
        name: re.sub(r"\$\{(\w+)(?:(:[?-])([^}]*))?\}", fill, text)
        for name, text in SERVICES["service"]["environment"].items()
    }


def test_every_source_of_the_image_is_there_and_not_ignored() -> None:
    for stage in stages():
        for sources, _ in copied(stage):
            for source in sources:
                assert (PROJECT / source).exists(), source
                assert not is_ignored(source), source
    for name in (".git", ".env", "db.sqlite3", "tests", ".venv", "README.md", "__pycache__"):
        assert is_ignored(name), name


def test_the_image_does_not_run_as_root_and_installs_by_hash() -> None:
    names = [name for name, _ in LAST]
    assert said("USER")[-1] not in ("root", "0")
    assert "RUN" not in names[names.index("USER") :]
    installs = [text for stage in stages() for name, text in stage if "pip install" in text]
    assert installs
    assert all("--require-hashes" in text for text in installs)


def test_the_image_has_all_that_it_runs_on(prepared: str, tmp_path: Path) -> None:
    """Its entry point starts, its health check passes, and fails where nothing serves."""
    files = image(tmp_path / "image")
    [entry] = [json.loads(text) for text in said("ENTRYPOINT")]
    assert entry == ["python", "manage.py", "up", "--host", "0.0.0.0"]  # noqa: S104 - in a container
    [check] = [json.loads(text.partition("CMD ")[2]) for text in said("HEALTHCHECK")]
    port = free_port()
    own = [text.replace(":8000/", f":{port}/") for text in check[1:]]
    assert own != check[1:]

    def health() -> int:
        run = subprocess.run([sys.executable, *own], env=environment(), capture_output=True, check=False)  # noqa: S603
        return run.returncode

    assert health() != 0
    chosen = {"DATABASE_URL": prepared, "PYTHONDONTWRITEBYTECODE": "1"}
    with up(tmp_path / "log", *entry[3:], port=port, project=files, folder=files, **chosen) as server:
        server.until("Serving on")
        assert health() == 0


def test_what_compose_says_are_knobs_that_go_together() -> None:
    told = settings_in_compose(CHOSEN)
    assert told.keys() <= {knob.name for knob in knobs.KNOBS}
    values = knobs.read(told)
    assert values["BEHIND_HTTPS_PROXY"]
    assert not values["CORS_PLAN_ORIGINS"]
    assert values["DATABASE_URL"]["HOST"] in SERVICES
    assert values["DATABASE_URL"]["USER"] == SERVICES["database"]["environment"]["POSTGRES_USER"]
    assert values["DATABASE_URL"]["NAME"] == SERVICES["database"]["environment"]["POSTGRES_DB"]
    assert values["CACHE_URL"] == "redis://cache:6379/0"
    assert "cache" in SERVICES
    assert (values["RATE_ANONYMOUS"], values["RATE_KEYED"]) == (240, 60000)


def test_what_the_proxy_says_of_clients_is_believed_and_it_says_what_it_knows() -> None:
    [network] = COMPOSE["networks"]["default"]["ipam"]["config"]
    assert settings_in_compose(CHOSEN)["TRUSTED_PROXIES"] == network["subnet"]
    assert re.findall("proxy_set_header X-Forwarded-For (.+);", CONF) == ["$remote_addr"]


@pytest.mark.parametrize("name", CHOSEN)
def test_compose_asks_for_what_has_no_safe_default(name: str) -> None:
    assert f"${{{name}:?" in (PROJECT / "compose.yaml").read_text("utf-8")


def test_only_the_proxy_can_be_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    for name in ("cache", "service", "proxy"):
        assert SERVICES[name]["cap_drop"] == ["ALL"]
        assert SERVICES[name]["read_only"]
        assert "privileged" not in SERVICES[name]


def test_the_proxy_reaches_the_service_and_is_reached() -> None:
    [port] = said("EXPOSE")
    assert f"proxy_pass http://service:{port};" in CONF
    assert "service" in SERVICES
    for published in SERVICES["proxy"]["ports"]:
        assert re.search(rf"listen {published.partition(':')[2]}\b", CONF)
    for volume in SERVICES["proxy"]["volumes"]:
        source, target, mode = volume.rsplit(":", 2)
        assert mode == "ro"
        assert source.startswith("$") or (PROJECT / source).exists()
        assert target == "/etc/nginx/nginx.conf" or f"{target}/" in CONF


def test_problems_of_the_proxy_are_those_of_the_service() -> None:
    shown = re.findall(r"^ +([0-9]+|default) '(.+)';$", CONF, re.MULTILINE)
    codes = {json.loads(text)["code"] for _, text in shown}
    assert codes - {"rate_limited"} == {
        *("bad_request", "method_not_allowed", "body_too_large", "uri_too_long", "headers_too_large"),
        "content_unavailable",
    }
    for status, text in shown:
        body = json.loads(text)
        if body["code"] == "rate_limited":  # of which the detail is the proxy's own
            continue
        problem = PROBLEMS[body["code"]]
        assert body == {
            "type": f"/v1/problems/{problem.code}",
            "title": problem.title,
            "status": problem.status,
            "detail": problem.text,
            "code": problem.code,
            "request_id": "$id",
        }
        assert status in (str(problem.status), "default")
