"""Which links are compared now, which cannot be and why, and which are as they were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from shuyuan import ledger
from shuyuan.entry import Entry, OneSource
from shuyuan.ledger import Comparison
from shuyuan.one_source.agenda import Agenda, CopyKey, Task
from shuyuan.one_source.availability import why_not_comparable
from shuyuan.one_source.workroom import hold
from shuyuan.project import Project
from shuyuan.warehouses import Session
from shuyuan.workdays import Calendar

WITHDRAWN = "withdrawn"
"""The reason on the last line of what is no copy any more."""

_LACKING = ("never_published", "copy_never_published")


@dataclass(frozen=True)
class Moment:
    """One reconcile: when, by which run, over what. ``now`` is aware; the ledger has it as naive UTC."""

    project: Project
    now: datetime
    run_id: str
    force: bool
    settings: OneSource
    agenda: Agenda

    @property
    def instant(self) -> datetime:
        """``now`` as the ledger keeps it."""
        return self.now.astimezone(UTC).replace(tzinfo=None)

    @cached_property
    def calendar(self) -> Calendar:
        """The project's working days."""
        return Calendar.read(self.project.calendar)


@dataclass(frozen=True)
class Job:
    """A link to compare: its lines without results, and the two Parquet files, held."""

    task: Task
    lines: tuple[Comparison, ...]
    copy: Path
    source: Path


@dataclass
class Decisions:
    """``jobs`` to do, ``said`` lines of what cannot be compared (news only), how many lines stay as they are."""

    jobs: list[Job] = field(default_factory=list)
    said: list[Comparison] = field(default_factory=list)
    unchanged: int = 0

    @property
    def nothing(self) -> bool:
        """Whether all is as it was."""
        return not self.jobs and not self.said


def decide(session: Session, moment: Moment, former: Mapping[CopyKey, Comparison], room: Path) -> Decisions:
    """Decide, and take hold of the files that are to be compared. ``former`` are the newest lines."""
    made, sources = Decisions(), _Sources(session, moment)
    for task in moment.agenda.tasks:
        last = [former.get(line.copy) for line in task.blank_lines(moment.run_id, moment.instant, moment.settings)]
        lines = _with_loads(session, moment, task)
        reason = sources.why_not(task) or (_LACKING[1] if lines[0].copy_load_no is None else None)
        if reason is not None and all(line and line.reason == reason for line in last):
            made.unchanged += len(lines)
        elif reason is not None:
            made.said += [replace(line, reason=reason) for line in lines]
        elif not moment.force and all(_is_same(*pair) for pair in zip(last, lines, strict=True)):
            made.unchanged += len(lines)
        else:
            made.jobs.append(Job(task, lines, *(_take(session, moment, one, room) for one in (task.copy, task.source))))
    for line, reason in moment.agenda.left(former):
        if line.reason != reason:
            made.said.append(_without_result(line, moment, reason))
        elif reason != WITHDRAWN:
            made.unchanged += 1
    return made


def _without_result(line: Comparison, moment: Moment, reason: str) -> Comparison:
    """The next line of the same copy: it is not compared any more."""
    return Comparison(
        run_id=moment.run_id,
        compared_at=moment.instant,
        entry_id=line.entry_id,
        field=line.field,
        element=line.element,
        kind=line.kind,
        source_id=line.source_id,
        match_key=line.match_key,
        link_digest=line.link_digest,
        state="not_compared",
        indicator=line.indicator,
        reason=reason,
        copy_load_no=line.copy_load_no,
        source_load_no=line.source_load_no,
    )


def _with_loads(session: Session, moment: Moment, task: Task) -> tuple[Comparison, ...]:
    here, there = (ledger.current_publication(session, one.id) for one in (task.copy, task.source))
    blanks = task.blank_lines(moment.run_id, moment.instant, moment.settings)
    copy_load, source_load = (one.load_no if one else None for one in (here, there))
    return tuple(replace(line, copy_load_no=copy_load, source_load_no=source_load) for line in blanks)


def _is_same(last: Comparison | None, line: Comparison) -> bool:
    """Whether the newest line is about the same rows under the same link.

    A line that says that a column was never published is as good as one with numbers: the same load still lacks it.
    """
    if last is None or (last.state != "compared" and last.reason not in _LACKING):
        return False
    told = (last.copy_load_no, last.source_load_no, last.link_digest)
    return told == (line.copy_load_no, line.source_load_no, line.link_digest)


def _take(session: Session, moment: Moment, entry: Entry, room: Path) -> Path:
    snapshot = session.snapshot(entry, moment.project.shared)
    assert snapshot is not None, "only published entries are compared"
    return hold(snapshot.path, room)


class _Sources:
    """Asks once a source whether it can be compared with."""

    def __init__(self, session: Session, moment: Moment) -> None:
        self.session, self.moment = session, moment
        self.known: dict[str, str | None] = {}

    def why_not(self, task: Task) -> str | None:
        if not task.usable:
            return "source_unusable"
        entry = task.source
        if entry.id not in self.known:
            moment = self.moment
            self.known[entry.id] = why_not_comparable(self.session, entry, moment.calendar, moment.now)
        return self.known[entry.id]
