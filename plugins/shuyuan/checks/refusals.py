"""Requests that are not taken: every fault of a file at once, and one wording for whatever one is not to learn.

Who may not ask, whose check does not exist or has ended, and who asks for another department's request hear the same
sentence, so that nobody finds out by trying what is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shuyuan.problems import DeliveryError, PlatformError, Problem

MOST_TOLD = 500
"""Faults that are told one by one; the last line says how many there are beside."""


class RequestError(DeliveryError):
    """A request with faults; ``problems`` has all of them. Nothing was stored. No fact is a value of the request."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        told = tuple(problems[:MOST_TOLD])
        if len(problems) > MOST_TOLD:
            told += (Problem("D719", {"count": len(problems) - MOST_TOLD}, problems[MOST_TOLD].location),)
        Exception.__init__(self, told)
        self.problem = told[0]
        self.problems = told

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.problems,)


class Denied(PlatformError):
    """P430: not to be answered, whichever the reason; the audit has it."""

    def __init__(self) -> None:
        super().__init__("P430")

    def __reduce__(self) -> tuple[Any, ...]:
        return Denied, ()


def _rebuild(problems: tuple[Problem, ...]) -> RequestError:
    error = RequestError(problems[:1])
    error.problems = problems
    return error
