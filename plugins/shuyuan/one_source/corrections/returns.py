"""Answers out of a workbook that a department sent back, however it was saved, sorted or rearranged meanwhile.

Only the list's own columns are looked for, by their names, in any order, in either language; blank rows and padding
do not count. Rows without an answer are not answered yet. Every fault is found before anything is written.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shuyuan.formats.filled_forms import read_form
from shuyuan.identifiers.spreadsheets import plain_again
from shuyuan.language import say, sentences
from shuyuan.one_source.corrections.answers import Answer, AnswerError
from shuyuan.one_source.corrections.steps import ACTIONS, Action
from shuyuan.problems import Location, Problem

NEEDED = ("id", "result", "who", "note")
_HEAD_ROWS = 30


@dataclass(frozen=True)
class Returned:
    """A list that came back: its answers, the rows that cannot be understood, how many requests have no answer yet."""

    answers: tuple[Answer, ...]
    faults: tuple[Problem, ...]
    unanswered: int


def read_returned(path: Path) -> Returned:
    """Read the answers of a workbook (xlsx, xls).

    ``faults``: D522 a result that is none of the three; D523 an answer without number; each with its sheet and row.

    Raises:
        DeliveryError: D204, D230, D232 no workbook that can be read.
        AnswerError: D520 no sheet of it is a list of requests; D521 a column is missing.
    """
    sheets = read_form(path)
    sheet, head, columns = _find_list(path.name, sheets)
    answers, faults, unanswered = [], [], 0
    for number, cells in enumerate(sheets[sheet][head + 1 :], head + 2):
        row = {name: cells[place].strip() if place < len(cells) else "" for name, place in columns.items()}
        if not any(row[name] for name in NEEDED[1:]):
            unanswered += bool(row["id"])
            continue
        where = Location(f"{path.name}[{sheet}]", number)
        found = _read_row(row, where)
        if isinstance(found, Answer):
            answers.append(found)
        else:
            faults.append(found)
    return Returned(tuple(answers), tuple(faults), unanswered)


def _read_row(row: Mapping[str, str], where: Location) -> Answer | Problem:
    if not row["id"]:
        return Problem("D523", {}, where)
    action = _action(row["result"])
    if action is None:
        allowed = tuple(say(f"correction.result.{one}") for one in ACTIONS)
        return Problem("D522", {}, where, allowed=allowed)
    reopened = row.get("reopened", "")
    known = int(reopened) if reopened.isascii() and reopened.isdigit() else None
    return Answer(row["id"], action, plain_again(row["who"]), plain_again(row["note"]), known, where)


def _action(text: str) -> Action | None:
    """The answer that a cell means: one of the words of the list, in either language, or the command's own word."""
    said = _squeeze(text)
    for action in ACTIONS:
        words = sentences()[f"correction.result.{action}"]
        if said in {_squeeze(word) for word in (action, words["zh"], words["en"])}:
            return action
    return None


def _find_list(file: str, sheets: Mapping[str, Sequence[Sequence[str]]]) -> tuple[str, int, dict[str, int]]:
    """Return the sheet, its head row (counted from 0) and the place of each column that matters."""
    nearest: tuple[str, int, list[str]] | None = None
    for sheet, rows in sheets.items():
        for at, cells in enumerate(rows[:_HEAD_ROWS]):
            columns = dict(_columns(cells))
            missing = [name for name in NEEDED if name not in columns]
            if not missing:
                return sheet, at, columns
            if "id" in columns and len(missing) < len(NEEDED) - 1:
                nearest = nearest or (sheet, at, missing)
    if nearest:
        names = say("hint.separator").join(say(f"correction.column.{name}") for name in nearest[2])
        where = Location(f"{file}[{nearest[0]}]", nearest[1] + 1)
        raise AnswerError([Problem("D521", {"columns": names}, where)])
    raise AnswerError([Problem("D520", {"sheet": say("correction.sheet.list")}, Location(file))])


def _columns(cells: Sequence[str]) -> Iterator[tuple[str, int]]:
    names = {
        _squeeze(sentences()[f"correction.column.{name}"][language]): name
        for name in (*NEEDED, "reopened")
        for language in ("zh", "en")
    }
    for place, cell in reversed(list(enumerate(cells))):
        if name := names.get(_squeeze(cell)):
            yield name, place


def _squeeze(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
