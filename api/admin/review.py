"""The review in the admin: accounts in; out, what would be published, and steps by whoever may take them."""

from collections.abc import Callable, Mapping
from difflib import SequenceMatcher
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from api.models import ReviewStep
from api.models.releases import KINDS
from api.publishing import RefusedError
from api.publishing.differences import RowChange
from api.publishing.preview import Proof, preview, proved
from api.publishing.review import approve, expect_what_comes, hand_in, publish_approved, review_of, send_back
from api.serializers import RESOURCES

MOST_PROBLEMS = 40  # that are listed after a refusal
STEPS_SHOWN = 40
Part = tuple[bool, str]  # of a text: whether it changed, and its words


def _expect(who: str, sent: Any) -> str:
    expect_what_comes(who, sent["seen"], sent.getlist("plan"))
    return "The plans that you ticked expect now what they come to."


def _hand_in(who: str, sent: Any) -> str:
    hand_in(who, sent["seen"], sent["note"], sent.getlist("loosens"))
    return "Handed in. Another person can approve it now."


def _approve(who: str, sent: Any) -> str:
    approve(who, sent["seen"], sent["note"], sent.getlist("loosens"))
    return "Approved. It can be published now, as long as nothing changes."


def _send_back(who: str, sent: Any) -> str:
    send_back(who, sent["seen"], sent["note"])
    return "Sent back."


def _publish(who: str, sent: Any) -> str:
    return f"Published as release {publish_approved(who, sent['seen'], sent['note'], sent['kind']).number}."


# By what a button says to do: the permission that it takes, and what is done.
ACTIONS: Mapping[str, tuple[str, Callable[[str, Any], str]]] = {
    "expect": ("api.change_planexample", _expect),
    "hand-in": ("api.hand_in", _hand_in),
    "approve": ("api.approve", _approve),
    "send-back": ("api.approve", _send_back),
    "publish": ("api.publish", _publish),
}


@admin.register(ReviewStep)
class ReviewAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # is not generic when it runs
    """One page: how the tables differ from the newest release, what that does, and who has said what of it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: a step is taken on the page."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The page, or what a button on it comes to."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._act(request) if request.method == "POST" else self._page(request)

    def _may(self, request: HttpRequest, permission: str) -> bool:
        """Whether the account has a permission."""
        return getattr(request.user, "has_perm", bool)(permission)

    def _act(self, request: HttpRequest) -> HttpResponse:
        """Take a step, and show the page again with what has come of it."""
        permission, act = ACTIONS.get(request.POST.get("do", ""), ("", None))
        if act is None or not self._may(request, permission):
            raise PermissionDenied
        sent = request.POST.copy()
        for name in ("seen", "note", "kind"):
            sent.setdefault(name, "")
        try:
            messages.success(request, act(request.user.get_username(), sent))
        except RefusedError as refused:
            for problem in refused.problems[:MOST_PROBLEMS]:
                messages.error(request, problem)
            more = len(refused.problems) - MOST_PROBLEMS
            if more > 0:
                messages.error(request, f"and {more} more")
        return HttpResponseRedirect(reverse("admin:api_reviewstep_changelist"))

    def _page(self, request: HttpRequest) -> HttpResponse:
        """The page; with `?proof=1`, also what publishing refuses."""
        shown, who = preview(), request.user.get_username()
        review = review_of(shown.release, shown.tables)
        try:
            proof = proved(shown.tables, shown.release) if request.GET.get("proof") and not shown.problems else None
        except RefusedError as refused:
            proof = Proof(refused.problems, {})
        context = {
            **self.admin_site.each_context(request),
            "title": "Review and publish",
            "opts": self.opts,
            "review": review,
            "shown": shown,
            "rows": [
                (
                    change,
                    _link(change),
                    [(each.path, *_marked(_text(each.before), _text(each.after))) for each in change.members],
                )
                for change in shown.changes
            ],
            "flips": [
                (flip, *([_place(name) for name in names] for names in (flip.gone, flip.come))) for flip in shown.flips
            ],
            "proof": proof,
            "is_author": who in review.authors,
            "may": {
                name.replace("-", "_"): self._may(request, permission) for name, (permission, _) in ACTIONS.items()
            },
            "unexpected": any(not flip.is_expected for flip in shown.flips),
            "kinds": KINDS,
            "steps": [(step, step.kind.replace("-", " ")) for step in ReviewStep.objects.order_by("-pk")[:STEPS_SHOWN]],
        }
        return render(request, "admin/api/reviewstep/page.html", context)


def _link(change: RowChange) -> str:
    """The address of the form of a row; none of one that is gone."""
    model = RESOURCES[change.resource].model._meta.model_name
    return "" if change.action == "withdrawn" else reverse(f"admin:api_{model}_change", args=[change.slug])


def _place(finding: str) -> str:
    """A finding's id as words: `session-volume:/sessions/0` is told as `session-volume, session 1`."""
    rule, _, pointer = finding.partition(":")
    words = [rule]
    for part in pointer.split("/")[1:]:
        if part.isdigit():
            words[-1] = f"{words[-1].removesuffix('s')} {int(part) + 1}"
        else:
            words.append(part.replace("_", " "))
    return ", ".join(words)


def _marked(before: str, after: str) -> tuple[list[Part], list[Part]]:
    """Two texts in parts, each with whether it is only in this one."""
    old, new = before.split(" "), after.split(" ")
    was: list[Part] = []
    will: list[Part] = []
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        was += [(kind != "equal", " ".join(old[i:j]))] if i < j else []
        will += [(kind != "equal", " ".join(new[k:m]))] if k < m else []
    return was, will


def _text(value: Any) -> str:
    """A value as a line to read: objects by member, lists with commas between; what is not there as a hyphen."""
    if value is None or value == []:
        return "-"
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_text(member)}" for name, member in value.items() if member is not None)
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
