"""Settle the due dates that passed without a delivery, for the whole catalog at once.

It needs no run: an entry whose DAG is paused, broken or never ran is settled all the same. The number of statements
does not grow with the catalog: one where there is nothing to settle, five where there is, and two a
``LOT`` of lines. Instants are naive UTC.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from shuyuan import ledger
from shuyuan.catalog.promises import Promised
from shuyuan.freshness.evidence import read_traces
from shuyuan.warehouses import Session
from shuyuan.workdays import LOCAL, Calendar, data_date_for, due_periods

SWEPT = timedelta(days=7)
LONGEST = timedelta(days=60)
"""How far back is settled after an outage of ours of more than a week."""
LOT = 500
COLUMNS = ("entry_id", "due_at", "period", "state", "reason")
Known = Mapping[tuple[str, datetime], str]


@dataclass(frozen=True, slots=True)
class Open:
    """One due date of one entry whose grace is over, without a delivery. ``known``: its state in the ledger so far."""

    entry: Promised
    due_at: datetime
    data_date: date
    known: str | None


def sweep(session: Session, promises: Iterable[Promised], calendar: Calendar, now: datetime) -> Counter[str]:
    """Write what became of every due date whose grace is over at ``now``; return how many were written, by state.

    ``missing``, or ``excluded`` because the entry is ``suspended`` or because of a fault of ours (``platform``; such a
    due date is judged again while nothing has come). Not before the entry went live: with its first publication or,
    while nothing ever came, on its day in the catalog.
    """
    promised = [one for one in promises if one.status in ("published", "suspended") and one.published_on]
    since = now - SWEPT
    known: Known = _known(session, since)
    if not known:
        since, known = _after_an_outage(session, since, now)
    left = list(_open(promised, calendar, since, now, known))
    if not left:
        return Counter()
    first = _first_published(session)
    left = [one for one in left if one.due_at > first.get(one.entry.entry_id, datetime.min)]
    if not left:
        return Counter()
    traces = read_traces(session, min(one.due_at for one in left))
    rows = []
    for one in left:
        state, reason = "missing", None
        if one.entry.status == "suspended":
            state, reason = "excluded", "suspended"
        elif traces.is_ours((one.entry.entry_id, one.data_date), one.due_at, one.entry.grace):
            state, reason = "excluded", "platform"
        if one.known != state:
            rows.append((one.entry.entry_id, one.due_at, str(one.data_date), state, reason))
    with session.transaction():
        _write(session, rows)
    return Counter(row[3] for row in rows)


def _known(session: Session, since: datetime) -> dict[tuple[str, datetime], str]:
    """The due dates in the ledger: ``settled``, or the state of those that may still change."""
    rows = session.query(
        "SELECT entry_id, due_at, CASE WHEN arrived_at IS NULL AND (state = 'waiting' OR reason = 'platform')"
        " THEN state ELSE 'settled' END AS state FROM ledger.freshness WHERE due_at > ?",
        [since],
    )
    return {(row["entry_id"], row["due_at"]): row["state"] for row in rows}


def _after_an_outage(session: Session, since: datetime, now: datetime) -> tuple[datetime, Known]:
    """Where the ledger has nothing of the last week although it had before, go back to where it breaks off."""
    last: datetime | None = session.query("SELECT max(due_at) AS last FROM ledger.freshness")[0]["last"]
    if last is None:
        return since, {}
    since = max(last - timedelta(days=1), now - LONGEST)
    return since, _known(session, since)


def _open(
    promised: Iterable[Promised], calendar: Calendar, since: datetime, now: datetime, known: Known
) -> Iterator[Open]:
    """Yield the due dates that may have to be written. Entries of one rhythm share its due dates."""
    rhythms: dict[tuple[object, ...], Sequence[tuple[date, datetime]]] = {}
    for entry in promised:
        rhythm = (entry.cycle, entry.due, entry.day, entry.calendar)
        if rhythm not in rhythms:
            rhythms[rhythm] = list(due_periods(entry, calendar, since, now))
        live = datetime.combine(entry.published_on or date.max, time(), LOCAL).astimezone(UTC).replace(tzinfo=None)
        for period, due in rhythms[rhythm]:
            state = known.get((entry.entry_id, due))
            if state != "settled" and due + entry.grace < now and due > live:
                yield Open(entry, due, data_date_for(entry, period), state)


def _first_published(session: Session) -> dict[str, datetime]:
    rows = session.query("SELECT entry_id, min(published_at) AS first FROM ledger.publications GROUP BY entry_id")
    return {row["entry_id"]: row["first"] for row in rows}


def _write(session: Session, rows: Sequence[tuple[object, ...]]) -> None:
    """Write the lines, in place of those that could still change."""
    for start in range(0, len(rows), LOT):
        lot = rows[start : start + LOT]
        keys = ", ".join("(?, ?)" for _ in lot)
        session.execute(
            f"DELETE FROM ledger.freshness WHERE arrived_at IS NULL AND (entry_id, due_at) IN ({keys})",
            [value for row in lot for value in row[:2]],
        )
        ledger.insert_lot(session, "freshness", COLUMNS, lot)
