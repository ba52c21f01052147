"""Delimited text (csv, tsv): RFC 4180 with any delimiter, read strictly.

One declared parse: nothing is sniffed. Records are found by ``records`` and parsed by Arrow; the two counts must
agree. Decisions where RFC 4180 leaves room:

* Lines end in LF or CR LF; a file with CR alone is refused (D215). The last line may lack its end.
* Blank lines at the end of the file are no records; a blank line before is a defect (``record.fields``), also
  in a file of one column, where a row with an empty value is written ``""``.
* A line with too few or too many fields is a defect (``record.fields``), never padded or shifted.
* An empty field is NULL, quoted or not; ``format.null`` may name more words. Nothing else is guessed, nothing
  is trimmed.
* Without quote character every line feed ends a record and quotes are ordinary text.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv as arrow_csv

from shuyuan.entry import CsvFormat, Entry, SftpSource
from shuyuan.formats.characters import find_forbidden
from shuyuan.formats.columns import match_columns
from shuyuan.formats.members import Member
from shuyuan.formats.pieces import Defect, Piece
from shuyuan.formats.records import RecordFinder, Records
from shuyuan.formats.texts import read_text
from shuyuan.problems import DeliveryError, EntryError, Location

# Stand in for delimiters that Arrow cannot take (several or non-ASCII characters). Records that hold a control
# character are defects before they are parsed, so no cell has one.
_STAND_INS = ("\x1f", "\x1e", "\x1d", "\x1c", "\x1b")


def read_delimited(member: Member, entry: Entry) -> Iterator[Piece]:
    """Yield the records of one csv or tsv file.

    Raises:
        DeliveryError: D210–D215, D217 encoding, line ends, quoting; D220–D224 the header line.
        EntryError: E293 delimiter and quote cannot be told from each other or from a line end.
    """
    assert isinstance(entry.source, SftpSource)
    assert isinstance(entry.source.format, CsvFormat)
    reading = _Reading(member.name, entry, entry.source.format)
    for text in read_text(member.chunks(), entry.source.format.encoding, member.name):
        yield from reading.take(reading.finder.feed(text))
    yield from reading.take(reading.finder.finish())
    reading.close()


class _Reading:
    """The state of reading one file: the header once it is known, and blank lines that may be the last ones."""

    def __init__(self, file: str, entry: Entry, form: CsvFormat) -> None:
        self._file, self._entry, self._form = file, entry, form
        forbidden = {"\n", "\r", form.quote}
        if forbidden & set(form.delimiter) or form.quote in ("\n", "\r") or not form.quote.isascii():
            raise EntryError("E293", delimiter=repr(form.delimiter), quote=repr(form.quote))
        self.finder = RecordFinder(file, form.delimiter, form.quote)
        self._order: list[int] | None = None if form.header else list(range(len(entry.fields)))
        self._blank_lines: list[int] = []
        self._begun = False
        plain = len(form.delimiter) == 1 and form.delimiter.isascii()
        self._delimiter = form.delimiter if plain else next(one for one in _STAND_INS if one not in form.delimiter)

    def take(self, records: Records | None) -> Iterator[Piece]:
        """Turn whole records into a piece, the header line into the order of the columns."""
        if records is None:
            return
        if not self._begun:
            self._begun = True
            if records.defects.get(0) == "record.characters":
                raise DeliveryError("D215", location=Location(self._file, 1), file=self._file)
            if self._order is None:
                self._order = self._read_header(records)
                records = records.skip_first()
        if len(records):
            yield self._read(records)

    def close(self) -> None:
        """The file is at its end. Raises ``DeliveryError`` D224 when its header line is missing."""
        if self._order is None:
            raise DeliveryError("D224", location=Location(self._file), file=self._file)

    def _read_header(self, records: Records) -> list[int]:
        line = bytes(records.text[records.starts[0] : records.ends[0]])
        if 0 in records.defects or find_forbidden(line, self._allowed).size:
            raise DeliveryError("D222", location=Location(self._file, 1), file=self._file, count=1)
        separator = self._delimiter
        text = self._replace_delimiters(line, separator.encode()).decode()
        quote = self._form.quote
        try:
            reader = csv.reader(
                [text], delimiter=separator, strict=True, quotechar=quote or None, quoting=csv.QUOTE_NONE
            )
            if quote:
                reader = csv.reader([text], delimiter=separator, strict=True, quotechar=quote)
            names = next(reader, [])
        except csv.Error:
            raise DeliveryError("D222", location=Location(self._file, 1), file=self._file, count=1) from None
        return match_columns(names, self._entry, self._file, 1)

    def _read(self, records: Records) -> Piece:
        assert self._order is not None
        self._mark_characters(records)
        blank = records.ends == records.starts
        held = self._blank_lines
        if blank.all():
            held.extend(records.lines.tolist())
            return Piece(self._no_columns(), np.empty(0, np.int64), [], 0)
        trailing = int(np.argmin(blank[::-1]))
        defects = [Defect(line, "record.fields", "") for line in held]
        self._blank_lines = records.lines[len(records) - trailing :].tolist()
        counted = len(held) + len(records) - trailing
        broken = np.zeros(len(records), np.bool_)
        broken[list(records.defects)] = True
        broken[: len(records) - trailing] |= blank[: len(records) - trailing]
        for index in np.flatnonzero(broken).tolist():
            rule = records.defects.get(index, "record.fields")
            defects.append(Defect(int(records.lines[index]), rule, records.raw(index)))
        fit = ~broken
        fit[len(records) - trailing :] = False
        columns, misfits = self._parse(records, fit)
        chosen = np.flatnonzero(fit)
        for index in chosen[misfits].tolist():
            defects.append(Defect(int(records.lines[index]), "record.fields", records.raw(index)))
        lines = np.delete(records.lines[chosen], misfits)
        if len(lines) != len(columns[0]):
            raise self._disagreement(records, len(columns[0]), len(lines))
        return Piece(columns, lines, sorted(defects), counted)

    def _parse(self, records: Records, fit: npt.NDArray[np.bool_]) -> tuple[list[pa.Array], list[int]]:
        """Parse the fitting records with Arrow; return the columns and which of them had another field count."""
        assert self._order is not None
        if not fit.any():
            return self._no_columns(), []
        text = records.join(fit)
        if self._delimiter != self._form.delimiter:
            text = self._replace_delimiters(bytes(text), self._delimiter.encode())
        misfits: list[int] = []

        def note(row: arrow_csv.InvalidRow) -> str:
            misfits.append(row.number - 1)
            return "skip"

        names = [str(index) for index in range(len(self._order))]
        try:
            table = arrow_csv.read_csv(
                pa.BufferReader(pa.py_buffer(text)),
                read_options=arrow_csv.ReadOptions(use_threads=False, column_names=names, block_size=len(text) + 1),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=self._delimiter,
                    quote_char=self._form.quote or False,
                    newlines_in_values=bool(self._form.quote),
                    ignore_empty_lines=False,
                    invalid_row_handler=note,
                ),
                convert_options=arrow_csv.ConvertOptions(
                    column_types={name: pa.string() for name in names},
                    include_columns=[str(index) for index in self._order],
                    null_values=["", *self._form.null],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                    check_utf8=False,
                ),
            )
        except pa.ArrowException:
            raise self._disagreement(records, 0, int(np.count_nonzero(fit))) from None
        return [column.combine_chunks() for column in table.columns], misfits

    def _mark_characters(self, records: Records) -> None:
        text: bytes | memoryview = records.text
        if any(octet < 0x20 for octet in self._allowed) and self._form.delimiter != "\t":
            text = self._replace_delimiters(bytes(text), b" " * len(self._form.delimiter.encode()))
        found = find_forbidden(text)
        for owner in np.unique(np.searchsorted(records.after, found, "right")).tolist():
            records.defects.setdefault(owner, "record.characters")

    def _replace_delimiters(self, text: bytes, stand_in: bytes) -> bytes:
        """Put ``stand_in`` for every delimiter outside quotes."""
        delimiter = self._form.delimiter.encode()
        if not self._form.quote:
            return text.replace(delimiter, stand_in)
        parts = text.split(self._form.quote.encode())
        parts[::2] = [part.replace(delimiter, stand_in) for part in parts[::2]]
        return self._form.quote.encode().join(parts)

    @property
    def _allowed(self) -> bytes:
        return self._form.delimiter.encode()

    def _no_columns(self) -> list[pa.Array]:
        return [pa.array([], pa.string()) for _ in self._entry.fields]

    def _disagreement(self, records: Records, parsed: int, counted: int) -> DeliveryError:
        first, last = int(records.lines[0]), int(records.lines[-1])
        return DeliveryError(
            "D217", location=Location(self._file, first), file=self._file, first=first, last=last, parsed=parsed,
            counted=counted,
        )  # fmt: skip
