"""Settings: what an operator chooses is taken as it is meant, or refused in a line."""

import ast
import json
import re
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from sclero_service import database, knobs
from tests.commands import PROJECT, manage, python

SECRET = "x" * 60
KNOBS = {knob.name: knob for knob in knobs.KNOBS}
PUBLIC = {"ALLOWED_HOSTS": "api.example.org", "SECRET_KEY": SECRET}
WRONG = {
    "SECRET_KEY": ["short", "x" * 49],
    "DEBUG": ["maybe", "ture", "2", "on off"],
    "ALLOWED_HOSTS": [
        *(
            "*",
            "localhost,",
            ",",
            "a,*",
            "a b",
            "http://a",
            "a:80",
            ".example.org",
            "example.org.",
            "a_b",
            "-a",
            "a..b",
        ),
        *("::1", "[::1", "[::1]:80", "[x]", "1.2.3", "1.2.3.256", "straße.de", "*.a", "x" * 64, "a." * 127 + "aa"),
    ],
    "DATABASE_URL": [
        *("mysql://x/y", "postgres", "postgres:", "postgres://", "postgres://h", "postgres://h/", "postgres://h:x/y"),
        *(
            "postgres://h:0/y",
            "postgres://h:65536/y",
            "postgres://u:%ZZ@h/y",
            "postgres://[::1/y",
            "postgres://h/y?a=b",
        ),
        *("postgres://h/y?connect_timeout=x", "sqlite:", "sqlite://host/x", "sqlite:///x?mode=rw", "sqlite:///%00"),
    ],
    "BEHIND_HTTPS_PROXY": ["https"],
    "HSTS_SECONDS": ["-1", "x", "1.5", "1_0", "\u0661", "63072001", "9" * 5000],
    "CORS_PLAN_ORIGINS": [
        *(
            "app.example",
            "https://",
            "https://a/",
            "https://a/b",
            "https://*.a",
            "https://a,*",
            "https://a,none",
            "null",
        ),
        *(
            "ftp://a",
            "https://a:0",
            "https://a:65536",
            "https://a:x",
            "https://u@a",
            "https://a?b",
            "https://::1",
            "*,*",
        ),
        *("https://[::1", "https://[x]", "https://straße.de", "https://a,", "https://a b", "file://", "//a"),
    ],
    **{name: ["0", "-1", "1.5", "x", "1000000001"] for name in ("RATE_ANONYMOUS", "RATE_KEYED")},
    "CACHE_URL": [
        *("cache:6379", "redis://", "redis:///0", "http://cache/0", "redis://cache:0/0", "redis://cache:65536/0"),
        *("redis://cache:x/0", "redis://cache/x", "redis://cache/0/1", "redis://cache/0?db=1", "redis://a b/0"),
        *("redis://::1/0", "redis://[::1/0", "redis://[x]/0", "redis://a@b@cache/0", "unix:///cache", "off"),
    ],
    "TRUSTED_PROXIES": [
        *("proxy", "10.0.0.0/8,", "10.0.0.1/8", "10.0.0.0/33", "0.0.0.0/0", "::/0", "10.0.0.0/8,none", "10.0.0", "*"),
        *("[::1]", "::1%1/64", "10.0.0.0-10.0.0.9"),
    ],
    "ANONYMOUS": ["none", "allowed"],
    "ADMIN": ["admin", "1,1"],
    "LOG_LEVEL": ["loud", "10", "CRITICAL"],
    "METRICS_PORT": ["0", "65536", "-1", "http", "9100.0", "nothing", "127.0.0.1:9100", "\u0663"],
    "METRICS_HOST": ["*", "a b", "http://a", "::1", "1.2.3.256", "a:9100", "none,a"],
    "SECURITY_CONTACT": [
        *("security@example.org", "http://example.org/security", "https://", "https:///x", "mailto:", "mailto:@x"),
        *(
            "mailto:a",
            "tel:+1",
            "https://a b",
            "https://a\nExpires: never",
            "https://é.example",
            "mailto:a b@c.example",
        ),
        *("https://a/<b>", 'https://a/"', "javascript:x", "nobody", "mailto:a@b@c", "https://a, https://b"),
    ],
}
IN_MEMORY = ["sqlite://", "sqlite:///", "sqlite://:memory:", "sqlite:///:memory:", "sqlite:///file::memory:"]
IN_MEMORY += ["sqlite:///file:x?mode=memory", "sqlite:///%3Amemory%3A"]


def faults(**chosen: str) -> list[str]:
    """The lines that refuse these variables."""
    with pytest.raises(ImproperlyConfigured) as caught:
        knobs.read(chosen)
    return str(caught.value).splitlines()


def test_every_knob_is_tried_here() -> None:
    assert KNOBS.keys() == WRONG.keys()


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, row in WRONG.items() for text in ["", "  ", *row]])
def test_a_wrong_or_empty_value_is_a_line_with_its_name_and_what_it_may_be(name: str, text: str) -> None:
    [line] = faults(**{name: text})
    assert line.startswith(f"{name} must be {KNOBS[name].may_be}")
    assert ("it is empty" in line) is (text.strip() == "")


@pytest.mark.parametrize("url", IN_MEMORY)
def test_a_database_in_memory_is_refused_with_the_reason(url: str) -> None:
    [line] = faults(DATABASE_URL=url)
    assert "another one in each connection" in line


def test_all_faults_are_told_together() -> None:
    assert [line.split()[0] for line in faults(**dict.fromkeys(KNOBS, ""))] == list(KNOBS)


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"ALLOWED_HOSTS": "api.example.org"}, "SECRET_KEY must be set"),
        ({**PUBLIC, "SECRET_KEY": knobs.DEVELOPMENT_KEY}, "SECRET_KEY must be set"),
        ({**PUBLIC, "DEBUG": "on"}, "DEBUG must be off"),
        ({"HSTS_SECONDS": "1"}, "HSTS_SECONDS must be 0"),
        ({"BEHIND_HTTPS_PROXY": "on"}, "TRUSTED_PROXIES must name the proxy"),
    ],
)
def test_what_does_not_go_together_is_refused(chosen: dict[str, str], words: str) -> None:
    [line] = faults(**chosen)
    assert line.startswith(words)


def test_every_default_is_what_it_may_be() -> None:
    assert knobs.read({}).keys() == KNOBS.keys()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("DEBUG", "True", True),
        ("DEBUG", " off\r", False),
        ("ALLOWED_HOSTS", "localhost, 127.0.0.1 ,[0:0::1]", ["localhost", "127.0.0.1", "[::1]"]),
        ("CORS_PLAN_ORIGINS", "None", []),
        ("CORS_PLAN_ORIGINS", "*", ["*"]),
        ("CORS_PLAN_ORIGINS", "HTTPS://App.example:443, http://a:8080", ["https://app.example", "http://a:8080"]),
        ("CORS_PLAN_ORIGINS", "http://[0::1]:80,https://1.2.3.4:80", ["http://[::1]", "https://1.2.3.4:80"]),
        ("RATE_ANONYMOUS", "1", 1),
        ("CACHE_URL", "None", None),
        *(
            ("CACHE_URL", url, url)
            for url in ("redis://cache", "valkey://u:p%40@cache:1/15", "redis://:p@[::1]:6379/0")
        ),
        ("TRUSTED_PROXIES", "None", []),
        ("TRUSTED_PROXIES", "10.0.0.0/8, ::1", [ip_network("10.0.0.0/8"), ip_network("::1/128")]),
        ("LOG_LEVEL", "warning", "WARNING"),
        ("METRICS_PORT", "NONE", None),
        ("METRICS_PORT", "9100", 9100),
        ("METRICS_HOST", "[::0]", "[::]"),
        ("SECURITY_CONTACT", "None", None),
        ("SECURITY_CONTACT", "mailto:a.b+c@example.org?subject=x%20y", "mailto:a.b+c@example.org?subject=x%20y"),
        ("SECURITY_CONTACT", "https://example.org/security#report", "https://example.org/security#report"),
    ],
)
def test_what_is_meant_is_taken(name: str, text: str, value: Any) -> None:
    assert knobs.read({name: text})[name] == value


def test_hosts_are_taken_in_any_case() -> None:
    assert knobs.read({**PUBLIC, "ALLOWED_HOSTS": "API.example.org"})["ALLOWED_HOSTS"] == ["api.example.org"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgres://a%40b:p%2Fw@db.example:5433/name?sslmode=require&connect_timeout=9",
            ("name", "a@b", "p/w", "db.example", "5433"),
        ),
        ("postgresql:///name?host=/run/pg", ("name", "", "", "/run/pg", "")),
        ("postgres://u@[::1]/name", ("name", "u", "", "::1", "")),
    ],
)
def test_a_url_of_postgresql_is_read_as_libpq_reads_it(url: str, expected: tuple[str, ...]) -> None:
    config = database.from_url(url)
    assert tuple(config[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")) == expected
    assert config["OPTIONS"]["connect_timeout"] == ("9" if "timeout" in url else 3)
    assert config["OPTIONS"].get("sslmode") == ("require" if "sslmode" in url else None)


def test_no_fault_holds_a_password() -> None:
    for url in (
        "postgres://u:hush%ZZ@h/x",
        "postgres://u:hush@h:x/y",
        "mysql://u:hush@h/x",
        "postgres://u:hush@[::1/y",
    ):
        assert "hush" not in str(faults(DATABASE_URL=url))


def test_no_fault_holds_the_password_of_a_cache() -> None:
    assert "hush" not in str(faults(CACHE_URL="redis://u:hush@[::1/0"))


@pytest.mark.parametrize("wide", ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "::/0", "2000::/3"])
def test_a_network_of_half_the_world_is_refused_with_the_reason(wide: str) -> None:
    [line] = faults(TRUSTED_PROXIES=f"10.0.0.0/8,{wide}")
    assert line.endswith(f": '{wide}' is not, since it is more than a network.")


@pytest.mark.parametrize("mapped", ["::ffff:10.0.0.1", "::ffff:10.0.0.0/104"])
def test_an_address_that_no_connection_has_is_refused_with_the_reason(mapped: str) -> None:
    [line] = faults(TRUSTED_PROXIES=mapped)
    assert line.endswith(f": '{mapped}' is not, since an IPv4 address in IPv6 is written as IPv4.")


def test_a_file_is_in_the_project_folder_or_where_its_path_says(tmp_path: Path) -> None:
    assert database.from_url("sqlite:///some.sqlite3")["NAME"] == str(PROJECT / "some.sqlite3")
    assert database.from_url(f"sqlite:///{tmp_path}/a%20%3F")["NAME"] == f"{tmp_path}/a ?"


def test_a_folder_in_place_of_a_file_and_a_folder_that_is_not_there_are_named(tmp_path: Path) -> None:
    [line] = faults(DATABASE_URL=f"sqlite:///{tmp_path}")
    assert f"{tmp_path} is no file" in line
    [line] = faults(DATABASE_URL=f"sqlite:///{tmp_path / 'none' / 'x'}")
    assert f"{tmp_path / 'none'} does not exist" in line


@pytest.mark.parametrize("command", [("check",), ("migrate",), ("up",), ("runserver", "--noreload"), ("spectacular",)])
def test_every_command_ends_with_the_lines_alone(command: tuple[str, ...]) -> None:
    run = manage(*command, DEBUG="maybe", LOG_LEVEL="")
    assert (run.returncode, run.stdout) == (1, "")
    assert [line.split()[0] for line in run.stderr.splitlines()] == ["DEBUG", "LOG_LEVEL"]


def test_another_server_is_told_the_same() -> None:
    run = python("-c", "import sclero_service.wsgi", DEBUG="maybe")
    assert run.stderr.splitlines()[-1] == "django.core.exceptions.ImproperlyConfigured: DEBUG must be on or off."


@pytest.mark.parametrize("command", [("migrate",), ("load_content",), ("publish", "--note", "x"), ("up",)])
def test_a_database_that_is_not_there_is_a_line(command: tuple[str, ...]) -> None:
    run = manage(*command, DATABASE_URL="postgres://u:hush@127.0.0.1:1/x")
    assert run.returncode == 1
    [line] = run.stderr.splitlines()
    assert "DATABASE_URL" in line
    assert "refused" in line
    assert "hush" not in line


def test_the_whole_failure_is_shown_to_who_asks() -> None:
    run = manage("migrate", "--traceback", DATABASE_URL="postgres://u:p@127.0.0.1:1/x")
    assert "Traceback" in run.stderr


def test_a_file_that_is_no_database_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("garbage " * 1000)
    run = manage("migrate", DATABASE_URL=f"sqlite:///{tmp_path / 'x'}")
    assert (run.returncode, run.stderr) == (1, "DATABASE_URL: file is not a database\n")


@pytest.mark.parametrize("command", [("load_content",), ("publish", "--note", "x")])
def test_a_database_without_tables_is_a_line_that_says_what_to_do(command: tuple[str, ...], tmp_path: Path) -> None:
    run = manage(*command, DATABASE_URL=f"sqlite:///{tmp_path / 'x'}")
    assert run.returncode == 1
    assert re.fullmatch(r"DATABASE_URL: no such table: \w+\. Run: manage\.py migrate\n", run.stderr)


@pytest.mark.parametrize("admin", ["off", "on"])
def test_settings_for_production_pass_djangos_own_check(admin: str) -> None:
    run = manage(
        "check",
        "--deploy",
        "--fail-level",
        "WARNING",
        ALLOWED_HOSTS="api.example.org",
        SECRET_KEY="".join(map(chr, range(48, 120))),
        BEHIND_HTTPS_PROXY="on",
        TRUSTED_PROXIES="10.0.0.0/8",
        HSTS_SECONDS="31536000",
        ADMIN=admin,
        DATABASE_URL="postgres://user:word@localhost/name",
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(("level", "heard"), [("INFO", ["quiet", "loud"]), ("WARNING", ["loud"])])
def test_the_log_level_is_heeded(level: str, heard: list[str]) -> None:
    script = "import logging; log = logging.getLogger('api'); log.info('quiet'); log.warning('loud')"
    run = manage("shell", "--no-imports", "--command", script, LOG_LEVEL=level)
    assert [json.loads(line)["event"] for line in run.stderr.splitlines()] == heard


TOLD_TO_LIBRARIES = (
    'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sclero_service.settings")',
    'os.environ["PROMETHEUS_MULTIPROC_DIR"] = ',
)


def reads_of_the_environment(path: Path) -> Iterator[str]:
    """Where a file names the environment, other than to tell a library what it looks for there."""
    lines = path.read_text("utf-8").splitlines()
    for node in ast.walk(ast.parse("\n".join(lines))):
        if not isinstance(node, ast.expr | ast.stmt):
            continue
        named = {"environ", "environb", "getenv", "getenvb", "dotenv", "load_dotenv"}
        # A name alone is a parameter, such as the environ of WSGI, or it was imported.
        if getattr(node, "attr", None) in named or (
            isinstance(node, ast.Import | ast.ImportFrom) and named & {alias.name for alias in node.names}
        ):
            line = lines[node.lineno - 1].strip()
            if not line.startswith(TOLD_TO_LIBRARIES):
                yield f"{path.relative_to(PROJECT)}: {line}"


def test_the_environment_is_read_in_one_place() -> None:
    files = [PROJECT / "manage.py", *(PROJECT / "api").rglob("*.py"), *(PROJECT / "sclero_service").rglob("*.py")]
    found = [read for path in files for read in reads_of_the_environment(path)]
    assert found == ["sclero_service/settings.py: chosen = knobs.read(os.environ)"]


def test_the_example_is_generated_from_the_table() -> None:
    assert (PROJECT / ".env.example").read_text("utf-8") == knobs.example()


def test_the_readme_shows_the_table() -> None:
    head = ["| Name | Default | May be | Meaning |", "| --- | --- | --- | --- |"]
    rows = [f"| `{knob.name}` | `{knob.default}` | {knob.may_be} | {knob.meaning} |" for knob in knobs.KNOBS]
    section = (PROJECT / "README.md").read_text("utf-8").partition("\n## Settings\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\|.*", section, re.MULTILINE) == head + rows
