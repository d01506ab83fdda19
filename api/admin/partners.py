"""Partners in the admin: accounts in; out, pages where they keep partners, their keys and their own limits.

A key is shown once, when new.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from api.house import canonical, keep
from api.keyring import issue, revoke
from api.models import HouseLimits, Partner, PartnerKey
from api.parsers import BodyFaults, parse
from api.rules import PlanFaults


@admin.register(Partner)
class PartnerAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # is not generic when it runs
    """Partners. One who has had keys stays."""

    list_display = ("slug", "name")

    def get_readonly_fields(self, request: HttpRequest, obj: Partner | None = None) -> tuple[str, ...]:
        """The slug of a partner who is there: it is what keys name."""
        return () if obj is None else ("slug",)


@admin.register(PartnerKey)
class PartnerKeyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Keys: issued, shown and revoked, and never changed."""

    list_display = ("id", "partner", "is_test", "scopes", "state", "created_at", "expires_at", "last_used_on")
    list_filter = ("partner", "is_test", "scopes")
    list_select_related = ("partner",)
    actions = ("revoke",)

    def get_fields(self, request: HttpRequest, obj: PartnerKey | None = None) -> tuple[str, ...]:
        """What is chosen of a new key, and what is shown of one that is there: all but its digest."""
        chosen = ("partner", "is_test", "scopes", "expires_at")
        return chosen if obj is None else ("id", *chosen, "created_at", "revoked_at", "last_used_on")

    def has_change_permission(self, request: HttpRequest, obj: PartnerKey | None = None) -> bool:
        """Nobody: a key is replaced by another."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: PartnerKey | None = None) -> bool:
        """Nobody: a key that was revoked still says whose it was."""
        return False

    @admin.display
    def state(self, key: PartnerKey) -> str:
        """`live`, `expired` or `revoked`."""
        return key.state(timezone.now())

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The form of a new key, which ends with the key."""
        alone = {"show_save_and_continue": False, "show_save_and_add_another": False}
        return super().add_view(request, form_url, {**(extra_context or {}), **alone})

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Nothing: a query would be put into the form as it came, and not every field can show every text."""
        return {}

    def save_model(self, request: HttpRequest, obj: PartnerKey, form: Any, change: bool) -> None:
        """Issue the key."""
        obj.text = issue(obj)  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: PartnerKey, post_url_continue: str | None = None) -> HttpResponse:
        """The key, on a page that is not kept. A redirect would have to keep it somewhere."""
        page = {**self.admin_site.each_context(request), "title": "A new key", "key": obj, "opts": self.opts}
        return render(request, "admin/api/partnerkey/issued.html", page)

    @admin.action(description="Revoke the selected keys", permissions=["revoke"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[PartnerKey]) -> None:
        """Revoke keys; every process refuses them within two seconds."""
        revoked = [key for key in chosen if revoke(key)]
        for key in revoked:
            self.log_change(request, key, "Revoked")
        self.message_user(request, f"{len(revoked)} revoked.", messages.SUCCESS)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever may change keys by the rights of the account."""
        return super().has_change_permission(request)


class HouseLimitsForm(forms.ModelForm):  # type: ignore[type-arg]
    """The form of another version of a partner's own limits."""

    class Meta:
        model = HouseLimits
        fields = ("partner", "limits")

    def clean_limits(self) -> str:
        """The list, or what is wrong with it, at each pointer."""
        text: str = self.cleaned_data["limits"]
        try:
            return canonical(parse(text.encode())).decode()
        except (BodyFaults, PlanFaults) as refusal:
            raise forms.ValidationError([f"{fault.pointer} {fault.detail}" for fault in refusal.faults]) from None


@admin.register(HouseLimits)
class HouseLimitsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Partners' own limits: kept and shown, and never changed; another version comes after them."""

    form = HouseLimitsForm
    list_display = ("partner", "version", "saved_at", "who", "digest")
    list_filter = ("partner",)
    list_select_related = ("partner",)

    def get_fields(self, request: HttpRequest, obj: HouseLimits | None = None) -> tuple[str, ...]:
        """What is chosen of a new version, and what is shown of one that is there."""
        return ("partner", "limits") if obj is None else ("partner", "version", "limits", "digest", "saved_at", "who")

    def has_change_permission(self, request: HttpRequest, obj: HouseLimits | None = None) -> bool:
        """Nobody: another version is kept."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: HouseLimits | None = None) -> bool:
        """Nobody: receipts name each version."""
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Nothing, as for keys."""
        return {}

    def save_model(self, request: HttpRequest, obj: HouseLimits, form: Any, change: bool) -> None:
        """Keep the list."""
        kept = keep(obj.partner, parse(obj.limits.encode()), request.user.get_username())
        obj.pk, obj.version = kept.pk, kept.version
