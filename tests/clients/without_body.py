"""A plan check without a plan must not pass the type check."""

from contract_client import Client
from contract_client.api.plans import compare_session_plans, validate_session_plan, validate_session_plan_batch

client = Client(base_url="")
validate_session_plan.sync(client=client)
validate_session_plan_batch.sync(client=client)
compare_session_plans.sync(client=client)
