"""The one error of this floor: a catalog entry (or what it needs) is wrong, with all its problems."""

from __future__ import annotations

from typing import Any

from shuyuan.problems import EntryError, Problem


class CatalogError(EntryError):
    """One entry cannot be used. ``problems`` are all of them; ``problem`` is the first."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        Exception.__init__(self, problems)
        self.problem = problems[0]
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join([*(str(problem) for problem in self.problems), self.state]).rstrip()

    def __reduce__(self) -> tuple[Any, ...]:
        return CatalogError, (self.problems,), {"state": self.state}
