"""A plan in; out, the request that checks it, to be copied: for a shell, in Python and in TypeScript."""

import json
from collections.abc import Mapping
from typing import Any

PATH = "/v1/session-plans/validate"

CURL = """curl -s {url} \\
  -H 'Content-Type: application/json' \\
  -d '{plan}'"""

PYTHON = '''import json
import urllib.request

plan = r"""{plan}"""
request = urllib.request.Request("{url}", plan.encode(), {{"Content-Type": "application/json"}})
with urllib.request.urlopen(request) as response:
    answer = json.load(response)
print(answer["verdict"])'''

TYPESCRIPT = """const plan = {plan};
const response = await fetch("{url}", {{
  method: "POST",
  headers: {{ "Content-Type": "application/json" }},
  body: JSON.stringify(plan),
}});
const answer = await response.json();
console.log(answer.verdict);"""

LANGUAGES = {"curl": CURL, "Python": PYTHON, "TypeScript": TYPESCRIPT}


def copies(plan: Mapping[str, Any], base: str) -> list[dict[str, str]]:
    """The request in each language. An apostrophe, which would end a text of the shell, is sent as its escape."""
    text = json.dumps(plan, indent=2).replace("'", "\\u0027")
    return [
        {"language": language, "code": template.format(url=f"{base}{PATH}", plan=text)}
        for language, template in LANGUAGES.items()
    ]
