"""A request in; out, what the layer outside Django answers, and how often it asked Django."""

from collections.abc import Callable
from typing import Any

from api.ready import ReadyAnswers
from tests.asking import Answer, ask, django


class Asked:
    """Django, which counts how often it is asked; and the layer before it."""

    def __init__(self) -> None:
        self.times = 0
        self.meanwhile: Callable[[], object] = lambda: None
        self.layer = ReadyAnswers(self)

    def __call__(self, *asked: Any) -> Any:
        self.times += 1
        answer = django(*asked)
        self.meanwhile()
        return answer

    def ask(self, path: str = "/v1/areas", method: str = "GET", **sent: Any) -> Answer:
        """What the layer answers."""
        return ask(method, path, of=self.layer, **sent)


def left(answer: Answer) -> int:
    """What an answer says is left."""
    return int(answer.headers["RateLimit"].split(";")[1].removeprefix("r="))
