"""Refusals: problems in; out, the error that ends loading or publishing. `Progress` is told each step of these."""

from collections.abc import Callable

Progress = Callable[[str], None]


class RefusedError(Exception):
    """Raised for content that is not loaded or not published; `problems` name the rows and what is wrong with them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
