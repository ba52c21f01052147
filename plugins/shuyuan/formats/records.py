"""Where records begin and end in delimited text: the counter that is independent of the CSV parser.

A chunk whose quotes all stand where RFC 4180 allows them (an opening one at the start of a field, a closing one
at its end, doubled ones inside) has its records ended by exactly the line feeds at even quote parity, which is
found without looking at single characters. A chunk with any other quote is walked record by record: a stray
quote inside one line makes that line a defect (``record.quotes``); a quote that is opened and never properly
closed leaves the borders of the following records open to doubt, so the whole file is refused.

Lines end in LF or CR LF. A CR elsewhere is data inside quotes and a defect outside (``record.characters``).
Lines are counted by line feeds, from 1. The bytes ``"``, LF and CR are never part of a longer UTF-8 sequence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from shuyuan.problems import DeliveryError, Location

Numbers = npt.NDArray[np.int64]

LONGEST_RECORD = 16 * 1024**2
_LF, _CR = 10, 13
_NONE = np.empty(0, np.int64)


@dataclass(frozen=True)
class Records:
    """Whole records of a stretch of text.

    ``starts[i]:ends[i]`` is record *i* without its line end, ``after[i]`` where the next one starts (int64, bytes);
    ``lines[i]`` is the line it starts on. ``defects`` maps the index of a record that is none to its rule.
    """

    text: memoryview
    starts: Numbers
    ends: Numbers
    after: Numbers
    lines: Numbers
    defects: dict[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.starts)

    def skip_first(self) -> Records:
        """Return the records after the first, which was a header line."""
        cut = int(self.after[0])
        return Records(
            self.text[cut:],
            self.starts[1:] - cut,
            self.ends[1:] - cut,
            self.after[1:] - cut,
            self.lines[1:],
            {index - 1: rule for index, rule in self.defects.items() if index},
        )

    def raw(self, index: int) -> str:
        """Return record ``index`` as text, without its line end."""
        return bytes(self.text[self.starts[index] : self.ends[index]]).decode()

    def join(self, chosen: npt.NDArray[np.bool_]) -> bytes | memoryview:
        """Return the bytes of the chosen records with their line ends; no copy when all are chosen."""
        if chosen.all():
            return self.text
        edges = np.flatnonzero(np.diff(np.concatenate(([False], chosen, [False])).astype(np.int8)))
        return b"".join(self.text[self.starts[a] : self.after[b - 1]] for a, b in edges.reshape(-1, 2))


class RecordFinder:
    """Cuts a stream of UTF-8 text into whole records; what is left over waits for the next piece."""

    def __init__(self, file: str, delimiter: str, quote: str) -> None:
        self._file = file
        self._delimiter = delimiter.encode()
        self._quote = quote.encode()
        self._rest = b""
        self._line = 1
        self._careful = _careful_patterns(self._delimiter, self._quote) if quote else None

    def feed(self, text: bytes) -> Records | None:
        """Take the next piece of text and return the records that are complete now.

        Raises:
            DeliveryError: D213 broken quoting across lines; D214 a record longer than ``LONGEST_RECORD`` bytes.
        """
        text = self._rest + text if self._rest else text
        records = self._find(text, final=False)
        used = int(records.after[-1]) if records else 0
        self._rest = text[used:]
        if len(self._rest) > LONGEST_RECORD:
            raise DeliveryError("D214", location=Location(self._file, self._line), file=self._file, line=self._line)
        return records

    def finish(self) -> Records | None:
        """Return the records of the rest. The last line of a file may lack its line end.

        Raises:
            DeliveryError: D213 the last quote is never closed.
        """
        if not self._rest:
            return None
        text, self._rest = self._rest, b""
        records = self._find(text if text.endswith(b"\n") else text + b"\n", final=True)
        if records and text.endswith(b"\r"):
            # The line feed after it is ours: a file that ends so was cut, or has other line ends.
            records.ends[-1] += 1
            records.defects.setdefault(len(records) - 1, "record.characters")
        return records

    def _find(self, text: bytes, final: bool) -> Records | None:
        octets = np.frombuffer(text, np.uint8)
        feeds = np.flatnonzero(octets == _LF)
        quotes = np.flatnonzero(octets == self._quote[0]) if self._quote and self._quote in text else _NONE
        ending = feeds[np.searchsorted(quotes, feeds) % 2 == 0] if quotes.size else feeds
        used = int(ending[-1]) + 1 if ending.size else 0
        defects: dict[int, str] = {}
        too_long = len(text) - used > LONGEST_RECORD
        if quotes.size and ((final and used < len(text)) or too_long or not self._is_legal(octets[:used], quotes)):
            ending, defects = self._walk(text, final)
            used = int(ending[-1]) + 1 if ending.size else 0
        if not ending.size:
            return None
        after = ending + 1
        starts = np.concatenate((np.zeros(1, np.int64), after[:-1]))
        ends = ending - ((octets[ending - 1] == _CR) & (ending > starts))
        lines = self._line + np.searchsorted(feeds, starts)
        self._line += int(np.searchsorted(feeds, used))
        records = Records(memoryview(text)[:used], starts, ends, after, lines, defects)
        _mark_lone_returns(records, octets[:used], quotes)
        return records

    def _is_legal(self, octets: npt.NDArray[np.uint8], quotes: Numbers) -> bool:
        """Whether every quote stands at the border of a field or is doubled inside one."""
        inside = quotes[: np.searchsorted(quotes, octets.size)]
        opening, closing = inside[0::2], inside[1::2]
        doubled = closing[:-1] + 1 == opening[1:]
        fine = (opening == 0) | (octets[opening - 1] == _LF)
        fine[1:] |= doubled
        fine |= _ends_with(octets, opening, self._delimiter)
        if not fine.all():
            return False
        following = octets[closing + 1]
        fine = following == _LF
        fine |= (following == _CR) & (octets[np.minimum(closing + 2, octets.size - 1)] == _LF)
        fine[:-1] |= doubled
        fine |= _starts_with(octets, closing + 1, self._delimiter)
        return bool(fine.all())

    def _walk(self, text: bytes, final: bool) -> tuple[Numbers, dict[int, str]]:
        """Walk record by record; return the positions of the line feeds that end records, and the defects."""
        assert self._careful is not None
        legal, quoted, plain = self._careful
        ending: list[int] = []
        defects: dict[int, str] = {}
        position = 0
        while position < len(text):
            found = legal.match(text, position)
            if found:
                end = found.end() - 1
            else:
                end = self._walk_defect(text, position, quoted, plain, final)
                if end < 0:
                    break
                defects[len(ending)] = "record.quotes"
            ending.append(end)
            position = end + 1
        return np.array(ending, np.int64), defects

    def _walk_defect(
        self, text: bytes, start: int, quoted: re.Pattern[bytes], plain: re.Pattern[bytes], final: bool
    ) -> int:
        """Return the line feed that ends a malformed record of one line, or -1 when more text is needed first.

        Raises:
            DeliveryError: D213 the record is malformed and a quoted field of it runs over a line end.
        """
        position, malformed, first_line = start, False, text.find(b"\n", start)
        running_on = -1
        while True:
            has_quotes = text.startswith(self._quote, position)
            if has_quotes:
                found = quoted.match(text, position)
                if not found:
                    if final or malformed or len(text) - start > LONGEST_RECORD:
                        raise self._open_quote(text, position)
                    return -1
                if found.end() > first_line >= 0 and running_on < 0:
                    running_on = position
                position = found.end()
            rest = plain.match(text, position)
            assert rest is not None
            malformed = malformed or self._quote in rest[0] or (has_quotes and rest[0] not in (b"", b"\r"))
            if malformed and running_on >= 0:
                raise self._open_quote(text, running_on)
            position = rest.end()
            if text.startswith(self._delimiter, position):
                position += len(self._delimiter)
            else:
                return position if position < len(text) else -1

    def _open_quote(self, text: bytes, position: int) -> DeliveryError:
        line = self._line + text.count(b"\n", 0, position)
        return DeliveryError("D213", location=Location(self._file, line), file=self._file, line=line)


def _careful_patterns(delimiter: bytes, quote: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes], re.Pattern[bytes]]:
    """A legal record with its line end; a quoted field; anything up to the next delimiter or line feed."""
    d, q = re.escape(delimiter), re.escape(quote)
    quoted = rb"%b(?>[^%b]+|%b%b)*+%b" % (q, q, q, q, q)
    bare = rb"(?>(?!%b)[^\n%b])*+" % (d, q)
    one = rb"(?>%b|%b)" % (quoted, bare)
    legal = rb"%b(?>%b%b)*+\r?\n" % (one, d, one)
    return re.compile(legal), re.compile(quoted), re.compile(rb"(?>(?!%b)[^\n])*+" % d)


def _ends_with(octets: npt.NDArray[np.uint8], positions: Numbers, pattern: bytes) -> npt.NDArray[np.bool_]:
    """Whether ``pattern`` stands right before each position."""
    before = positions - len(pattern)
    return (before >= 0) & _starts_with(octets, np.maximum(before, 0), pattern)


def _starts_with(octets: npt.NDArray[np.uint8], positions: Numbers, pattern: bytes) -> npt.NDArray[np.bool_]:
    """Whether ``pattern`` stands at each position."""
    fits = positions + len(pattern) <= octets.size
    for offset, octet in enumerate(pattern):
        fits &= octets[np.minimum(positions + offset, octets.size - 1)] == octet
    return fits


def _mark_lone_returns(records: Records, octets: npt.NDArray[np.uint8], quotes: Numbers) -> None:
    """Mark records with a CR outside quotes that is not part of their line end."""
    returns = np.flatnonzero(octets == _CR)
    lone = returns[octets[np.minimum(returns + 1, octets.size - 1)] != _LF] if returns.size else returns
    if not lone.size:
        return
    owners = np.searchsorted(records.after, lone, "right")
    depth = np.searchsorted(quotes, lone) - np.searchsorted(quotes, records.starts[owners])
    for owner in np.unique(owners[depth % 2 == 0]):
        records.defects.setdefault(int(owner), "record.characters")
