"""核查 in the demonstration: the planted cases handed in, and what was answered beside what was planted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shuyuan.catalog.checks import read_checks
from shuyuan.checks.answer import CaseAnswer
from shuyuan.checks.fetching import fetch_answer
from shuyuan.checks.registering import register
from shuyuan.demonstration.cases import Planted
from shuyuan.entry import Check
from shuyuan.project import Project
from shuyuan.workdays import local_day

WHO = "demo"
"""The officer of the demonstration."""


@dataclass(frozen=True)
class CheckedCase:
    """One case: planted and answered. Words are the check's own; ``found`` is ``None`` where there is no answer.

    ``wrong`` are the rules that were met or undecided and should not have been, or the other way round.
    """

    check: str
    kind: str
    planted: str
    found: str | None
    wrong: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        """The conclusion, and every rule that decides, as planted."""
        return self.found == self.planted and not self.wrong


def hand_in(project: Project, planted: Sequence[Planted], now: datetime) -> dict[str, str]:
    """Register one request a check and return its number by check. ``now`` is aware."""
    checks, requests = read_checks(project), {}
    for check_id in dict.fromkeys(one.check for one in planted):
        check, rows = checks[check_id], []
        for number, case in enumerate((one for one in planted if one.check == check_id), 1):
            signed = {"authorization": f"DBSQ{now:%Y}-{number:06d}", "signed_on": str(local_day(now))}
            rows += [{**row, **(signed if check.authorization else {})} for row in case.rows]
        made = register(project, check_id, rows, check.may_run.departments[0], WHO, check.title, now)
        requests[check_id] = made.request_id
    return requests


def read_checked(
    project: Project, planted: Sequence[Planted], requests: Mapping[str, str], now: datetime
) -> tuple[CheckedCase, ...]:
    """Fetch the answers and hold each case against what was planted. ``now`` is aware."""
    checks, answers = read_checks(project), {}
    for check_id, request_id in requests.items():
        found = fetch_answer(project, request_id, checks[check_id].may_run.departments[0], WHO, now)
        answers[check_id] = {case.number: case for case in found.cases}
    return tuple(hold_case(checks[one.check], one, answers[one.check].get(one.number)) for one in planted)


def hold_case(check: Check, planted: Planted, found: CaseAnswer | None) -> CheckedCase:
    """Hold one answered case (``None``: it has no answer) against the planted one."""
    words = {"pass": check.outcomes.passed, "fail": check.outcomes.failed, "review": check.outcomes.review}
    if found is None:
        return CheckedCase(check.title, planted.kind, words[planted.conclusion], None)
    decides = {rule.id for rule in check.rules if rule.then != "note"}
    wrong = set()
    for state, wanted in (("met", planted.met), ("unavailable", planted.undecided)):
        wrong |= {line.rule for line in found.lines if line.state == state and line.rule in decides} ^ wanted
    return CheckedCase(
        check.title, planted.kind, words[planted.conclusion], words[found.conclusion], tuple(sorted(wrong))
    )
