"""``rejected.parquet``: every delivered record that is not published, with all rules it broke and what it said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow.parquet as pq

from shuyuan.entry import Entry
from shuyuan.quality.conditions import Question
from shuyuan.quality.scan import Scan
from shuyuan.quality.sql import literal, name
from shuyuan.scoring import dimension_of
from shuyuan.stages import Batch, RuleResult

RECORD_RULES = {
    "record.fields": ("D301", "0102"),
    "record.characters": ("D302", "0305"),
    "record.quotes": ("D303", "0302"),
}
"""Code and GB/T 36344 indicator of the rules by which a record cannot be read as a row at all."""


def judge_records(batch: Batch, workdir: Path) -> tuple[RuleResult, ...]:
    """Return how the record rules fared, each evaluated over all records counted."""
    broken: Counter[str] = Counter()
    if batch.defects_path is not None and batch.defects:
        broken.update(pq.read_table(workdir / batch.defects_path, columns=["rule"]).column("rule").to_pylist())
    return tuple(
        RuleResult(
            rule=rule,
            code=code,
            indicator=indicator,
            dimension=dimension_of(indicator),
            effect="reject",
            evaluated=batch.counted,
            unexpected=broken[rule],
            success=broken[rule] == 0,
        )
        for rule, (code, indicator) in RECORD_RULES.items()
    )


def write_rejected(
    scan: Scan, entry: Entry, rejecting: Mapping[str, Question], defects: Path | None, path: Path
) -> int:
    """Write all rejected records to ``path`` and return how many; writes nothing when there is none.

    ``rejecting`` gives the question of each rule id of effect ``reject``. Columns as ``stages.Verdict`` says.
    """
    bits = [(rule, scan.bits[question]) for rule, question in rejecting.items() if question in scan.bits]
    parts = [_rows(scan, entry, bits)] if bits else []
    if defects is not None:
        parts.append(_defects(defects))
    return _copy(scan, parts, path)


def write_marked(scan: Scan, questions: Mapping[str, Question], path: Path) -> int:
    """Write ``_row, _file, _line, rules`` of all readable rows that broke a rule of ``questions``; return how many."""
    bits = [(rule, scan.bits[question]) for rule, question in questions.items() if question in scan.bits]
    source = "bad" if scan.whole else "bad JOIN batch USING (_row)"
    marked = f"SELECT _row, _file, _line, {_failed(bits)} AS rules FROM {source}"
    return _copy(scan, [marked] if bits else [], path)


def _copy(scan: Scan, parts: Sequence[str], path: Path) -> int:
    """Write rows in the delivery's order; no file when there are none."""
    if not parts:
        return 0
    part = path.with_suffix(".parquet.part")
    rejected = " UNION ALL ".join(parts)
    target = f"{literal(part)} (FORMAT parquet, COMPRESSION zstd)"
    (row,) = scan.connection.execute(f"COPY (SELECT * FROM ({rejected}) ORDER BY _row) TO {target}").fetchall()
    if not row[0]:
        part.unlink()
        return 0
    part.replace(path)
    return int(row[0])


def _rows(scan: Scan, entry: Entry, bits: Sequence[tuple[str, int]]) -> str:
    source = "bad" if scan.whole else "bad JOIN batch USING (_row)"
    texts = ", ".join(f"{literal(field.name)}: CAST({name(field.name)} AS VARCHAR)" for field in entry.fields)
    return (
        f"SELECT _row, _file, _line, {_failed(bits)} AS rules, "
        f"coalesce(_raw, CAST(to_json({{{texts}}}) AS VARCHAR)) AS record "
        f"FROM {source} WHERE {_any(bit for _, bit in bits)}"
    )


def _failed(bits: Sequence[tuple[str, int]]) -> str:
    failed = ", ".join(f"CASE WHEN _bad_{bit} THEN {literal(rule)} END" for rule, bit in bits)
    return f"list_filter([{failed}], lambda rule: rule IS NOT NULL)"


def _any(bits: Iterable[int]) -> str:
    return " OR ".join(f"_bad_{bit}" for bit in sorted(set(bits)))


def _defects(defects: Path) -> str:
    return (
        "SELECT _row, _file, _line, [rule] AS rules, CAST(to_json({'_raw': raw}) AS VARCHAR) AS record "
        f"FROM read_parquet({literal(defects)})"
    )
