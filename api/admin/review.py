"""The review in the admin: accounts in; out, what would be published, and steps by whoever may take them."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from api.models import ReviewStep
from api.models.releases import KINDS
from api.publishing import RefusedError
from api.publishing.preview import Proof, preview, proved
from api.publishing.review import approve, current_review, expect_what_comes, hand_in, publish_approved, send_back

MOST_PROBLEMS = 40  # that are listed after a refusal
STEPS_SHOWN = 40


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
        review, shown, who = current_review(), preview(), request.user.get_username()
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
                (change, [(each.path, _text(each.before), _text(each.after)) for each in change.members])
                for change in shown.changes
            ],
            "proof": proof,
            "is_author": who in review.authors,
            "may": {
                name.replace("-", "_"): self._may(request, permission) for name, (permission, _) in ACTIONS.items()
            },
            "unexpected": any(not flip.is_expected for flip in shown.flips),
            "kinds": KINDS,
            "steps": ReviewStep.objects.order_by("-pk")[:STEPS_SHOWN],
        }
        return render(request, "admin/api/reviewstep/page.html", context)


def _text(value: Any) -> str:
    """A value as a line to read: objects by member, lists with commas between; what is not there as a hyphen."""
    if value is None or value == []:
        return "-"
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_text(member)}" for name, member in value.items() if member is not None)
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
