"""What each department hands over for one data date, laid out as its front-end machine or database shows it.

``<root>/<department>/`` is what a department's login sees as ``/``; files lie below ``out``. A ready marker or
manifest is written after its data and removed before the data is written again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from shuyuan.demonstration import (
    civil_affairs,
    human_resources,
    market_regulation,
    natural_resources,
    public_security,
    taxation,
    traffic_police,
)
from shuyuan.demonstration.copies import ENTERPRISES, REGISTER, plant_slips
from shuyuan.demonstration.defects import Defect, Table, count_rejections, count_remarks, plant_defects, spoilt_rows
from shuyuan.demonstration.divisions import divisions
from shuyuan.demonstration.population import Scope
from shuyuan.demonstration.writing import (
    delimited_text,
    json_lines,
    write_bytes,
    write_database,
    write_manifest,
    write_text,
    write_workbook,
    write_zip,
)

DIVISIONS = "civil_affairs.divisions"
DEFAULT_ROWS: Mapping[str, int] = {
    REGISTER: 20_000,
    "civil_affairs.marriages": 4_000,
    "civil_affairs.low_income_households": 3_000,
    "civil_affairs.cremations": 300,
    "human_resources.social_insurance": 4_000,
    "natural_resources.real_estate_titles": 6_000,
    ENTERPRISES: 2_500,
    "taxation.taxpayers": 1_500,
    "traffic_police.vehicles": 5_000,
}
"""Rows of each generated entry when no number is asked for."""

ENTRIES = (DIVISIONS, *DEFAULT_ROWS)
MIN_ROWS, MAX_ROWS = 200, 1_000_000
VEHICLES_DATABASE = "vehicles.sqlite"


@dataclass(frozen=True)
class Totals:
    """What a checked delivery must come to: ``delivered == accepted + rejected``."""

    delivered: int
    accepted: int
    rejected: int


@dataclass(frozen=True)
class Handover:
    """One entry's delivery as written. ``marker`` is the ready file or manifest, if the department sends one."""

    entry_id: str
    data: Path
    marker: Path | None
    totals: Totals
    rejections: Mapping[str, int]


@dataclass(frozen=True)
class _Generated:
    build: Callable[[Scope], Table]
    defects: tuple[Defect, ...]


_GENERATED = {
    REGISTER: _Generated(public_security.household_register, public_security.HOUSEHOLD_REGISTER_DEFECTS),
    "civil_affairs.marriages": _Generated(civil_affairs.marriages, civil_affairs.MARRIAGES_DEFECTS),
    "civil_affairs.low_income_households": _Generated(
        civil_affairs.low_income_households, civil_affairs.LOW_INCOME_DEFECTS
    ),
    "civil_affairs.cremations": _Generated(civil_affairs.cremations, civil_affairs.CREMATIONS_DEFECTS),
    "human_resources.social_insurance": _Generated(
        human_resources.social_insurance, human_resources.SOCIAL_INSURANCE_DEFECTS
    ),
    "natural_resources.real_estate_titles": _Generated(
        natural_resources.real_estate_titles, natural_resources.REAL_ESTATE_DEFECTS
    ),
    ENTERPRISES: _Generated(market_regulation.enterprises, market_regulation.ENTERPRISES_DEFECTS),
    "taxation.taxpayers": _Generated(taxation.taxpayers, taxation.TAXPAYERS_DEFECTS),
    "traffic_police.vehicles": _Generated(traffic_police.vehicles, traffic_police.VEHICLES_DEFECTS),
}


def deliver(
    root: Path,
    data_date: date,
    rows: int | None = None,
    seed: int = 1,
    entries: Iterable[str] = ENTRIES,
    corrected: bool = False,
) -> tuple[Handover, ...]:
    """Write the deliveries of ``entries`` for ``data_date`` below ``root`` and say what was written.

    ``rows`` is the number of rows of each generated entry (``DEFAULT_ROWS`` when left out). The same arguments
    give the same bytes; another date gives slightly different rows. ``corrected``: the departments have put right
    what their copies said otherwise than the source; defects and keys that no source knows stay.

    Raises:
        ValueError: ``rows`` is not within ``MIN_ROWS`` to ``MAX_ROWS``, or ``data_date`` is before 2020.
        KeyError: an entry that the demonstration does not know.
    """
    if data_date.year < 2020:
        raise ValueError("the demonstration's data dates start in 2020")
    written = []
    for entry_id in entries:
        table = build_table(entry_id, data_date, rows, seed, corrected)
        data, marker = _WRITERS[entry_id](root / entry_id.partition(".")[0], table, data_date)
        written.append(
            Handover(entry_id, data, marker, expected_totals(entry_id, rows), expected_rejections(entry_id, rows, seed))
        )
    return tuple(written)


def build_table(
    entry_id: str, data_date: date, rows: int | None = None, seed: int = 1, corrected: bool = False
) -> Table:
    """Return one entry's rows with the planted defects and disagreements, before they are written."""
    if entry_id == DIVISIONS:
        return divisions()
    scope = Scope(
        _row_count(entry_id, rows), seed, data_date, _row_count(REGISTER, rows), _row_count(ENTERPRISES, rows)
    )
    table = _GENERATED[entry_id].build(scope)
    plant_defects(table, _GENERATED[entry_id].defects, entry_id, seed)
    published = {source: _published(source, rows, seed) for source in (REGISTER, ENTERPRISES)}
    plant_slips(table, entry_id, scope, _spoilt(entry_id, rows, seed), published, corrected)
    return table


def rejected_rows(entry_id: str, rows: int | None = None, seed: int = 1) -> frozenset[int]:
    """Return the positions of the rows that the checks must reject."""
    return frozenset(position for position, rejected in _spoilt(entry_id, rows, seed).items() if rejected)


def expected_remarks(entry_id: str, rows: int | None = None) -> dict[str, int]:
    """Return rule id → rows that the rule must count and let pass; in rejected rows it may find more."""
    if entry_id == DIVISIONS:
        return {}
    return count_remarks(_GENERATED[entry_id].defects, _row_count(entry_id, rows))


def _spoilt(entry_id: str, rows: int | None, seed: int) -> dict[int, bool]:
    if entry_id == DIVISIONS:
        return {}
    return spoilt_rows(_GENERATED[entry_id].defects, entry_id, seed, _row_count(entry_id, rows))


def _published(entry_id: str, rows: int | None, seed: int) -> list[bool]:
    spoilt = _spoilt(entry_id, rows, seed)
    return [position not in spoilt for position in range(_row_count(entry_id, rows))]


def expected_rejections(entry_id: str, rows: int | None = None, seed: int = 1) -> dict[str, int]:
    """Return rule id → rows that the checks must reject, exactly; rules that are not named reject nothing.

    No row breaks two rules, so the sum is the number of rejected rows. ``seed`` moves the defects to other rows
    and changes no count.
    """
    if entry_id == DIVISIONS:
        return {}
    return count_rejections(_GENERATED[entry_id].defects, _row_count(entry_id, rows))


def expected_totals(entry_id: str, rows: int | None = None) -> Totals:
    """Return how many rows are delivered, accepted and rejected."""
    delivered = len(divisions()) if entry_id == DIVISIONS else _row_count(entry_id, rows)
    rejected = sum(expected_rejections(entry_id, rows).values())
    return Totals(delivered, delivered - rejected, rejected)


def _row_count(entry_id: str, rows: int | None) -> int:
    if rows is None:
        return DEFAULT_ROWS[entry_id]
    if not MIN_ROWS <= rows <= MAX_ROWS:
        raise ValueError(f"rows must be {MIN_ROWS} to {MAX_ROWS}")
    return rows


def _write_divisions(home: Path, table: Table, day: date) -> tuple[Path, Path]:
    data = home / "out" / "xzqh" / f"xzqh_{day:%Y%m%d}.csv"
    return _with_marker(data, lambda: write_text(data, delimited_text(table, ","), "gb18030"))


def _write_marriages(home: Path, table: Table, day: date) -> tuple[Path, Path]:
    data = home / "out" / "hunyin" / f"jhdj_{day:%Y%m%d}.csv"
    return _with_marker(data, lambda: write_text(data, delimited_text(table, ",", quoted=("BZ",)), "utf-8-sig"))


def _write_low_income(home: Path, table: Table, day: date) -> tuple[Path, Path]:
    data = home / "out" / "dibao" / f"{day:%Y%m%d}" / "dibao.txt"
    return _with_marker(data, lambda: write_text(data, delimited_text(table, "|"), "gb18030"))


def _write_cremations(home: Path, table: Table, day: date) -> tuple[Path, Path]:
    data = home / "out" / "binzang" / f"hhxx_{day:%Y%m%d}.csv"
    return _with_marker(data, lambda: write_text(data, delimited_text(table, ","), "utf-8"))


def _write_insurance(home: Path, table: Table, day: date) -> tuple[Path, Path]:
    data = home / "out" / "shbx" / f"ylbx_{day:%Y%m%d}.jsonl"
    return _with_marker(data, lambda: write_text(data, json_lines(table), "utf-8"))


def _write_taxpayers(home: Path, table: Table, day: date) -> tuple[Path, Path]:
    data = home / "out" / "swdj" / f"nsrxx_{day:%Y%m%d}.tsv"
    return _with_marker(data, lambda: write_text(data, delimited_text(table, "\t"), "gb18030"))


def _write_register(home: Path, table: Table, day: date) -> tuple[Path, Path]:
    data = home / "out" / "hkdj" / f"{day:%Y%m%d}" / "hkrk.csv"
    manifest = data.with_suffix(".json")
    manifest.unlink(missing_ok=True)
    write_text(data, delimited_text(table, ","), "gb18030")
    write_manifest(manifest, data, len(table))
    return data, manifest


def _write_titles(home: Path, table: Table, day: date) -> tuple[Path, Path]:
    data = home / "out" / "bdc" / f"bdcdj_{day:%Y%m%d}.zip"
    offices = natural_resources.OFFICES
    edges = [len(table) * index // len(offices) for index in range(len(offices) + 1)]
    members = {
        f"不动产登记_{office}.csv": delimited_text(table, ",", rows=range(edges[index], edges[index + 1]))
        for index, office in enumerate(offices)
    }
    return _with_marker(data, lambda: write_zip(data, members, day))


def _write_enterprises(home: Path, table: Table, day: date) -> tuple[Path, None]:
    data = home / "out" / "scztdj" / f"市场主体_{day:%Y%m%d}.xlsx"
    write_workbook(data, table, market_regulation.SHEET, f"示例旗市场主体登记信息（{day:%Y-%m-%d}）", day)
    return data, None


def _write_vehicles(home: Path, table: Table, day: date) -> tuple[Path, None]:
    data = home / VEHICLES_DATABASE
    write_database(data, table, traffic_police.TABLE)
    return data, None


def _with_marker(data: Path, write: Callable[[], None]) -> tuple[Path, Path]:
    marker = data.with_suffix(".ok")
    marker.unlink(missing_ok=True)
    write()
    write_bytes(marker, b"")
    return data, marker


_WRITERS: Mapping[str, Callable[[Path, Table, date], tuple[Path, Path | None]]] = {
    DIVISIONS: _write_divisions,
    "civil_affairs.marriages": _write_marriages,
    "civil_affairs.low_income_households": _write_low_income,
    "civil_affairs.cremations": _write_cremations,
    "human_resources.social_insurance": _write_insurance,
    REGISTER: _write_register,
    "natural_resources.real_estate_titles": _write_titles,
    ENTERPRISES: _write_enterprises,
    "taxation.taxpayers": _write_taxpayers,
    "traffic_police.vehicles": _write_vehicles,
}
