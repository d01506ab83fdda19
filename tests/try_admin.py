"""Odd requests to every page of the admin, as somebody with all rights, with none and without an account.

None may be a failure of ours, or show anything to whoever has no right to it. The same seed makes the same request.
Ends with 1 where one is: python -m tests.try_admin --requests 3000
"""

import argparse
import logging
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from typing import Any

import django

FOLDER = tempfile.TemporaryDirectory()
CHOSEN = {"ADMIN": "on", "RATE_ANONYMOUS": "1000000000", "DATABASE_URL": f"sqlite:///{FOLDER.name}/db.sqlite3"}
os.environ.update(CHOSEN)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sclero_service.settings")
django.setup()

from django.contrib import admin  # noqa: E402 - Django is set up by now
from django.contrib.auth.models import User  # noqa: E402
from django.test import Client  # noqa: E402

from api.errors import CONTENT_SECURITY_POLICY, FORM_POLICY  # noqa: E402
from tests.admin_walk import prepare  # noqa: E402
from tests.browsing import Form, FormReader  # noqa: E402

TOKEN = "a" * 32
TEXTS = (
    *("", "\0", "a\0b", "-1", "0", "9" * 400, "1e400", "1_0", "\u0663", "NaN", "x" * 5000, "\u2028", "\U0001f489"),
    *("<script>alert(1)</script>", "' OR 1=1 --", "../../etc/passwd", "_5F", "__all__", "2026-99-99", "99999-01-01"),
    *("null", "on", "[" * 3000, '{"a":' * 3000, "%", "\\", "leg", "asclera", "\r\n", " ", "\ufeff", "-", "http://evil"),
)
NAMES = (
    *("q", "o", "p", "e", "all", "review", "status__exact", "product__slug__exact", "_popup", "_to_field", "proof"),
    *("_changelist_filters", "_facets", "slug__regex", "rule__messages__x", "form__isnull", "form__in", "value__gt"),
    *("slug", "expires_at", "seen", "term", "app_label", "model_name", "field_name", "next", "date_joined__year"),
)
ENDS = ("change/", "history/", "delete/", "", "change", "x/y/")
METHODS = ("PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "PROPFIND")
FINE = {200, 302, 400, 404, 405, 414}
ALONE = ("", "login/", "logout/", "password_change/", "jsi18n/", "autocomplete/", "r/1/1/", "api/", "auth/", "nowhere/")


def pages() -> list[str]:
    """The address of every page: the lists, and the forms and histories of new rows and of one that is there."""
    found = [f"/admin/{name}" for name in ALONE]
    for model in admin.site._registry:
        start = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        row = model._default_manager.first()
        found += [start, f"{start}add/", *([f"{start}{row.pk}/{end}" for end in ENDS[:3]] if row else [])]
    return found


def client_of(name: str) -> Client:
    """A browser in which the account of a name is logged in; with no name, nobody."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False, HTTP_HOST="localhost")
    if name:
        client.force_login(User.objects.get(username=name))
    client.cookies["csrftoken"] = TOKEN
    return client


def form_of(client: Client, path: str) -> Form:
    """The longest form of a page, as a browser would send it; an empty one where there is none."""
    reader = FormReader()
    reader.feed(client.get(path).content.decode())
    return max(reader.forms, key=len, default={})


def request_of(seed: int, paths: list[str], client: Client) -> tuple[str, str, Any]:
    """The method, the address and the form of a request."""
    chance = random.Random(seed)  # noqa: S311 - requests, not secrets
    path, kind = chance.choice(paths), chance.random()
    odd = {chance.choice(NAMES): chance.choice(TEXTS) for _ in range(chance.randint(1, 3))}
    if kind < 0.3:
        return "GET", path, odd
    if kind < 0.45:
        return "GET", f"{path}{chance.choice(TEXTS)}/{chance.choice(ENDS)}".replace("?", ""), {}
    if kind < 0.5:
        return chance.choice(METHODS), path, {}
    form: dict[str, Any] = {**form_of(client, path), "csrfmiddlewaretoken": TOKEN}
    for _ in range(chance.randint(1, 3)):
        name = chance.choice([*form, "do", "seen", "loosens", "plan", "action", "_selected_action", "post"])
        if chance.random() < 0.2:
            form.pop(name, None)
        else:
            form[name] = [chance.choice([*TEXTS, *("approve", "publish", "hand-in", "expect", "send-back", "yes")])]
    return "POST", path, form


def wrongs(answer: Any, path: str, may_see: bool) -> Iterator[str]:
    """What is wrong with an answer."""
    page = answer.content.decode() if not answer.streaming else ""
    if answer.status_code not in FINE:
        yield f"status {answer.status_code}"
    if answer.headers.get("Content-Security-Policy") not in (FORM_POLICY, CONTENT_SECURITY_POLICY):
        yield f"policy {answer.headers.get('Content-Security-Policy')}"
    if "Traceback" in page or "<script>alert" in page:
        yield "a traceback, or a script that was sent"
    if not answer.headers.get("Location", "/").startswith(("/", "?", ".")):
        yield f"a way out: {answer.headers['Location']}"
    if not may_see and answer.status_code == 200 and any(word in page for word in ("addlink", "changelist", "rulings")):
        yield f"{path} shows something"


def main() -> int:
    """Try as many as asked for, and say what became of them."""
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--start", type=int, default=0, help="the first seed")
    asked = parser.parse_args()
    prepare(**CHOSEN)
    clients = {name: client_of(name) for name in ("root", "all", "nobody", "")}
    paths, counts, bad = pages(), Counter[str](), 0
    for seed in range(asked.start, asked.start + asked.requests):
        name = [*clients][seed % len(clients)]
        who = name or "no account"
        method, path, form = request_of(seed, paths, clients["root" if name == "root" else "all"])
        if "logout" in path:
            continue
        answer = clients[name].generic(method, path) if method in METHODS else None
        answer = answer or (clients[name].get if method == "GET" else clients[name].post)(path, form)
        counts[f"{who} {answer.status_code}"] += 1
        for wrong in wrongs(answer, path, name in ("root", "all")):
            bad += 1
            print(f"seed {seed}, {who}: {method} {path[:200]} {str(form)[:600]}: {wrong}")
    print(", ".join(f"{count} times {what}" for what, count in sorted(counts.items())))
    print(f"{asked.requests} requests, {bad} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
