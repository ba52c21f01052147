"""一数一源 in the demonstration: each comparison beside what was planted, the open 疑义, and one golden record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shuyuan.catalog import Resource
from shuyuan.demonstration.disagreements import Expected
from shuyuan.entry import Element
from shuyuan.entry.subject import Subject
from shuyuan.indicators.facts import ComparisonFact, CorrectionFact
from shuyuan.masking import mask_value

COUNTS: Mapping[str, tuple[str, ...]] = {
    "reference": ("copy_rows", "matched", "only_here", "only_there", "source_duplicates"),
    "attribute": ("copy_rows", "matched", "agreeing", "differing", "blank_here", "blank_there"),
}
"""The numbers that a comparison of each kind comes to."""

Query = Callable[..., list[dict[str, Any]]]


@dataclass(frozen=True)
class CopyLine:
    """One compared copy. ``wrong`` names each number that is not the planted one: name → (found, planted)."""

    entry_id: str
    field: str
    element: str
    source_id: str
    compared: bool
    matched: int
    found: int
    planted: int
    wrong: Mapping[str, tuple[int | None, int | None]]

    @property
    def exact(self) -> bool:
        """Compared, and every number is the planted one."""
        return self.compared and not self.wrong


@dataclass(frozen=True)
class Share:
    """All copies of one element at one department: ``found`` and ``planted`` differences. ``titles`` are for people."""

    element: str
    department: str
    source: str
    copies: int
    matched: int
    found: int
    planted: int
    exact: bool


@dataclass(frozen=True)
class Asked:
    """One open 疑义. ``kind``: differing, unknown or duplicate; all names are titles."""

    entry: str
    field: str
    source: str
    department: str
    kind: str
    rows: int
    due_on: date


@dataclass(frozen=True)
class Attribute:
    """One attribute of a golden record, masked. ``disputed`` is ``None`` where no copy could be compared."""

    title: str
    value: str | None
    source: str
    data_date: date | None
    disputed: bool | None


@dataclass(frozen=True)
class Golden:
    """One subject's record out of its view in ``share``."""

    view: str
    title: str
    key: str
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True)
class Comparing:
    """What the comparisons came to. ``changed`` counts the lines that were compared anew."""

    copies: tuple[CopyLine, ...] = ()
    shares: tuple[Share, ...] = ()
    open: tuple[Asked, ...] = ()
    opened: int = 0
    closed: int = 0
    changed: int = 0
    golden: Golden | None = None

    @property
    def exact(self) -> bool:
        """Every copy was compared and every number is the planted one."""
        return all(line.exact for line in self.copies)


def judge_copies(
    facts: Iterable[ComparisonFact], planted: Mapping[tuple[str, str], Expected], loads: Mapping[str, int]
) -> tuple[CopyLine, ...]:
    """Hold each comparison against what was planted, sorted by entry and field.

    A copy that was planted and not compared, or compared with data that is no longer current (``loads``: load
    number by entry id), is not exact; nor is a comparison of which nothing was planted.
    """
    lines = {
        (fact.entry_id, fact.field): _judge(fact, planted.get((fact.entry_id, fact.field)), loads) for fact in facts
    }
    for (entry_id, field), expected in planted.items():
        if (entry_id, field) not in lines:
            lines[entry_id, field] = CopyLine(
                entry_id, field, "", "", False, 0, 0, _differences(expected, "attribute"), {}
            )
    return tuple(lines[key] for key in sorted(lines))


def is_covered(facts: Iterable[ComparisonFact], planted: Iterable[tuple[str, str]], loads: Mapping[str, int]) -> bool:
    """Whether every planted copy is compared as its entry and its source are published now."""
    current = {(fact.entry_id, fact.field) for fact in facts if _is_current(fact, loads)}
    return current >= set(planted)


def share_out(lines: Iterable[CopyLine], resources: Sequence[Resource], titles: Mapping[str, str]) -> tuple[Share, ...]:
    """Add up copies by element and holding department, sorted by element; ``titles`` names elements."""
    known = {resource.entry.id: resource for resource in resources}
    groups: dict[tuple[str, str, str], list[CopyLine]] = {}
    for line in lines:
        groups.setdefault((line.element, line.entry_id.partition(".")[0], line.source_id), []).append(line)
    return tuple(
        Share(
            "+".join(titles.get(one, one) for one in element.split("+")),
            known[group[0].entry_id].department.title,
            known[source_id].entry.title if source_id in known else source_id,
            len(group),
            sum(line.matched for line in group),
            sum(line.found for line in group),
            sum(line.planted for line in group),
            all(line.exact for line in group),
        )
        for (element, _, source_id), group in sorted(groups.items())
    )


def name_corrections(corrections: Iterable[CorrectionFact], resources: Sequence[Resource]) -> tuple[Asked, ...]:
    """The corrections that are not closed, largest first, with the names that people know."""
    known = {resource.entry.id: resource for resource in resources}
    departments = {resource.entry.department: resource.department.title for resource in resources}
    waiting = sorted((one for one in corrections if one.closed_at is None), key=lambda one: (-one.rows_now, one.field))
    return tuple(
        Asked(
            known[one.entry_id].entry.title,
            "+".join(known[one.entry_id].entry.field(name).title for name in one.field.split("+")),
            known[one.source_id].entry.title,
            departments.get(one.department, one.department),
            one.kind,
            one.rows_now,
            one.due_on,
        )
        for one in waiting
    )


def count_events(query: Query, since: datetime) -> Counter[str]:
    """How many steps of 疑义 were taken since an instant (naive UTC), by action."""
    sql = "SELECT action, count(*) AS times FROM ledger.correction_events WHERE happened_at >= ? GROUP BY action"
    return Counter({row["action"]: int(row["times"]) for row in query(sql, [since])})


def read_golden(
    query: Query, view: str, subject: Subject, elements: Mapping[str, Element], titles: Mapping[str, str]
) -> Golden | None:
    """One record of a subject, masked; ``titles`` names entries. Of those in dispute the one best known."""
    names = [name for name in subject.elements if name != subject.key]
    disputed = " + ".join(f'CASE WHEN "{name}__disputed" THEN 1 ELSE 0 END' for name in names) or "0"
    known = " + ".join(f'CASE WHEN "{name}" IS NULL THEN 0 ELSE 1 END' for name in names) or "0"
    order = f'({disputed}) > 0 DESC, {known} DESC, {disputed} DESC, "{subject.key}"'
    rows = query(f'SELECT * FROM share."{view}" ORDER BY {order} LIMIT 1')
    if not rows:
        return None
    row = rows[0]

    def shown(name: str) -> str | None:
        value = row[name]
        return mask_value(None if value is None else str(value), elements[name].mask)

    attributes = tuple(
        Attribute(
            elements[name].title,
            shown(name),
            titles.get(str(row[f"{name}__source"]), str(row[f"{name}__source"])),
            row[f"{name}__data_date"],
            row[f"{name}__disputed"],
        )
        for name in names
    )
    return Golden(view, subject.title, str(shown(subject.key)), attributes)


def _judge(fact: ComparisonFact, planted: Expected | None, loads: Mapping[str, int]) -> CopyLine:
    names = COUNTS[fact.kind]
    found = {name: getattr(fact, name) for name in names}
    expected = {name: getattr(planted, name, None) for name in names}
    wrong = {name: (found[name], expected[name]) for name in names if found[name] != expected[name]}
    return CopyLine(
        fact.entry_id,
        fact.field,
        fact.element,
        fact.source_id,
        _is_current(fact, loads) and planted is not None,
        fact.matched or 0,
        _differences(fact, fact.kind),
        _differences(planted, fact.kind),
        wrong,
    )


def _is_current(fact: ComparisonFact, loads: Mapping[str, int]) -> bool:
    here, there = loads.get(fact.entry_id), loads.get(fact.source_id)
    return fact.state == "compared" and (fact.copy_load_no, fact.source_load_no) == (here, there)


def _differences(counts: Any, kind: str) -> int:
    """What is wrong in a comparison: differing values of an attribute, keys that the source does not know."""
    return getattr(counts, "only_here" if kind == "reference" else "differing", None) or 0
