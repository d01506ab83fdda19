"""Content in the admin: who may do what, two at one row, rows of forms without JSON, and a journal of it all."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest
from django.conf import settings

from api.errors import FORM_POLICY
from api.publishing.preview import MOVED
from tests.accounts import PASSWORD
from tests.browsing import Browser, Form, Page
from tests.commands import PROJECT, environment, python
from tests.servers import Up, up

REVIEW = "/admin/api/reviewstep/"
LEG, LIMIT = "/admin/api/area/leg/change/", "/admin/api/sessionlimit/asclera-session-volume-max/change/"
# By account, what it may do to content and to the review.
MAY = {
    "editor": {"see", "edit", "add", "delete", "expect", "hand-in"},
    "reviewer": {"see", "approve", "send-back"},
    "publisher": {"see", "publish"},
    "all": {"see", "edit", "add", "delete", "expect", "hand-in", "approve", "send-back", "publish"},
    "root": {"see", "edit", "add", "delete", "expect", "hand-in", "approve", "send-back", "publish"},
    "nobody": set(),
}
ACTIONS = sorted(MAY["all"])
# A row of each table of content.
ROWS = (
    "area/leg",
    "claim/s1",
    "contraindication/pregnancy",
    "faq/cost",
    "ingredient/polidocanol",
    "planexample/asclera-within",
    "product/asclera",
    "resultduration/telangiectasia-onset",
    "rule/session-volume",
    "sessionlimit/asclera-session-volume-max",
    "source/article",
    "veintype/telangiectasia",
)
APART = ("api/partner/", "api/partner/add/", "api/partnerkey/", "api/partnerkey/add/", "auth/user/", "auth/group/")
HOLD = """
from api.publishing.load import writing_alone
with writing_alone():
    print("held", flush=True)
    input()
"""


@pytest.fixture(scope="module")
def server(own_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A server with the admin, a small content and an account for each role."""
    folder = tmp_path_factory.mktemp("desk")
    chosen: dict[str, Any] = {"ADMIN": "on", "DATABASE_URL": own_database}
    for module in ("tests.small_database", "tests.accounts"):
        run = python("-m", module, **chosen)
        assert run.returncode == 0, run.stderr
    with up(folder / "log", "--workers", "1", **chosen) as started:
        yield started.until("Serving on")


@pytest.fixture(scope="module")
def person(server: Up) -> Callable[[str], Browser]:
    """The browser of an account, logged in once."""
    known: dict[str, Browser] = {}

    def of(name: str) -> Browser:
        return known.setdefault(name, known.get(name) or Browser(server).log_in(name, PASSWORD))

    return of


def step(browser: Browser, action: str, **sent: str) -> Page:
    """What a button on the page of the review comes to."""
    token = browser.form("/admin/password_change/")["csrfmiddlewaretoken"][0]
    return browser.ask(REVIEW, {"csrfmiddlewaretoken": token, "do": action, **sent})


def attempt(browser: Browser, action: str) -> Page:
    """What an account gets that tries an action."""
    token = browser.form("/admin/password_change/")["csrfmiddlewaretoken"][0]
    if action == "see":
        return browser.ask(LEG)
    if action in ("edit", "add", "delete"):
        path = {"edit": LEG, "add": "/admin/api/area/add/", "delete": "/admin/api/area/leg/delete/"}[action]
        return browser.ask(path, {"csrfmiddlewaretoken": token})
    return step(browser, action, seen="0" * 64)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("role", MAY)
def test_a_role_does_what_it_may_and_nothing_else(role: str, action: str, person: Callable[[str], Browser]) -> None:
    page = attempt(person(role), action)
    if action not in MAY[role]:
        assert (page.status, page.headers["Content-Type"]) == (404, "application/problem+json")
        return
    assert page.status == 200
    words = {"see": "leg", "edit": "Please correct", "add": "Please correct", "delete": "Cannot delete"}
    assert words.get(action, MOVED[1:]) in page.text  # messages begin in capitals


@pytest.mark.parametrize("role", MAY)
def test_a_role_sees_the_review_and_no_button_that_is_not_for_it(role: str, person: Callable[[str], Browser]) -> None:
    page = person(role).ask(REVIEW)
    assert page.status == (404 if role == "nobody" else 200)
    assert page.headers["Content-Security-Policy"] == FORM_POLICY or role == "nobody"
    assert 'value="publish"' not in page.text
    assert step(person("editor"), "banana").status == 404


@pytest.mark.parametrize("role", MAY)
def test_a_role_has_the_pages_of_every_table_or_none(role: str, person: Callable[[str], Browser]) -> None:
    browser, may = person(role), MAY[role]
    token = browser.form("/admin/password_change/")["csrfmiddlewaretoken"][0]
    for path in ROWS:
        table = f"/admin/api/{path.partition('/')[0]}/"
        pages = {
            table: "see",
            f"/admin/api/{path}/change/": "see",
            f"/admin/api/{path}/history/": "see",
            f"{table}add/": "add",
            f"/admin/api/{path}/delete/": "delete",
        }
        for page, action in pages.items():
            assert (page, browser.ask(page).status) == (page, 200 if action in may else 404)
        for page, action in {f"/admin/api/{path}/change/": "edit", f"{table}add/": "add"}.items():
            sent = browser.ask(page, {"csrfmiddlewaretoken": token})
            assert (page, sent.status) == (page, 200 if action in may else 404)
            assert ("Please correct" in sent.text) is (action in may)
    assert {browser.ask(f"/admin/{path}").status for path in APART} == {200 if role == "root" else 404}
    index = browser.ask("/admin/").text
    assert ("Session limits" in index) is ("see" in may)
    assert ("Partner keys" in index) is (role == "root")


def test_who_has_no_account_for_the_admin_sees_nothing(server: Up) -> None:
    stranger = Browser(server)
    outsider = {"username": "outsider", "password": PASSWORD, "next": "/admin/"}
    assert "Please enter the correct" in stranger.send("/admin/login/?next=/admin/", outsider).text
    for page in (REVIEW, LEG, *(f"/admin/{path}" for path in APART)):
        assert 'name="password"' in stranger.ask(page).text


def journal(browser: Browser) -> str:
    """The steps that the page of the review shows."""
    return browser.ask(REVIEW).text.partition("<h2>Steps</h2>")[2]


@pytest.mark.parametrize("path", ROWS)
def test_a_form_that_is_saved_as_it_was_loaded_changes_nothing(path: str, person: Callable[[str], Browser]) -> None:
    editor = person("editor")
    before = journal(editor)
    page = editor.ask(f"/admin/api/{path}/change/", editor.form(f"/admin/api/{path}/change/"))
    assert "was changed successfully" in page.text, page.text
    assert journal(editor) == before
    assert "nothing changed" in editor.ask(REVIEW).text


def changed(browser: Browser, path: str, form: Form | None = None, **changes: Any) -> Page:
    """What a form comes to, with some fields filled in otherwise."""
    return browser.ask(path, {**(form or browser.form(path)), **{name: [value] for name, value in changes.items()}})


def test_of_two_at_one_row_the_second_is_told(person: Callable[[str], Browser]) -> None:
    editor, other = person("editor"), person("all")
    form, before = other.form(LEG), journal(editor).count("areas/leg Changed Caution.")
    assert "was changed successfully" in changed(editor, LEG, caution="Mind it.").text
    assert "Somebody changed this row after you loaded it" in changed(other, LEG, form, caution="Mind that.").text
    assert "was changed successfully" in changed(editor, LEG, caution=form["caution"][0]).text
    assert journal(editor).count("areas/leg Changed Caution.") == before + 2


def test_who_saves_while_somebody_publishes_is_told_and_loses_nothing(
    own_database: str, person: Callable[[str], Browser]
) -> None:
    editor = person("editor")
    form = editor.form(LEG)
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", HOLD]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, cwd=PROJECT, env=environment(DATABASE_URL=own_database), stdin=PIPE, stdout=PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        page = changed(editor, LEG, form, caution="Mind it.")
        assert (page.status, json.loads(page.text)["code"]) == (503, "content_unavailable")
        assert "Somebody is publishing" in page.text
        holder.communicate("\n")
    assert "was changed successfully" in changed(editor, LEG, form, caution="Mind it.").text
    assert "was changed successfully" in changed(editor, LEG, caution=form["caution"][0]).text


def test_lines_of_a_text_end_as_those_of_fixtures_do(
    own_database: str, tmp_path: Path, person: Callable[[str], Browser]
) -> None:
    editor, path = person("editor"), "/admin/api/faq/cost/change/"
    form = editor.form(path)
    assert "was changed successfully" in changed(editor, path, answer="One.\r\n\r\nTwo.").text
    shutil.copytree(settings.FIXTURES, tmp_path, dirs_exist_ok=True)
    assert python("manage.py", "dump_content", str(tmp_path), DATABASE_URL=own_database).returncode == 0
    assert r'answer: "One.\n\nTwo."' in (tmp_path / "faqs.yaml").read_text("utf-8")
    assert "was changed successfully" in changed(editor, path, answer=form["answer"][0]).text


def test_a_list_says_what_a_limit_asks_for_and_who_edited_it(person: Callable[[str], Browser]) -> None:
    editor, listed = person("editor"), "/admin/api/sessionlimit/"
    everything = editor.ask(f"{listed}?all=1").text
    for words in (
        "at most 10 mL",
        "at most 5 vials",
        "at least 7 d",
        "is yes",
        "none of ",
        "one of ",
        "not known",
        "label US",
    ):
        assert f'field-bound">{words}' in everything or f'field-whose">{words}' in everything, words
    caution = editor.form(LEG)["caution"][0]
    for text in ("Mind it.", caution):
        assert "was changed successfully" in changed(editor, LEG, caution=text).text
    assert 'field-edited">editor' in editor.ask("/admin/api/area/?q=leg").text
    assert 'field-edited">-' in editor.ask("/admin/api/area/?q=calf").text
    assert '<strong class="overdue">' not in everything


def test_citations_are_lines_of_a_form(person: Callable[[str], Browser]) -> None:
    editor = person("editor")
    form = editor.form(LIMIT)
    added = {"source": "article", "locator": "second bullet", "stance": "qualifies"}
    filled: dict[str, Any] = {f"citations-2-{name}": value for name, value in added.items()}
    assert "was changed successfully" in changed(editor, LIMIT, form, **filled).text
    assert editor.form(LIMIT)["citations-2-locator"] == ["second bullet"]
    shown = editor.ask(REVIEW).text
    assert "source: article; locator: second bullet; stance: qualifies" in shown
    assert "was changed successfully" in changed(editor, LIMIT, None, **{"citations-2-gone": "on"}).text
    assert editor.form(LIMIT)["citations-2-locator"] == [""]
    half = changed(editor, LIMIT, None, **{"citations-2-source": "article"}).text
    assert "Line 3, locator: This field is required." in half
    assert "Line 3, stance: This field is required." in half
    assert "has a dangling citation: nobody" in changed(editor, LIMIT, None, **{"citations-0-source": "nobody"}).text


@pytest.mark.parametrize(
    ("path", "field", "value", "words"),
    [
        ("product/asclera", "strengths-0-concentration_percent", "0,5", "Write a plain decimal"),
        ("product/asclera", "strengths-0-containers-0-volume_ml", "", "Line 1, volume ml: This field is required."),
        ("faq/cost", "figures-0-key", "price", "Line 1, unit: This field is required."),
        ("rule/session-volume", "messages-1-comparator", "<=", "This field is required."),
        ("planexample/asclera-within", "plan", "{", "This is not JSON"),
        ("sessionlimit/asclera-session-volume-max", "rule", "", "This field is required."),
        ("sessionlimit/asclera-session-volume-max", "unit", "mg", "has the unit"),
        ("area/leg", "review_due", "2020-01-01", "is violated"),
        ("area/leg", "synonyms", "a\na", "names an entry twice"),
    ],
)
def test_what_may_not_be_is_refused_at_its_field(
    path: str, field: str, value: str, words: str, person: Callable[[str], Browser]
) -> None:
    page = changed(person("editor"), f"/admin/api/{path}/change/", None, **{field: value})
    assert page.status == 200
    assert "Please correct the error" in page.text
    assert words in page.text


def test_a_ruling_is_added_and_removed_on_the_page_of_its_condition(person: Callable[[str], Browser]) -> None:
    editor, path = person("editor"), "/admin/api/contraindication/obesity/change/"
    form = editor.form(path)
    new = int(form["rulings-TOTAL_FORMS"][0]) - 1
    chosen = {"product": "varithena", "rule_set": "policy", "severity": "info", "summary": "An example."}
    cited = {"source": "article", "locator": "an example", "stance": "supports"}
    filled: dict[str, Any] = {f"rulings-{new}-{name}": value for name, value in chosen.items()}
    filled |= {f"rulings-{new}-citations-0-{name}": value for name, value in cited.items()}
    assert "was changed successfully" in changed(editor, path, None, **filled).text
    assert "obesity-varithena-policy" in editor.ask(REVIEW).text
    form = editor.form(path)
    [there] = [name for name in form if name.endswith("-product") and form[name] == ["varithena"]]
    page = changed(editor, path, None, **{there.replace("-product", "-DELETE"): "on"})
    assert "was changed successfully" in page.text
    assert "nothing changed" in editor.ask(REVIEW).text


def test_a_row_is_added_and_deleted_and_one_that_others_name_stays(person: Callable[[str], Browser]) -> None:
    editor, add = person("editor"), "/admin/api/source/add/"
    chosen = {"slug": "a-work", "title": "A work", "kind": "secondary", "extent": "full"}
    dates = {"reviewed_on": "2026-11-26", "review_due": "2027-05-26"}
    assert "was added successfully" in changed(editor, add, None, **chosen, **dates).text
    assert "sources/a-work" in editor.ask(REVIEW).text
    assert "was deleted successfully" in editor.send("/admin/api/source/a-work/delete/", {"post": "yes"}).text
    assert "sources/a-work Deleted." in journal(editor)
    assert "Cannot delete" in editor.ask("/admin/api/area/leg/delete/").text
    assert "nothing changed" in editor.ask(REVIEW).text


@pytest.mark.parametrize("query", ["?q=section", "?status__exact=disputed", "?review=overdue", "?review=soon"])
def test_lists_are_searched_and_filtered(query: str, person: Callable[[str], Browser]) -> None:
    page = person("reviewer").ask(f"/admin/api/sessionlimit/{query}")
    assert page.status == 200
    assert "session limit" in page.text


def test_a_change_goes_from_draft_to_release_by_three_people(person: Callable[[str], Browser]) -> None:
    editor, reviewer, publisher = (person(role) for role in ("editor", "reviewer", "publisher"))
    assert "was changed successfully" in changed(editor, LEG, caution="Mind it.").text
    seen = editor.form(REVIEW + "?proof=1")["seen"][0]
    assert "is not handed in" in step(reviewer, "approve", seen=seen).text
    assert "Handed in." in step(editor, "hand-in", seen=seen, note="A caution").text
    assert "Say what is to change" in step(reviewer, "send-back", seen=seen).text
    assert "is not approved" in step(publisher, "publish", seen=seen, note="A caution").text
    assert "Approved." in step(reviewer, "approve", seen=seen).text
    assert "A release needs a note" in step(publisher, "publish", seen=seen).text
    assert "A release is of the kind" in step(publisher, "publish", seen=seen, note="A caution").text
    assert "Published as release 2" in step(publisher, "publish", seen=seen, note="A caution", kind="clinical").text
    assert json.loads(editor.ask("/v1/releases/2").text)["kind"] == "clinical"
    told = json.loads(editor.ask("/v1/areas/leg?release=2").text)
    assert told["caution"] == "Mind it."
    assert "nothing changed" in editor.ask(REVIEW).text


def approved(author: Browser, reviewer: Browser, caution: str) -> str:
    """The digest of tables in which an author has changed a caution, and which a reviewer has approved."""
    assert "was changed successfully" in changed(author, LEG, caution=caution).text
    seen = author.form(REVIEW + "?proof=1")["seen"][0]
    assert "Handed in." in step(author, "hand-in", seen=seen).text
    assert "Approved." in step(reviewer, "approve", seen=seen).text
    return seen


def test_whoever_may_do_everything_does_not_approve_a_change_of_their_own(person: Callable[[str], Browser]) -> None:
    root, reviewer = person("root"), person("reviewer")
    assert "was changed successfully" in changed(root, LEG, caution="Mind that.").text
    seen = root.form(REVIEW + "?proof=1")["seen"][0]
    assert "Handed in." in step(root, "hand-in", seen=seen).text
    assert "another person must" in step(root, "approve", seen=seen).text
    assert "is not approved" in step(root, "publish", seen=seen, note="Alone", kind="clinical").text
    assert "Approved." in step(reviewer, "approve", seen=seen).text
    assert "was changed successfully" in changed(root, LEG, caution="Mind both.").text
    shown = root.ask(REVIEW).text
    assert "What reviewer approved was edited since" in shown
    assert MOVED[1:] in step(root, "publish", seen=seen, note="Alone", kind="clinical").text
    now = root.form(REVIEW + "?proof=1")["seen"][0]
    assert "is not approved" in step(root, "publish", seen=now, note="Alone", kind="clinical").text


def test_of_two_who_press_publish_at_once_one_does_and_the_other_is_told(person: Callable[[str], Browser]) -> None:
    reviewer, publishers = person("reviewer"), [person("publisher"), person("all")]
    seen = approved(person("editor"), reviewer, "Mind all.")
    newest = re.search(r"against release (\d+)", reviewer.ask(REVIEW).text)
    assert newest is not None
    with ThreadPoolExecutor(2) as pool:
        press = [pool.submit(step, each, "publish", seen=seen, note="Both", kind="editorial") for each in publishers]
        texts = [page.result().text for page in press]
    assert sum(f"Published as release {int(newest[1]) + 1}." in text for text in texts) == 1
    told = ("It is published already", "Somebody else is loading or publishing")
    assert sum(any(words in text for words in told) for text in texts) == 1
