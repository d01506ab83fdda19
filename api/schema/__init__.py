"""The OpenAPI document: the operations of the views in; out, the contract that clients are generated from."""

from api.schema.document import only_the_contract, tell_the_truth, with_plans
from api.schema.examples import EXAMPLES, examples
from api.schema.operations import ContractSchema, Operation, list_of, one
from api.schema.shared import HEADERS

__all__ = [
    "EXAMPLES",
    "HEADERS",
    "ContractSchema",
    "Operation",
    "examples",
    "list_of",
    "one",
    "only_the_contract",
    "tell_the_truth",
    "with_plans",
]
