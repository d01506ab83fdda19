"""What the values of closed lists mean, and what they ask of a client, where the contract only lists them."""

WORDS = {
    "Verdict": {
        "outside_limits": (
            "A published limit is broken: there is a finding of severity `error`. Show it before the plan is saved, "
            "and let the provider change the plan or decide."
        ),
        "needs_review": "No `error`, but a `warning`: something that a provider has to look at.",
        "incomplete": (
            "Nothing broken was found, but an essential rule could not look, or no limit covers a question. Ask for "
            "what `not_evaluated` names. Never show this as passed."
        ),
        "within_limits": (
            "Inside every published limit that was asked for, and nothing essential was left out. That is all it "
            "says: no approval, no statement of eligibility."
        ),
    },
    "Severity": {
        "error": (
            "The plan breaks what a label, a guideline, the clinic or a policy sets as a limit. Show it first; who "
            "says so is in `limit` and `citations`."
        ),
        "warning": (
            "Something to weigh: a caution, advice, or a limit that no source confirms. Have the provider look at it."
        ),
        "info": "Good to know. Show it beside the plan; nothing has to be done.",
    },
    "RuleSet": {
        "clinic": (
            "The article's own limits for a clinic: a session's volume and vials, and that the provider confirmed "
            "eligibility. Leave it out where a clinic keeps to the label alone."
        ),
        "label": "The label of the product in the plan's `jurisdiction`.",
        "guideline": "Guidelines of professional societies, for the same jurisdiction or for any.",
        "policy": "This service's own reading where no label or guideline says a number, told as that.",
    },
    "Reason": {
        "missing_input": "Members of the plan are missing; `missing` points at them.",
        "provider_decision": "The provider has not stated it.",
        "limit_unconfirmed": "No source gives the number.",
        "not_covered": "No limit that was asked for is about this.",
    },
    "Confirmation": {
        "confirmed": "Sources confirm the value.",
        "disputed": "Sources disagree; the citations say who.",
        "unconfirmed": "No source gives the value. There is no number, and none is made up.",
    },
    "Stance": {
        "supports": "The source says so.",
        "contradicts": "The source says otherwise.",
        "qualifies": "The source says so under conditions.",
    },
    "ChangeKind": {
        "editorial": "Words alone.",
        "clinical": "What is held against plans, or shown as a fact.",
        "safety": "A caution that clinics should see soon.",
    },
}
