"""Reading only what changed: a window of the watermark item, and the newest row of each key in it.

The window ends with the server's own clock, read before the snapshot is taken, and begins ``overlap`` before the
end of the last published one: a transaction that was still open then has its rows in this one. Rows without a
watermark come every time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import ColumnElement, Select, and_, column, func, literal_column, null, or_, select
from sqlalchemy import Connection as Line
from sqlalchemy.sql import quoted_name
from sqlalchemy.sql.expression import TableClause

from shuyuan.entry import DatabaseSource, Entry
from shuyuan.problems import DeliveryError
from shuyuan.sources.canonical import canonical_text
from shuyuan.sources.database_line import Snapshot

_BOUND = re.compile(r"-?[0-9]{1,20}|[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9:]{8}(\.[0-9]{6})?)?")

# The kinds of column that a window may be cut by: MySQL's type codes, PostgreSQL's type numbers.
_MOMENTS = {"mysql": {7, 10, 12, 14}, "mariadb": {7, 10, 12, 14}, "postgresql": {1082, 1114, 1184}}
_NUMBERS = {"mysql": {1, 2, 3, 8, 9}, "mariadb": {1, 2, 3, 8, 9}, "postgresql": {20, 21, 23}}


@dataclass(frozen=True)
class Window:
    """``name``: the column; both bounds in canonical text and included, ``low`` is ``None`` for everything.

    ``mark`` is what the next window begins from, ``None`` when nothing was ever there.
    """

    name: str
    low: str | None
    high: str | None
    mark: str | None

    def condition(self) -> ColumnElement[bool]:
        """Return what to ask the server."""
        watermark: ColumnElement[object] = column(quoted_name(self.name, quote=True))
        bounds = [watermark >= _literal(self.low)] if self.low else []
        bounds += [watermark <= _literal(self.high)] if self.high else []
        return or_(watermark.is_(null()), and_(*bounds)) if bounds else watermark.is_(null())


def find_window(entry: Entry, source: DatabaseSource, taken: Snapshot, table: TableClause, since: str | None) -> Window:
    """Return the window after ``since``, the mark of the last published one (``None``: everything).

    Raises:
        DeliveryError: D111 the column is not of the watermark's kind, so that its values cannot be compared.
    """
    field = entry.field(source.watermark or "")
    name, number = field.source_name, field.type == "integer"
    _require_kind(taken.line, table, name, number)
    if number:
        newest = taken.line.execute(select(func.max(column(quoted_name(name, quote=True)))).select_from(table)).scalar()
        mark = since if newest is None else str(int(newest))
        low = None if since is None else str(int(since) - source.overlap_numbers)
        return Window(name, low, mark, mark)
    mark = canonical_text(taken.now)
    moment = None if since is None else datetime.fromisoformat(since) - source.overlap
    if field.type == "date":
        return Window(name, None if moment is None else str(moment.date()), str(taken.now.date()), mark)
    return Window(name, None if moment is None else canonical_text(moment), mark, mark)


def _require_kind(line: Line, table: TableClause, name: str, number: bool) -> None:
    kinds = (_NUMBERS if number else _MOMENTS).get(line.dialect.name)
    chosen: ColumnElement[object] = column(quoted_name(name, quote=True))
    described = line.execute(select(chosen).select_from(table).where(literal_column("1") == literal_column("0")))
    told = described.cursor.description if described.cursor is not None else None
    if kinds is not None and told and told[0][1] not in kinds:
        raise DeliveryError("D111", table=table.name, column=name)


def _literal(bound: str) -> ColumnElement[object]:
    if not _BOUND.fullmatch(bound):
        raise ValueError("not a bound")
    return literal_column(bound if bound.lstrip("-").isdigit() else f"'{bound}'")


def ordered(query: Select[tuple[object, ...]], dialect: str, name: str) -> Select[tuple[object, ...]]:
    """Put the rows of a key in the order of the watermark, those without one first."""
    watermark: ColumnElement[object] = column(quoted_name(name, quote=True))
    return query.order_by(watermark.nulls_first() if dialect in ("postgresql", "oracle") else watermark)


def newest_of_each_key(batches: Iterable[pa.RecordBatch], places: Sequence[int]) -> Iterator[pa.RecordBatch]:
    """Of rows that follow each other with the same key (its columns are ``places``), only the last goes on."""
    held: pa.RecordBatch | None = None
    for batch in batches:
        rows = batch if held is None else pa.concat_batches([held, batch])
        last = rows.num_rows - 1
        same = pa.array([True] * last, pa.bool_())
        for place in places:
            texts = rows.column(place)
            same = pc.and_(same, pc.fill_null(pc.equal(texts.slice(0, last), texts.slice(1)), False))
        yield rows.slice(0, last).filter(pc.invert(same))
        held = rows.slice(last)
    if held is not None:
        yield held
