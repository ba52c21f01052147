"""The demonstration's past: what the ledger would say had the departments delivered since the last assessment month.

A month's report of one day is empty. So the ledger of a demonstration gets the due dates of the running and the former
assessment period up to the day before, with late, missing, blocked and unchanged deliveries and two mornings of outages
of our own. Counts are those of the real run, made a little worse the longer ago; rules that fail in it failed on some
days only (``spells``). Nothing is published, so tables, versions and watermarks are as they were. Every such run is
marked: its trigger is ``demo``. The same catalog and date give the same past, which is written once, into a ledger that
knows nothing but the demonstration's own runs.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any, Literal

from shuyuan import __version__
from shuyuan.catalog import Resource
from shuyuan.catalog.assessments import read_assessment
from shuyuan.demonstration.spells import Lots, broken_days
from shuyuan.entry import SftpSource, with_date
from shuyuan.indicators.facts import MADE_UP
from shuyuan.indicators.periods import Period
from shuyuan.ledger import insert_lot
from shuyuan.problems import Problem
from shuyuan.project import Project
from shuyuan.scoring import Measured, score_dimensions, score_total
from shuyuan.warehouses import Session, open_warehouse
from shuyuan.workdays import LOCAL, UNPROMISED, Calendar, data_date_for, due_at, due_periods, local_day

TRIGGER = "demo"
LOT = 50
Fate = Literal["on_time", "late", "missing", "blocked", "no_change", "outage"]
Row = dict[str, Any]

MANNERS: Mapping[str, Mapping[Fate, float]] = {
    "civil_affairs": {"late": 0.08, "missing": 0.03, "blocked": 0.03, "no_change": 0.05},
    "human_resources": {"late": 0.07, "missing": 0.02, "blocked": 0.02, "no_change": 0.02},
    "market_regulation": {"late": 0.06, "blocked": 0.04},
    "natural_resources": {"late": 0.35, "no_change": 0.10},
    "public_security": {"late": 0.02, "no_change": 0.01},
    "taxation": {"late": 0.24, "missing": 0.14, "blocked": 0.06},
    "traffic_police": {"late": 0.03, "missing": 0.01, "no_change": 0.02},
}
"""How often a department's deliveries go wrong; those not named always come in time."""

FORMERLY: Mapping[str, Mapping[Fate, float]] = {
    "civil_affairs": {"late": 0.02, "no_change": 0.05},
    "market_regulation": {"late": 0.22, "missing": 0.08, "blocked": 0.05},
    "taxation": {"late": 0.10, "missing": 0.04, "blocked": 0.03},
}
"""The same in the former period, of those that were better or worse then."""

OUTAGES = (12, 31)
"""So many days before the demonstration's date our own platform was down until noon."""

_ANY_PAST = 'SELECT run_id FROM ledger.runs WHERE "trigger" = ? OR started_at < ? LIMIT 1'
_KNOWN_DATES = "SELECT entry_id, due_at FROM ledger.freshness WHERE run_id IS NOT NULL OR arrived_at IS NOT NULL"
_FORGET = "DELETE FROM ledger.freshness WHERE entry_id = ? AND due_at < ? AND run_id IS NULL AND arrived_at IS NULL"
"""What the sweep wrote of the days before the platform was there gives way to the past."""

_RULES = (
    "SELECT run_id, rule, code, field, indicator, dimension, effect, evaluated, unexpected, success, errored, observed"
    " FROM ledger.rule_results WHERE entry_id = ? AND run_id = ? ORDER BY rule"
)


@dataclass
class _Book:
    """Lines by table, gathered to be written together."""

    lines: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, table: str, **line: Any) -> None:
        """Add a line; all lines of a table have the same columns."""
        self.lines.setdefault(table, []).append(line)

    def write(self, session: Session) -> None:
        """Write all lines, many a statement."""
        for table, lines in self.lines.items():
            columns = tuple(lines[0])
            for start in range(0, len(lines), LOT):
                insert_lot(session, table, columns, [list(line.values()) for line in lines[start : start + LOT]])


@dataclass(frozen=True)
class _Model:
    """The real run that the past is made after: its counts and how each rule fared."""

    delivered: int
    rejected: int
    rules: Sequence[Row]


def write_history(
    project: Project, resources: Iterable[Resource], run_ids: Mapping[str, str], data_date: date, now: datetime
) -> int:
    """Write the past of ``data_date`` after the runs ``run_ids`` (by entry id); return how many runs it has.

    0 when the ledger has a past already: this one, or one of its own. ``now`` is aware.
    """
    rules = read_assessment(project).period
    running = Period.containing(rules, data_date)
    first = running.previous(rules).bounds[0]
    until = min(data_date, local_day(now))
    calendar, book = Calendar.read(project.calendar), _Book()
    with open_warehouse(project).session() as session:
        if session.query(_ANY_PAST, [TRIGGER, _midnight(until)]):
            return 0
        known = {(row["entry_id"], row["due_at"]) for row in session.query(_KNOWN_DATES)}
        for resource in resources:
            model = _read_model(session, resource.entry.id, run_ids.get(resource.entry.id, ""))
            if model is not None and resource.entry.update.cycle not in UNPROMISED:
                for back, (period, due) in enumerate(_due_dates(resource, first, until, data_date, calendar), start=1):
                    if (resource.entry.id, due) not in known:
                        pen = _Pen(book, resource, period, due, model, back, (data_date - local_day(due)).days)
                        pen.tell(former=local_day(due) < running.first)
        with session.transaction():
            for entry_id in {line["entry_id"] for line in book.lines.get("freshness", ())}:
                session.execute(_FORGET, [entry_id, _midnight(until)])
            book.write(session)
    return len(book.lines.get("runs", ()))


def _read_model(session: Session, entry_id: str, run_id: str) -> _Model | None:
    found = session.query("SELECT delivered, rejected FROM ledger.runs WHERE run_id = ?", [run_id])
    if not found or not found[0]["delivered"]:
        return None
    return _Model(found[0]["delivered"], found[0]["rejected"], session.query(_RULES, [entry_id, run_id]))


def _due_dates(
    resource: Resource, first: datetime, until: date, data_date: date, calendar: Calendar
) -> list[tuple[date, datetime]]:
    """Return the periods that were due before local ``until`` and are not the demonstration's own, the last first."""
    promise = resource.entry.update
    own = due_at(promise, data_date, calendar)
    found = [(period, due) for period, due in due_periods(promise, calendar, first, _midnight(until)) if due < own]
    return found[::-1]


def fate_of(department: str, lots: Lots, ago: int, *, former: bool = False) -> Fate:
    """Return what becomes of a due date so many days before the demonstration's; ``former``: of the period before."""
    if ago in OUTAGES:
        return "outage"
    manners = MANNERS.get(department, {})
    lot = lots.share("fate")
    for fate, share in (FORMERLY.get(department, manners) if former else manners).items():
        if lot < share:
            return fate
        lot -= share
    return "on_time"


@dataclass
class _Pen:
    """Writes one due date: whether it was met, its run or two, what was found.

    ``back``: due dates, ``ago``: days before the demonstration's own.
    """

    book: _Book
    resource: Resource
    period: date
    due: datetime
    model: _Model
    back: int
    ago: int
    written: int = 0

    @cached_property
    def lots(self) -> Lots:
        """What chance has in store for this due date."""
        return Lots(f"{self.resource.entry.id} {self.back}")

    @cached_property
    def data_date(self) -> date:
        """The data date that is due."""
        return data_date_for(self.resource.entry.update, self.period)

    def tell(self, *, former: bool) -> None:
        """Write what became of the due date; ``former``: it was one of the period before."""
        entry = self.resource.entry
        fate = fate_of(entry.department, self.lots, self.ago, former=former)
        if fate == "missing" and self.back == 1:
            fate = "late"  # else the demonstration's own delivery would be the one that mends it
        too_late = self.due + entry.update.grace + self.lots.minutes("late", 15, 240)
        in_time = self.due - self.lots.minutes("early", 4, 70)
        arrived: datetime | None = in_time
        state, reason = str(fate), None
        if fate == "missing":
            arrived = None
            self.run("missing", self.due - timedelta(minutes=30), self.absence(), timedelta(hours=12))
        elif fate == "blocked":
            self.run("blocked", in_time)
            arrived, state = too_late, "late"
        elif fate == "late":
            arrived = too_late
        elif fate == "outage":
            self.run("failed", self.due - timedelta(minutes=30), Problem("P411"))
            noon = _midnight(local_day(self.due)) + timedelta(hours=12)
            arrived = max(noon, self.due + entry.update.grace) + self.lots.minutes("back", 5, 30)
            state, reason = "excluded", "platform"
        last = None
        if arrived is not None:
            last = self.run("unchanged" if fate == "no_change" else "published", arrived)
        values = {"period": str(self.data_date), "state": state, "arrived_at": arrived, "run_id": last}
        self.book.add("freshness", entry_id=entry.id, due_at=self.due, **values, reason=reason)

    def run(
        self, outcome: str, at: datetime, problem: Problem | None = None, took: timedelta = timedelta(seconds=9)
    ) -> str:
        """Write one run that began at ``at`` (naive UTC) and return its id."""
        entry = self.resource.entry
        self.written += 1
        run_id = f"{MADE_UP}{entry.id}__{self.due:%Y%m%dT%H%M}__{self.written}"
        delivered = rejected = score = None
        scores: dict[str, float] = {}
        if outcome in ("published", "blocked"):
            delivered = self._rows() // (2 if outcome == "blocked" else 1)
            results = [self._result(one, delivered) for one in self.model.rules]
            rejected = self._rejected(results, delivered)
            if outcome == "blocked":
                problem = self._shrink(results, delivered - rejected)
            scores = score_dimensions(_measured(results))
            score = score_total(scores)
            for result in results:
                self.book.add("rule_results", **{**result, "run_id": run_id, "entry_id": entry.id})
        delivery = self._delivery(run_id, at, delivered) if outcome in ("published", "blocked", "unchanged") else None
        self.book.add(
            "runs",
            run_id=run_id,
            entry_id=entry.id,
            department=entry.department,
            spec_digest=self.resource.digest,
            spec_version=entry.version,
            code_version=__version__,
            data_date=self.data_date,
            trigger=TRIGGER,
            started_at=at,
            finished_at=at + took,
            outcome=outcome,
            problem_code=problem.code if problem else None,
            problem=str(problem) if problem else None,
            delivery_id=delivery,
            delivered=delivered,
            accepted=None if delivered is None or rejected is None else delivered - rejected,
            rejected=rejected,
            score=score,
            scores=json.dumps(scores),
            seconds="{}",
        )
        return run_id

    def absence(self) -> Problem:
        """Say what is missing, as a look at the department's machine would."""
        source = self.resource.entry.source
        path = with_date(source.path, self.data_date) if isinstance(source, SftpSource) else source.connection
        return Problem("D101", {"path": path})

    def _delivery(self, run_id: str, at: datetime, rows: int | None) -> str:
        digest = hashlib.sha256(run_id.encode()).hexdigest()
        self.book.add(
            "deliveries",
            delivery_id=digest,
            entry_id=self.resource.entry.id,
            sha256=digest,
            data_date=self.data_date,
            received_at=at,
            evidence="snapshot" if self.resource.entry.source.type == "database" else "manifest",
            files="[]",
            rows_declared=rows,
            rows_counted=rows,
            run_id=run_id,
        )
        return digest

    def _rows(self) -> int:
        """Registers grow by a third of a per cent a week."""
        share = 1 - 0.0005 * self.ago + 0.001 * (self.lots.share("rows") - 0.5)
        return max(1, round(self.model.delivered * share))

    def _result(self, rule: Row, delivered: int) -> Row:
        """One rule's counts for so many rows: none on the days on which it was met, else more the longer ago it was."""
        entry = self.resource.entry
        evaluated = rule["evaluated"]
        if evaluated > 1:
            evaluated = max(1, round(evaluated * delivered / self.model.delivered))
        worse = (0.7 + 0.6 * self.lots.share(rule["rule"])) * (1 + self.ago / 40)
        broken = self.ago in broken_days(entry.department, entry.id, rule["rule"])
        part = worse * delivered / self.model.delivered if broken else 0.0
        unexpected = min(evaluated, math.ceil(rule["unexpected"] * part))
        return {**rule, "evaluated": evaluated, "unexpected": unexpected, "success": rule["success"] or not unexpected}

    def _rejected(self, results: Iterable[Row], delivered: int) -> int:
        """As many rows a rejecting finding as in the real run."""
        before = sum(rule["unexpected"] for rule in self.model.rules if rule["effect"] == "reject")
        after = sum(rule["unexpected"] for rule in results if rule["effect"] == "reject")
        return min(delivered - 1, round(self.model.rejected * after / before)) if before else 0

    def _shrink(self, results: list[Row], accepted: int) -> Problem:
        """Let the gate stop half a delivery, as it would."""
        told = {"rule": "table.shrink", "code": "D602", "field": None, "indicator": "0202", "dimension": "completeness"}
        observed = f"{accepted}/{self.model.delivered - self.model.rejected}"
        counts = {"effect": "block", "evaluated": 1, "unexpected": 1, "success": False, "errored": False}
        results[:] = [one for one in results if one["rule"] != "table.shrink"]
        results.append({"run_id": "", **told, **counts, "observed": observed})
        return Problem("D602", {"observed": observed})


def _midnight(day: date) -> datetime:
    """Return the first instant of a local day, naive UTC."""
    return datetime.combine(day, time(), LOCAL).astimezone(UTC).replace(tzinfo=None)


def _measured(results: Iterable[Row]) -> Iterator[Measured]:
    """What the score of a delivery counts: rules about rows and fields."""
    for one in results:
        if not (one["rule"].startswith("table.") or one["code"].startswith("D5") or one["errored"]):
            yield Measured(one["indicator"], one["evaluated"], one["unexpected"])
