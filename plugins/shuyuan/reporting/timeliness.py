"""时效: who delivered when. Every due date of the period, the worst first, with what does not count and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from markupsafe import Markup

from shuyuan.indicators.facts import WINDOW_DAYS, EntryFacts, RunFact
from shuyuan.indicators.standing import Due, Indicator
from shuyuan.language import say
from shuyuan.reporting import arrivals, charts, figures
from shuyuan.reporting.attention import problem_sentence
from shuyuan.reporting.report import Page, Report
from shuyuan.workdays import local_day

STATES = ("on_time", "late", "missing", "no_change", "excluded", "waiting")
WORST_SHOWN = 40
LATE_SHOWN = 200
LOOK_BACK_DAYS = 3 * WINDOW_DAYS


@dataclass(frozen=True, slots=True)
class StripRow:
    """One entry's due dates: its drawing, its share in time, the late and missing ones."""

    entry_id: str
    title: str
    department: str
    strip: Markup
    share: str
    trouble: int


@dataclass(frozen=True, slots=True)
class StripGroup:
    """The entries of one department, the worst first."""

    department: str
    title: str
    share: str
    counts: str
    trouble: int
    rows: tuple[StripRow, ...]


@dataclass(frozen=True, slots=True)
class LateLine:
    """One due date that was not met. ``often``: how many of the look-back days were not; ``reason``: its run's."""

    due: Due
    title: str
    department: str
    delay: str
    often: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class AsideLine:
    """Due dates of one entry that are listed beside the count: not counted, declared unchanged, spoilt by us."""

    entry_id: str
    title: str
    department: str
    number: int
    first: date
    last: date
    reason: str


def timeliness(report: Report) -> dict[str, Any]:
    """Return what ``timeliness.html.j2`` shows."""
    dues = dues_of(report)
    days = days_of(report)
    groups = strip_groups(report, dues, days)
    rows = sorted((row for group in groups for row in group.rows), key=lambda row: (-row.trouble, row.entry_id))
    late = [due for each in dues.values() for due in each if due.state in ("late", "missing")]
    late.sort(key=lambda due: (due.due_at, due.entry_id), reverse=True)
    return {
        "counts": state_counts(due for each in dues.values() for due in each),
        "county": report.standings.county,
        "share": figures.percent(report.standings.county.fresh.value),
        "axis": charts.strip_axis(arrivals.day_labels(days)),
        "folded": len(rows) > WORST_SHOWN,
        "worst": [row for row in rows[:WORST_SHOWN] if row.trouble],
        "groups": groups,
        "total": len(rows),
        "legend": [(charts.mark(state, ""), say(f"report.arrival.{state}")) for state in (*STATES, "rest")],
        "late": [late_line(report, due) for due in late[:LATE_SHOWN]],
        "late_total": len(late),
        "look_back": LOOK_BACK_DAYS,
        "excluded": aside_lines(report, (due for each in dues.values() for due in each if due.state == "excluded")),
        "unchanged": aside_lines(report, (due for each in dues.values() for due in each if due.state == "no_change")),
        "ours": aside_lines(report, report.standings.ours),
    }


def dues_of(report: Report) -> dict[str, tuple[Due, ...]]:
    """Every entry's due dates of the period, in the order of time."""
    return {entry_id: one.fresh.rows for entry_id, one in report.standings.entries.items()}


def days_of(report: Report) -> tuple[date, ...]:
    """The days of the period up to today."""
    first, last = report.period.first, max(report.period.first, min(report.period.last, report.facts.today))
    return tuple(first + timedelta(days=place) for place in range((last - first).days + 1))


def strip_groups(report: Report, dues: Mapping[str, Sequence[Due]], days: Sequence[date]) -> list[StripGroup]:
    """The departments with their entries, those with the most late and missing due dates first."""
    groups = []
    for name, members in report.members.items():
        rows = [
            strip_row(
                resource.entry.id,
                resource.entry.title,
                report.titles[name],
                dues.get(resource.entry.id, ()),
                days,
                report,
            )
            for resource in members
        ]
        rows.sort(key=lambda row: (-row.trouble, row.entry_id))
        every = [due for resource in members for due in dues.get(resource.entry.id, ())]
        counts = say("report.list_join").join(f"{word} {number}" for word, number, _ in state_counts(every) if number)
        groups.append(
            StripGroup(name, report.titles[name], _share(every), counts, sum(row.trouble for row in rows), tuple(rows))
        )
    return sorted(groups, key=lambda group: (-group.trouble, group.department))


def strip_row(
    entry_id: str, title: str, department: str, dues: Sequence[Due], days: Sequence[date], report: Report
) -> StripRow:
    """One entry's row. A due date whose day lies before the period stands on the first day: its grace ended there."""
    first, since = days[0], report.facts.since
    cells = [(max((due.day - first).days, 0), due.state, hover_of(due)) for due in dues if due.day <= days[-1]]
    taken = {place for place, _, _ in cells}
    rest = [place for place, day in enumerate(days) if place not in taken and since is not None and since <= day]
    trouble = sum(due.state in ("late", "missing") for due in dues)
    counts = say("report.list_join").join(f"{word} {number}" for word, number, _ in state_counts(dues) if number)
    strip = charts.strip(cells, rest, len(days), f"{title} {counts}")
    return StripRow(entry_id, title, department, strip, _share(dues), trouble)


def state_counts(dues: Iterable[Due]) -> list[tuple[str, int, str]]:
    """Each state as (word, how many, state), in the order of the legend."""
    numbers: dict[str, int] = dict.fromkeys(STATES, 0)
    for due in dues:
        numbers[due.state] += 1
    return [(say(f"report.arrival.{state}"), number, state) for state, number in numbers.items()]


def hover_of(due: Due) -> str:
    """``11月5日 迟到；应到 11-05 08:30，实到 11-05 11:02``; in time nothing, its square says it."""
    if due.state == "on_time":
        return ""
    word = say(f"report.arrival.{due.state}")
    if due.reason:
        word = say("report.timeliness.because", state=word, reason=say(f"report.timeliness.reason.{due.reason}"))
    return say(
        "report.arrival.came" if due.arrived_at else "report.arrival.due",
        day=figures.day(due.day),
        state=word,
        due=figures.short_moment(due.due_at),
        arrived=figures.short_moment(due.arrived_at),
    )


def late_line(report: Report, due: Due) -> LateLine:
    """One late or missing due date with its delay and what the day's run said."""
    resource, known = report.by_id[due.entry_id], report.facts.of(due.entry_id)
    run = _run_of(known, due.day)
    code = (run.problem_code or "") if run else ""
    return LateLine(
        due=due,
        title=resource.entry.title,
        department=resource.department.title,
        delay=delay_of(due),
        often=times_late(known, due.day),
        code=code,
        reason=problem_sentence(run.problem_code, run.problem) if run and code else "",
    )


def delay_of(due: Due) -> str:
    """``3 小时 12 分``; from two days on ``4 天``; nothing while it has not come."""
    if due.arrived_at is None:
        return say("report.timeliness.not_yet")
    minutes = int((due.arrived_at - due.due_at).total_seconds() // 60)
    if minutes >= 2880:
        return say("report.timeliness.days", days=minutes // 1440)
    return say("report.timeliness.hours", hours=minutes // 60, minutes=minutes % 60)


def times_late(known: EntryFacts, day: date) -> int:
    """How many due dates of the look-back days up to ``day`` were late or missing."""
    first = day - timedelta(days=LOOK_BACK_DAYS - 1)
    return sum(one.state in ("late", "missing") and first <= one.day <= day for one in known.arrivals)


def aside_lines(report: Report, dues: Iterable[Due]) -> list[AsideLine]:
    """Due dates joined by entry and reason, the most first."""

    def name_of(due: Due) -> tuple[str, str]:
        return due.entry_id, due.reason or ""

    lines = []
    for (entry_id, reason), group in groupby(sorted(dues, key=lambda due: (*name_of(due), due.due_at)), key=name_of):
        resource = report.by_id.get(entry_id)
        members = list(group)
        if resource is not None:
            word = say(f"report.timeliness.reason.{reason}") if reason else ""
            lines.append(
                AsideLine(
                    entry_id, resource.entry.title, resource.department.title, len(members), members[0].day,
                    members[-1].day, word,
                )
            )  # fmt: skip
    return sorted(lines, key=lambda line: (-line.number, line.entry_id))


def _run_of(known: EntryFacts, day: date) -> RunFact | None:
    return next((run for run in known.runs if run.problem_code and local_day(run.started_at) == day), None)


def _share(dues: Sequence[Due]) -> str:
    counting = [due for due in dues if due.counts]
    return figures.percent(Indicator.of(sum(due.met for due in counting), len(counting)).value)


PAGE = Page("timeliness", "timeliness.html", "timeliness.html.j2", timeliness)
