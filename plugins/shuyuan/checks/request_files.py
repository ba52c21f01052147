"""What was handed in, as cells by place: a workbook (xlsx), a JSON file, or rows from a page. Nothing is judged yet.

A workbook has a line a person on the sheet 人员, and the case's own items in columns beside them or, a line a case, on
the sheet 案件. Columns are known by their titles, in any order; rows above the header are not read. JSON is
``{"cases": [{"number", "authorization", <items>, "subjects": [{<items>, "signed_on"}]}]}`` with the items' names.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shuyuan.checks.refusals import RequestError
from shuyuan.entry import Check
from shuyuan.formats.filled_forms import read_form
from shuyuan.formats.members import show_name
from shuyuan.language import say, sentences
from shuyuan.problems import Location, Problem

NUMBER, AUTHORIZATION, SIGNED = "case_number", "authorization", "signed_on"
"""The columns that are no item of the check; their titles are the words ``request.column.<name>``."""

MOST_BYTES = 32 * 1024**2
MOST_ROWS = 200_000
_HEAD_ROWS = 10
_LETTERS = 26

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Line:
    """One line as handed in: filled cells by column (an item's name or one of the three above), and where it stands."""

    place: Location
    cells: Mapping[str, str] = field(repr=False)


@dataclass
class Given:
    """People and, where a file tells them apart, cases; and what cannot be understood of the layout of ``place``."""

    place: Location
    people: list[Line] = field(default_factory=list)
    cases: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_given(source: Path | Rows, check: Check, known: frozenset[str] = frozenset()) -> Given:
    """Read a request's file, or rows by title or name. ``known``: columns that the caller fills in himself.

    Raises:
        RequestError: D712, no file of a kind that is read, or too large.
        DeliveryError: D204, D230, D232, a workbook that cannot be read.
    """
    if not isinstance(source, Path):
        given = Given(Location(say("request.rows")))
        _take_rows(given.people, source, check, given.problems)
        return given
    try:
        size, head = source.stat().st_size, source.open("rb").read(4)
    except OSError:
        size, head = 0, b""
    name = show_name(source.name)
    if 0 < size <= MOST_BYTES and head == b"PK\x03\x04":
        return _read_workbook(source, name, check, known)
    if 0 < size <= MOST_BYTES and source.suffix.lower() == ".json":
        return _read_json(source, name, check)
    raise RequestError([Problem("D712", {"megabytes": MOST_BYTES >> 20}, Location(name))])


def columns_of(check: Check) -> dict[str, str]:
    """Every column of a request by its name, in the order of a form: name → title in the reader's language."""
    names = [NUMBER, *([AUTHORIZATION] if check.authorization else []), *(one.name for one in check.case)]
    names += [one.name for one in check.subjects]
    names += [SIGNED] if check.authorization and check.authorization.signed else []
    return {name: title_of(check, name) for name in names}


def needed_columns(check: Check) -> list[str]:
    """The columns without which nothing can be taken."""
    return [name for name in columns_of(check) if name not in check.inputs or check.inputs[name].required]


def title_of(check: Check, name: str) -> str:
    """A column's title."""
    return check.inputs[name].title if name in check.inputs else say(f"request.column.{name}")


def _read_workbook(path: Path, file: str, check: Check, known: frozenset[str]) -> Given:
    sheets = read_form(path)
    people_name, cases_name = (_find_sheet(sheets, f"request.sheet.{one}") for one in ("people", "cases"))
    if people_name is None:
        people_name = next((name for name in sheets if name != cases_name and any(map(any, sheets[name]))), None)
    given = Given(Location(file))
    if people_name is None:
        raise RequestError([Problem("D701", {}, Location(file))])
    own = {one.name for one in check.case} | ({AUTHORIZATION} if check.authorization else set())
    on_cases: set[str] = set()
    if cases_name is not None:
        on_cases = _take_sheet(
            given.cases, sheets[cases_name], f"{file}[{cases_name}]", check, given.problems, {NUMBER}
        )
        on_cases -= {NUMBER}
    needed = set(needed_columns(check)) - known - (on_cases & own)
    _take_sheet(given.people, sheets[people_name], f"{file}[{people_name}]", check, given.problems, needed)
    return given


def _take_sheet(
    lines: list[Line], rows: list[list[str]], file: str, check: Check, problems: list[Problem], needed: set[str]
) -> set[str]:
    """Take the lines of a sheet and return the columns that it has."""
    titles = {_squeeze(title): name for name, title in _known_titles(check)}
    at, places = _find_head(rows, titles)
    named = [titles[_squeeze(rows[at][place])] for place in places] if places else []
    missing = [name for name in columns_of(check) if name in needed and name not in named]
    if missing:
        columns = say("hint.separator").join(title_of(check, name) for name in missing)
        problems.append(Problem("D702", {"columns": columns}, Location(file, at + 1)))
        return set(named)
    for name in sorted({name for name in named if named.count(name) > 1}):
        problems.append(Problem("D713", {"column": title_of(check, name)}, Location(file, at + 1)))
    strange = [place for place, cell in enumerate(rows[at]) if cell.strip() and place not in places]
    filled = {place for row in rows[at + 1 :] for place, cell in enumerate(row) if cell.strip() and place not in places}
    for place in sorted({*strange, *filled}):  # by letter: where the header is missing, a title is somebody's name
        problems.append(Problem("D703", {"column": _letters(place)}, Location(file, at + 1)))
    for number, row in enumerate(rows[at + 1 :], at + 2):
        cells = {name: row[place] for name, place in zip(named, places, strict=True) if place < len(row)}
        filled_cells = {name: cell for name, cell in cells.items() if cell.strip()}
        if filled_cells:
            lines.append(Line(Location(file, number), filled_cells))
    return set(named)


def _find_head(rows: list[list[str]], titles: Mapping[str, str]) -> tuple[int, list[int]]:
    """The row with most known titles among the first ones, and the places of those."""
    best: tuple[int, list[int]] = (0, [])
    for at, row in enumerate(rows[:_HEAD_ROWS]):
        places = [place for place, cell in enumerate(row) if _squeeze(cell) in titles]
        if len(places) > len(best[1]):
            best = (at, places)
    return best


def _read_json(path: Path, file: str, check: Check) -> Given:
    wrong = RequestError([Problem("D716", {}, Location(file))])
    try:
        told = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise wrong from None
    cases = told.get("cases") if isinstance(told, dict) else None
    if not isinstance(cases, list) or not all(_is_case(one) for one in cases):
        raise wrong
    given, number = Given(Location(file)), 0
    for at, case in enumerate(cases, 1):
        own = {key: value for key, value in case.items() if key != "subjects"}
        own = {NUMBER if key == "number" else key: value for key, value in own.items()}
        _take_rows(given.cases, [own], check, given.problems, Location(f"{file}[cases]", at))
        for subject in case["subjects"]:
            number += 1
            row = {NUMBER: own.get(NUMBER), **subject}
            _take_rows(given.people, [row], check, given.problems, Location(f"{file}[subjects]", number))
    return given


def _is_case(told: Any) -> bool:
    return isinstance(told, dict) and isinstance(told.get("subjects"), list) and all(
        isinstance(one, dict) for one in told["subjects"]
    )  # fmt: skip


def _take_rows(
    lines: list[Line], rows: Rows, check: Check, problems: list[Problem], place: Location | None = None
) -> None:
    titles = {_squeeze(title): name for name, title in _known_titles(check)} | {
        name: name for name in columns_of(check)
    }
    for number, row in enumerate(rows, 1):
        where = place or Location(say("request.rows"), number)
        cells: dict[str, str] = {}
        for at, (key, value) in enumerate(row.items()):
            name = titles.get(key) or titles.get(_squeeze(key))
            if name is None:
                problems.append(Problem("D703", {"column": at + 1}, where))
            elif value is not None and not isinstance(value, str):
                problems.append(Problem("D717", {"column": title_of(check, name)}, where))
            elif value and value.strip():
                cells[name] = value
        if cells:
            lines.append(Line(where, cells))


def _known_titles(check: Check) -> Iterator[tuple[str, str]]:
    """Name and title of every column; those that are no items in both languages."""
    for name, title in columns_of(check).items():
        yield name, title
        if name not in check.inputs:
            yield from ((name, sentences()[f"request.column.{name}"][language]) for language in ("zh", "en"))


def _find_sheet(sheets: Mapping[str, object], key: str) -> str | None:
    words = {_squeeze(sentences()[key][language]) for language in ("zh", "en")}
    return next((name for name in sheets if _squeeze(name) in words), None)


def _squeeze(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split()).removesuffix("*")


def _letters(place: int) -> str:
    """A spreadsheet's letters for a column counted from 0."""
    before, last = divmod(place, _LETTERS)
    return (_letters(before - 1) if before else "") + chr(ord("A") + last)
