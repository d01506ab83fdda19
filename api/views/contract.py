"""What the views of the contract have in common."""

from collections.abc import Sequence

from rest_framework.views import APIView


class ContractView(APIView):
    """A view with one `operation`, which the OpenAPI document shows. Methods that are not listed are a 405."""

    http_method_names: Sequence[str] = ("get", "head")
