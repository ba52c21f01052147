"""JSON lines: one JSON object (RFC 8259) a line, UTF-8.

Texts stay as they are, numbers keep the digits they are written with, ``null`` is NULL, ``true`` and ``false``
become the words that the field declares. A line is a defect when it is no JSON object, names a key twice or holds
NaN (``record.quotes``), lacks a key, has another or holds a list or an object (``record.fields``). A key that
no record of the file has, or that all have and the entry does not know, is a column missing or too many: the file is
refused. Blank lines at the end of the file are no records.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from shuyuan.entry import Entry, Field, JsonLinesFormat, SftpSource
from shuyuan.formats.columns import match_columns
from shuyuan.formats.members import Member
from shuyuan.formats.pieces import Defect, Piece, make_column, make_piece
from shuyuan.formats.records import RecordFinder, Records
from shuyuan.formats.texting import write_truth
from shuyuan.formats.texts import read_text


class _Number(str):
    """A JSON number, as its digits are written."""


class _Broken(ValueError):
    """The line is JSON of a kind that is not read."""


def read_json_lines(member: Member, entry: Entry) -> Iterator[Piece]:
    """Yield the records of one file.

    Raises:
        DeliveryError: D210 no UTF-8; D214 a line beyond all measure; D220, D223 keys missing or too many.
    """
    assert isinstance(entry.source, SftpSource)
    assert isinstance(entry.source.format, JsonLinesFormat)
    reading = _Reading(member.name, entry, entry.source.format.null)
    finder = RecordFinder(member.name, "\n", "")
    for text in read_text(member.chunks(), "utf-8", member.name):
        yield from reading.take(finder.feed(text))
    yield from reading.take(finder.finish())
    reading.close()


class _Reading:
    """The state of reading one file: which keys were seen, and blank lines that may be the last ones."""

    def __init__(self, file: str, entry: Entry, null: tuple[str, ...]) -> None:
        self._file, self._entry, self._null = file, entry, null
        self._names = [field.source_name for field in entry.fields]
        self._seen: dict[str, None] = {}
        self._common: set[str] | None = None
        self._blank_lines: list[int] = []
        self._decoder = json.JSONDecoder(
            object_pairs_hook=_make_object, parse_int=_Number, parse_float=_Number, parse_constant=_refuse
        )

    def take(self, records: Records | None) -> Iterator[Piece]:
        """Turn whole lines into a piece."""
        if records is None:
            return
        rows: list[list[str | None]] = []
        lines: list[int] = []
        defects: list[Defect] = []
        counted = 0
        for index, line in enumerate(records.lines.tolist()):
            text = records.raw(index)
            if not text:
                self._blank_lines.append(line)
                continue
            defects.extend(Defect(blank, "record.fields", "") for blank in self._blank_lines)
            counted += 1 + len(self._blank_lines)
            self._blank_lines = []
            rule, texts = self._read(text)
            if rule:
                defects.append(Defect(line, rule, text))
            else:
                rows.append(texts)
                lines.append(line)
        columns = [make_column([row[index] for row in rows], self._null) for index in range(len(self._names))]
        yield make_piece(columns, lines, self._entry.fields, defects, counted)

    def close(self) -> None:
        """The file is at its end: were its keys those of the entry?"""
        if self._common is None:
            return
        always = [name for name in self._seen if name in self._common or name in self._names]
        match_columns(always, self._entry, self._file)

    def _read(self, text: str) -> tuple[str | None, list[str | None]]:
        """Return the rule that the line breaks, or the texts of its fields."""
        try:
            record = self._decoder.decode(text)
        except (ValueError, RecursionError):
            return "record.quotes", []
        if not isinstance(record, dict):
            return "record.quotes", []
        self._seen.update(dict.fromkeys(record))
        self._common = set(record) if self._common is None else self._common & set(record)
        if record.keys() != set(self._names) or any(isinstance(value, dict | list) for value in record.values()):
            return "record.fields", []
        texts = [_write(record[name], field) for name, field in zip(self._names, self._entry.fields, strict=True)]
        if any(text is not None and not _is_encodable(text) for text in texts):
            return "record.characters", []
        return None, texts


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise _Broken
    return record


def _refuse(constant: str) -> NoReturn:
    raise _Broken


def _write(value: str | bool | None, field: Field) -> str | None:
    return write_truth(value, field) if isinstance(value, bool) else value


def _is_encodable(text: str) -> bool:
    """Whether the text is free of lone surrogates, which JSON can escape but no encoding can hold."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)
