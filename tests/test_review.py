"""Nobody publishes alone: what stands in the tables is seen, handed in, approved by another person, and published."""

from typing import Any

import pytest
from django.db import models

from api.models import Area, PlanExample, Release, ReviewStep, SessionLimit
from api.models.releases import FrozenError
from api.publishing import RefusedError, publish
from api.publishing.differences import MemberChange, RowChange, changed_members, differences
from api.publishing.preview import MOVED, preview, proved
from api.publishing.review import (
    approve,
    current_review,
    expect_what_comes,
    hand_in,
    publish_approved,
    record_edit,
    send_back,
)
from api.publishing.written import digest_of_tables

pytestmark = pytest.mark.usefixtures("small_content")
LIMITS = ["session-limits/asclera-session-volume-max", "session-limits/clinic-session-volume-max"]


def rename(who: str, name: str) -> None:
    """An edit that changes a word."""
    Area.objects.filter(slug="leg").update(name=name)
    record_edit(who, "areas/leg", "Changed Name.")


def problems_of(refusal: pytest.ExceptionInfo[RefusedError]) -> list[str]:
    return refusal.value.problems


def test_a_change_is_handed_in_approved_by_another_and_published_and_each_step_is_kept() -> None:
    rename("ana", "Legs")
    seen = digest_of_tables()
    assert current_review().status == "draft"
    hand_in("ana", seen, "A clearer word", [])
    assert current_review().status == "in review"
    with pytest.raises(RefusedError) as alone:
        approve("ana", seen, "", [])
    assert problems_of(alone) == ["whoever edited or handed in a change does not approve it: another person must"]
    with pytest.raises(RefusedError, match="is not approved"):
        publish_approved("ana", seen, "A clearer word")
    approve("ben", seen, "Right", [])
    assert (current_review().status, current_review().authors) == ("approved", ["ana"])
    release = publish_approved("ana", seen, "A clearer word")
    assert release.number == 2
    assert [(step.kind, step.who, step.release) for step in ReviewStep.objects.all()] == [
        ("edited", "ana", 1),
        ("handed-in", "ana", 1),
        ("approved", "ben", 1),
        ("published", "ana", 2),
    ]
    assert current_review().status == "draft"
    assert preview().is_empty
    with pytest.raises(RefusedError, match="it is published already, as release 2"):
        publish_approved("ben", seen, "A clearer word")
    with pytest.raises(RefusedError, match="nothing changed since release 2"):
        hand_in("ana", seen, "", [])


def test_whoever_hands_in_what_another_edited_answers_for_it_and_whoever_edited_still_does() -> None:
    rename("ana", "Legs")
    seen = digest_of_tables()
    hand_in("ben", seen, "", [])
    for who in ("ana", "ben"):
        with pytest.raises(RefusedError, match="another person must"):
            approve(who, seen, "", [])
    approve("cem", seen, "", [])


def test_of_two_who_edited_neither_approves() -> None:
    for who in ("ana", "ben"):
        rename(who, f"Legs of {who}")
    seen = digest_of_tables()
    hand_in("ana", seen, "", [])
    for who in ("ana", "ben"):
        with pytest.raises(RefusedError, match="another person must"):
            approve(who, seen, "", [])
    assert current_review().authors == ["ana", "ben"]


@pytest.mark.parametrize("by_shell", [True, False])
def test_an_edit_voids_an_approval_and_so_does_an_edit_that_is_taken_back(by_shell: bool) -> None:
    rename("ana", "Legs")
    seen = digest_of_tables()
    hand_in("ana", seen, "", [])
    approve("ben", seen, "", [])
    if by_shell:
        Area.objects.filter(slug="leg").update(name="Both legs")
        with pytest.raises(RefusedError) as moved:
            publish_approved("ben", seen, "A word")
        assert problems_of(moved) == [MOVED]
    else:
        rename("ben", "Both legs")
        rename("ben", "Legs")
        assert digest_of_tables() == seen
    assert current_review().status == "draft"
    assert str(current_review().voided) == "approved by ben"
    with pytest.raises(RefusedError, match="is not approved"):
        publish_approved("ben", digest_of_tables(), "A word")
    assert Release.objects.count() == 1


def test_a_release_made_by_the_command_ends_a_review() -> None:
    rename("ana", "Legs")
    seen = digest_of_tables()
    hand_in("ana", seen, "", [])
    approve("ben", seen, "", [])
    publish("By whoever has the shell")
    with pytest.raises(RefusedError, match="is not approved"):
        publish_approved("ben", seen, "A word")
    assert (current_review().release, current_review().steps) == (2, [])


def test_what_was_handed_in_is_sent_back_with_a_word() -> None:
    rename("ana", "Legs")
    seen = digest_of_tables()
    with pytest.raises(RefusedError, match="not handed in"):
        send_back("ben", seen, "No")
    with pytest.raises(RefusedError, match="not handed in"):
        approve("ben", seen, "", [])
    hand_in("ana", seen, "", [])
    with pytest.raises(RefusedError, match="say what is to change"):
        send_back("ben", seen, " ")
    assert current_review().voided is None
    send_back("ben", seen, "Say both legs")
    assert (current_review().status, current_review().voided) == ("draft", None)
    hand_in("ana", seen, "It is the word of the label", [])
    assert current_review().status == "in review"


def test_what_is_not_what_was_seen_is_refused() -> None:
    rename("ana", "Legs")
    with pytest.raises(RefusedError) as moved:
        hand_in("ana", "0" * 64, "", [])
    assert problems_of(moved) == [MOVED]
    with pytest.raises(RefusedError, match="changed since"):
        proved("0" * 64, 1)


def test_what_loosens_is_named_by_whoever_hands_in_and_by_whoever_approves_and_plans_that_flip_are_meant() -> None:
    SessionLimit.objects.filter(pk__in=(name.partition("/")[2] for name in LIMITS)).update(value="12")
    record_edit("ana", LIMITS[0], "Changed Value.")
    shown = preview()
    assert [(change.resource, change.slug, change.action) for change in shown.changes] == [
        ("session-limits", "asclera-session-volume-max", "updated"),
        ("session-limits", "clinic-session-volume-max", "updated"),
    ]
    assert shown.changes[0].members == [MemberChange("value", "10", "12")]
    [flip] = [flip for flip in shown.flips if flip.slug == "asclera-volume-over"]
    assert flip.before == "outside_limits"
    assert not flip.is_expected
    with pytest.raises(RefusedError) as refusal:
        hand_in("ana", shown.tables, "", LIMITS)
    assert any("plan-examples/asclera-volume-over: expected" in problem for problem in problems_of(refusal))
    expect_what_comes("ana", shown.tables, [flip.slug])
    seen = digest_of_tables()
    assert all(flip.is_expected for flip in preview().flips)
    with pytest.raises(RefusedError, match=LIMITS[0]):
        hand_in("ana", seen, "", [])
    hand_in("ana", seen, "", LIMITS)
    assert current_review().loosens == LIMITS
    with pytest.raises(RefusedError, match="was not ticked"):
        approve("ben", seen, "", [])
    approve("ben", seen, "", LIMITS)
    assert publish_approved("ben", seen, "Twelve").number == 2


def test_a_row_that_cannot_be_rendered_is_told_instead_of_what_changes() -> None:
    PlanExample.objects.filter(slug="asclera-within").update(plan='{"sessions": 1}')
    shown = preview()
    assert shown.problems
    assert not shown.changes
    assert not shown.is_empty
    Area.objects.filter(slug="leg").update(vein_types=["spider"])
    assert proved(digest_of_tables(), 1).refused == ["areas/leg: vein_types names what is not there: spider"]


def test_before_anything_is_published_all_of_it_is_new() -> None:
    models.QuerySet(Release).delete()  # the table's own refuses
    shown = preview()
    assert shown.release == 0
    assert {change.action for change in shown.changes} == {"created"}
    assert {flip.before for flip in shown.flips} == {"new"}
    assert proved(shown.tables, 0).loosens == {}
    record_edit("ana", "areas/leg", "Added.")
    assert current_review().authors == ["ana"]


def test_a_step_is_neither_changed_nor_deleted() -> None:
    record_edit("ana", "areas/leg", "Changed Name.")
    step = ReviewStep.objects.get()
    assert str(step) == "edited by ana"
    for act in (step.save, step.delete, ReviewStep.objects.all().delete, lambda: ReviewStep.objects.update(who="ben")):
        with pytest.raises(FrozenError):
            act()


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"b": 2}, [("a", 1, None), ("b", None, 2)]),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, [("a b", 1, 2)]),
        ({"a": [1, 2]}, {"a": [2, 3]}, [("a", 1, None), ("a", None, 3)]),
        ({"a": [1, 2]}, {"a": [2, 1]}, [("a", [1, 2], [2, 1])]),
        ({"a": [{"slug": "x", "v": 1}]}, {"a": [{"slug": "x", "v": 2}]}, [("a x v", 1, 2)]),
        ({"a": [{"slug": "x"}]}, {"a": []}, [("a x", {"slug": "x"}, None)]),
    ],
)
def test_what_changed_is_told_member_by_member(before: Any, after: Any, changed: list[Any]) -> None:
    assert [(each.path, each.before, each.after) for each in changed_members(before, after)] == changed


def test_rows_that_come_or_go_are_told_whole() -> None:
    old, new = {"areas": [{"slug": "leg"}]}, {"areas": [{"slug": "arm"}], "faqs": [{"slug": "cost"}]}
    assert differences(old, new) == [
        RowChange("areas", "arm", "created", []),
        RowChange("areas", "leg", "withdrawn", []),
        RowChange("faqs", "cost", "created", []),
    ]


def test_a_row_that_another_schema_only_writes_otherwise_is_no_change_to_review() -> None:
    before, after = ({"areas": [{"slug": "leg", "note": note}]} for note in ("", None))
    assert differences(before, after) == []
    assert [each.slug for each in differences(before, {"areas": [{"slug": "leg", "note": "Both."}]})] == ["leg"]
