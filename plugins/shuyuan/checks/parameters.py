"""The thresholds of a check that are in force on a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from shuyuan.entry import Check
from shuyuan.problems import PlatformError


def parameters_on(check: Check, day: date) -> dict[str, str]:
    """Return each parameter's value on ``day``, by name: the newest whose first day is not after it."""
    begun = sorted((one for one in check.parameters if one.from_ <= day), key=lambda one: one.from_)
    return {one.name: one.value for one in begun}


def limit_of(check: Check, bound: str, parameters: Mapping[str, str]) -> str:
    """Return what a limit is: itself, or the value of the parameter that it names.

    Raises:
        PlatformError: P426, none of that name is in force on the day: an answer would be without its limit.
    """
    if bound in parameters:
        return parameters[bound]
    if any(one.name == bound for one in check.parameters):
        raise PlatformError("P426", parameter=bound)
    return bound
