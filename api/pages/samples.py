"""A request in; out, programs in several languages that send it, each whole and to run as it is."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from api.schema import examples

# Stand for what a page knows only when it is asked for; `filled` puts it in.
BASE, NEWEST, BEFORE = "https://the-service.invalid", "THE-NEWEST-RELEASE", "THE-RELEASE-BEFORE"
LONGEST_ON_A_LINE = 80
DOLLAR, HASH = "\\u0024", "\\u0023"  # in JSON, what would begin a variable in Kotlin and in Swift


@dataclass(frozen=True)
class Asked:
    """A request that comes to a 200: what is sent, and the name of the example that it is."""

    name: str
    method: str
    target: str
    body: Any = None

    @property
    def url(self) -> str:
        return BASE + self.target


@dataclass(frozen=True)
class Sample:
    """A program that sends a request."""

    language: str
    code: str


def asked_of(operation_id: str, path: str) -> Asked:
    """The first example of an operation that comes to a 200 without a key and in its usual form.

    Releases are numbered as they are published, so the numbers of the example give way to those that are there.
    """
    for name, example in examples(operation_id):
        request = example["request"]
        is_plain = request.get("headers", {}).keys() <= {"Content-Type"}
        if is_plain and example["response"]["status"] == 200:
            target = path.format(number=NEWEST, other=NEWEST) if "{number}" in path else request["path"]
            if "{other}" in path:
                target = path.format(number=BEFORE, other=NEWEST)
            return Asked(name, request["method"], target, request.get("body"))
    raise LookupError(operation_id)


def filled(text: str, base: str, newest: int = 1) -> str:
    """A text with the address that was asked and the numbers of the newest release and of the one before."""
    before = max(newest - 1, 1)
    return text.replace(BASE, base).replace(NEWEST, str(newest)).replace(BEFORE, str(before))


def samples(asked: Asked, is_json: bool = True) -> list[Sample]:
    """A program for each language."""
    return [Sample(language, write(asked, is_json)) for language, write in WRITERS.items()]


def _curl(asked: Asked, is_json: bool) -> str:
    url = f"'{asked.url}'" if urlsplit(asked.url).query else asked.url
    if asked.body is None:
        return f"curl -s {url}"
    body = laid_out(asked.body).replace("'", "'\\''")
    return f"curl -s {url} \\\n  -H 'Content-Type: application/json' \\\n  -d '{body}'"


def _python(asked: Asked, is_json: bool) -> str:
    lines = ["import json", "import urllib.request", ""] if is_json else ["import urllib.request", ""]
    if asked.body is None:
        lines += [f'with urllib.request.urlopen("{asked.url}") as response:']
    else:
        lines += [
            f"body = {laid_out(asked.body, is_python=True)}",
            "request = urllib.request.Request(",
            f'    "{asked.url}",',
            "    data=json.dumps(body).encode(),",
            '    headers={"Content-Type": "application/json"},',
            ")",
            "with urllib.request.urlopen(request) as response:",
        ]
    return "\n".join([*lines, "    print(json.load(response))" if is_json else "    print(response.read().decode())"])


def laid_out(value: Any, is_python: bool = False, before: str = "") -> str:
    """A value as JSON, or as Python, that a person reads: what is small on one line, all else member by member."""
    inner = before + (" " * (4 if is_python else 2))
    is_object, is_list = isinstance(value, dict), isinstance(value, list)
    if not (is_object or is_list):
        is_a_word = value is None or isinstance(value, bool)
        return repr(value) if is_python and is_a_word else json.dumps(value, ensure_ascii=False)
    opened, closed = "{}" if is_object else "[]"
    members = value.items() if is_object else ((None, each) for each in value)
    parts = [
        ("" if name is None else f"{json.dumps(name)}: ") + laid_out(each, is_python, inner) for name, each in members
    ]
    on_a_line = f"{opened}{', '.join(parts)}{closed}"
    if len(on_a_line) <= LONGEST_ON_A_LINE and "\n" not in on_a_line:
        return on_a_line
    last = "," if is_python else ""
    return f"{opened}\n{inner}" + f",\n{inner}".join(parts) + f"{last}\n{before}{closed}"


def _javascript(asked: Asked, is_json: bool) -> str:
    if asked.body is None:
        lines = [f'const response = await fetch("{asked.url}");']
    else:
        lines = [
            f"const body = {laid_out(asked.body)};",
            f'const response = await fetch("{asked.url}", {{',
            '  method: "POST",',
            '  headers: { "Content-Type": "application/json" },',
            "  body: JSON.stringify(body),",
            "});",
        ]
    fails = "if (!response.ok) throw new Error(await response.text());"
    return "\n".join([*lines, fails, f"console.log(await response.{'json' if is_json else 'text'}());"])


def _kotlin(asked: Asked, is_json: bool) -> str:
    lines = [
        "import java.net.HttpURLConnection",
        "import java.net.URI",
        "",
        "fun main() {",
        f'    val address = URI("{asked.url}")',
        "    val connection = address.toURL().openConnection() as HttpURLConnection",
    ]
    if asked.body is not None:
        lines += [
            f'    val body = """{laid_out(asked.body).replace("$", DOLLAR)}"""',
            '    connection.requestMethod = "POST"',
            '    connection.setRequestProperty("Content-Type", "application/json")',
            "    connection.doOutput = true",
            "    connection.outputStream.use { it.write(body.toByteArray()) }",
        ]
    return "\n".join([*lines, "    println(connection.inputStream.bufferedReader().readText())", "}"])


def _swift(asked: Asked, is_json: bool) -> str:
    lines = [
        "import Foundation",
        "#if canImport(FoundationNetworking)",
        "import FoundationNetworking",
        "#endif",
        "",
        f'{"var" if asked.body else "let"} request = URLRequest(url: URL(string: "{asked.url}")!)',
    ]
    if asked.body is not None:
        lines += [
            'request.httpMethod = "POST"',
            'request.setValue("application/json", forHTTPHeaderField: "Content-Type")',
            f'request.httpBody = Data(#"""\n{laid_out(asked.body).replace("#", HASH)}\n"""#.utf8)',
        ]
    lines += [
        "let (data, _) = try await URLSession.shared.data(for: request)",
        "print(String(decoding: data, as: UTF8.self))",
    ]
    return "\n".join(lines)


WRITERS: dict[str, Callable[[Asked, bool], str]] = {
    "curl": _curl,
    "Python": _python,
    "TypeScript": _javascript,
    "Kotlin": _kotlin,
    "Swift": _swift,
}
