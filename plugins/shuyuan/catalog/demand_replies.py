"""How far a demand (需求) has come and until when it must be answered: working days, and a clock that can stand still.

The day of a demand does not count, nor do the days from 要求补正 to 已补正 (the day of 已补正 included, like the day of
the demand itself). The answer is 同意 or 不同意; asking for a supplement is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from shuyuan.entry import Assessment, Demand, DemandStep
from shuyuan.workdays import Calendar

DemandState = Literal["open", "overdue", "supplement", "agreed", "refused", "supplied", "withdrawn"]
UNDER_WAY: tuple[DemandState, ...] = ("open", "overdue", "supplement")
"""The states in which an answer is still owed, or waited for."""

_ENDED: dict[str, DemandState] = {
    "agree": "agreed",
    "refuse": "refused",
    "supplied": "supplied",
    "withdraw": "withdrawn",
    "supplement": "supplement",
}


@dataclass(frozen=True, slots=True)
class DemandReply:
    """The answer to a demand as of one day. All days are local.

    ``limit_on`` is the last day in time; while the clock stands still it is what it would be if it went on today.
    ``timely`` is ``None`` while the answer may still be in time, and for a demand withdrawn before it was answered.
    """

    asked_on: date
    limit_on: date
    answered_on: date | None
    state: DemandState
    timely: bool | None


def reply_of(
    demand: Demand, sharing_type: str | None, assessment: Assessment, calendar: Calendar, today: date
) -> DemandReply | None:
    """Return how ``demand`` stands at the end of ``today``; later steps do not count. ``None``: not yet filed.

    ``sharing_type`` is the wanted entry's (``unconditional`` ``conditional`` ``none``), ``None`` when the catalog has
    no such entry. Refusing data that is not shared takes as long as data shared on conditions.
    """
    steps = [step for step in demand.steps if step.on <= today]
    if not steps:
        return None
    asked_on, last = steps[0].on, steps[-1].step
    limit_on = _limit(steps, days_to_reply(sharing_type, assessment), calendar, today)
    answered_on = next((step.on for step in steps if step.step in ("agree", "refuse")), None)
    state = _ENDED.get(last) or ("overdue" if today > limit_on else "open")
    if answered_on is not None:
        timely: bool | None = answered_on <= limit_on
    elif state == "withdrawn" or today <= limit_on:
        timely = None
    else:
        timely = False  # asking for a supplement after the limit does not give the time back
        state = "overdue" if state == "open" else state
    return DemandReply(asked_on, limit_on, answered_on, state, timely)


def days_to_reply(sharing_type: str | None, assessment: Assessment) -> int:
    """Return the working days within which such a demand must be answered."""
    within = assessment.reply_within
    if sharing_type is None:
        return within.unlisted
    return within.unconditional if sharing_type == "unconditional" else within.conditional


def _limit(steps: list[DemandStep], working_days: int, calendar: Calendar, today: date) -> date:
    """Return the day by which the answer is due: so many working days, without those on which the clock stood still."""
    day, left = steps[0].on, working_days
    for at, step in enumerate(steps, 1):
        if step.step == "supplement":
            while day < step.on:
                day += timedelta(days=1)
                left -= calendar.is_workday(day)
                if left == 0:
                    return day
            day = steps[at].on if at < len(steps) else today
    return calendar.due_after(day, left)
