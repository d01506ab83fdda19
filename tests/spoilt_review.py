"""The review as nobody may leave it: ways by which somebody would publish alone, and the tests that must notice."""

from tests.spoilt_code import Mutant

REVIEW, FROZEN, FORMS, PAGE = (
    *("api/publishing/review.py", "api/models/releases.py"),
    *("api/admin/forms.py", "api/admin/review.py"),
)
REVIEWED, EDITED = ("tests/test_review.py",), "tests/test_admin_content.py"

MUTANTS_OF_REVIEW = (
    Mutant("whoever changed it approves it", REVIEW, "if who in review.authors:", "if False:", REVIEWED),
    Mutant(
        "whoever hands in does not answer for it",
        REVIEW,
        'if step.kind in ("edited", "handed-in")})',
        'if step.kind == "edited"})',
        REVIEWED,
    ),
    Mutant(
        "whoever edits does not answer for it",
        REVIEW,
        'if step.kind in ("edited", "handed-in")})',
        'if step.kind == "handed-in"})',
        REVIEWED,
    ),
    Mutant(
        "an approval outlasts an edit",
        REVIEW,
        "if not self.steps or self.steps[-1].tables != self.tables:",
        "if not self.steps:",
        REVIEWED,
    ),
    Mutant(
        "an approval outlasts a release",
        REVIEW,
        "ReviewStep.objects.filter(release=release)",
        "ReviewStep.objects.all()",
        REVIEWED,
    ),
    Mutant("what nobody approved is published", REVIEW, 'if review.status != "approved":', "if False:", REVIEWED),
    Mutant("what nobody handed in is approved", REVIEW, 'if review.status != "in review":', "if False:", REVIEWED),
    Mutant(
        "what is published is not what was seen",
        REVIEW,
        "    if review.tables != seen:\n",
        "    if False:\n",
        REVIEWED,
    ),
    Mutant(
        "what tells less is not ticked by whoever approves",
        REVIEW,
        "        if not_named:\n",
        "        if False:\n",
        REVIEWED,
    ),
    Mutant(
        "what tells less is not ticked by whoever hands in",
        REVIEW,
        "if proof.refused or not_named:",
        "if proof.refused:",
        REVIEWED,
    ),
    Mutant("what would be refused is handed in", REVIEW, "if proof.refused or not_named:", "if not_named:", REVIEWED),
    Mutant("a step is changed", FROZEN, "if not self._state.adding:", "if False:", REVIEWED),
    Mutant(
        "the second at a row overwrites it",
        FORMS,
        'if cleaned.get("seen", "") != self.now:',
        "if False:",
        (f"{EDITED}::test_of_two_at_one_row_the_second_is_told",),
    ),
    Mutant(
        "a button asks nobody for a permission",
        PAGE,
        "if act is None or not self._may(request, permission):",
        "if act is None:",
        (f"{EDITED}::test_a_role_does_what_it_may_and_nothing_else",),
    ),
)
