"""The rows of the workbook's sheets: the ranking, and every row that its numbers were counted from."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

from shuyuan.indicators.standing import COMPONENTS, DepartmentStanding
from shuyuan.language import say
from shuyuan.reporting import figures
from shuyuan.reporting.documents.findings import (
    department_title,
    dues_of,
    entry_title,
    list_findings,
    reply_subject,
)
from shuyuan.reporting.documents.sections.freshness import reason_word
from shuyuan.reporting.documents.sections.quality import rule_counts, rule_words
from shuyuan.reporting.documents.sections.ranking import light_word, unranked_reason
from shuyuan.reporting.documents.sections.replies import replies_of, reply_state
from shuyuan.reporting.report import Report
from shuyuan.scoring import dimension_of

Value: TypeAlias = str | int | float | date | datetime | None
Columns: TypeAlias = Sequence[tuple[str, int, Callable[[], str] | None]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """``columns`` are (word ``document.column.*``, width in characters, what to say instead of the word)."""

    name: str
    columns: Columns
    rows: Callable[[Report], Sequence[Sequence[Value]]]


def _ranking(report: Report) -> Sequence[Sequence[Value]]:
    return [_place(report, one) for one in report.standings.departments]


def _place(report: Report, one: DepartmentStanding) -> list[Value]:
    parts: list[Value] = []
    for name in COMPONENTS:
        parts += [_cut(one.components.get(name)), _cut(one.weights.get(name))]
    return [
        one.rank if one.rank is not None else figures.NONE,
        one.last_rank if one.last_rank is not None else figures.NONE,
        one.department,
        one.title,
        _cut(one.score),
        _cut(one.last_score),
        light_word(one.light),
        say(f"report.grade.{one.grade}") if one.grade else figures.NONE,
        *parts,
        None if one.rank is not None else unranked_reason(report, one),
    ]


def _freshness(report: Report) -> Sequence[Sequence[Value]]:
    return [
        [
            department_title(report, due.department),
            due.entry_id,
            entry_title(report, due.entry_id),
            _local(due.due_at),
            _local(due.arrived_at),
            say(f"document.due_state.{due.state}"),
            reason_word(due.reason),
        ]
        for due in dues_of(report)
    ]


def _replies(report: Report) -> Sequence[Sequence[Value]]:
    return [
        [
            say(f"document.kind.{one.kind}"),
            one.id,
            department_title(report, one.department),
            one.entry_id,
            reply_subject(report, one),
            one.asked_on,
            one.limit_on,
            one.answered_on,
            reply_state(one),
        ]
        for one in replies_of(report)
    ]


def _quality(report: Report) -> Sequence[Sequence[Value]]:
    return [
        [
            department_title(report, count.entry_id.partition(".")[0]),
            count.entry_id,
            entry_title(report, count.entry_id),
            report.by_id[count.entry_id].entry.code if count.entry_id in report.by_id else None,
            rule_words(report, count),
            count.rule,
            count.code,
            count.indicator,
            say(f"report.dimension.{dimension_of(count.indicator)}"),
            count.evaluated,
            count.unexpected,
            figures.small_share(count.unexpected, count.evaluated),
        ]
        for count in rule_counts(report)
    ]


def _findings(report: Report) -> Sequence[Sequence[Value]]:
    return [
        [
            department_title(report, department),
            say(f"document.finding.short.{one.kind}"),
            one.entry_id,
            one.title,
            one.code,
            one.what,
            one.count,
            one.since,
            one.due if one.due else say("document.notice.next_time"),
            say("document.replies.overdue") if one.overdue else None,
            one.how,
            one.page,
        ]
        for department, found in list_findings(report).items()
        for one in found
    ]


def _cut(value: float | None) -> Value:
    """A score as it is printed everywhere else: cut to one decimal; a dash for none."""
    return figures.NONE if value is None else math.floor(value * 10 + 1e-6) / 10


def _local(instant: datetime | None) -> datetime | None:
    """Asia/Shanghai without its zone: a spreadsheet knows none."""
    return figures.local(instant).replace(tzinfo=None, microsecond=0) if instant else None


def _component(name: str) -> Callable[[], str]:
    return lambda: say(f"document.component.{name}")


def _weight(name: str) -> Callable[[], str]:
    return lambda: say("document.column.weight_of", part=say(f"document.component.{name}"))


_PARTS = [
    column for name in COMPONENTS for column in ((name, 12, _component(name)), (f"{name}_weight", 12, _weight(name)))
]


def _plain(*columns: tuple[str, int]) -> list[tuple[str, int, Callable[[], str] | None]]:
    return [(name, width, None) for name, width in columns]


SHEETS = (
    Sheet(
        "ranking",
        [
            *_plain(
                ("rank", 8), ("last_rank", 8), ("folder", 20), ("department", 30), ("score", 9), ("last_score", 9),
                ("light", 6), ("grade", 8),
            ),
            *_PARTS,
            *_plain(("unranked", 36)),
        ],
        _ranking,
    ),
    Sheet(
        "freshness",
        _plain(
            ("department", 28), ("entry_id", 36), ("entry", 32), ("due_at", 17), ("arrived_at", 17), ("state", 12),
            ("reason", 18),
        ),
        _freshness,
    ),
    Sheet(
        "replies",
        _plain(
            ("kind", 8), ("number", 24), ("department", 28), ("entry_id", 36), ("subject", 44), ("asked", 12),
            ("limit", 12), ("answered", 12), ("state", 18),
        ),
        _replies,
    ),
    Sheet(
        "quality",
        _plain(
            ("department", 28), ("entry_id", 36), ("entry", 30), ("code", 20), ("rule", 44), ("rule_id", 34),
            ("problem_code", 10), ("indicator", 10), ("dimension", 10), ("evaluated", 12), ("unexpected", 12),
            ("share", 10),
        ),
        _quality,
    ),
    Sheet(
        "findings",
        _plain(
            ("department", 28), ("kind", 8), ("entry_id", 36), ("entry", 30), ("problem_code", 10), ("what", 56),
            ("count", 22), ("since", 12), ("due_on", 12), ("state", 10), ("how", 60), ("page", 40),
        ),
        _findings,
    ),
)  # fmt: skip
