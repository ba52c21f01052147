"""Rows of MySQL and MariaDB, taken off the wire as they come: the server's own text, straight into Arrow.

The driver logs in and sends the query; the rows of the text protocol are then cut column by column with numpy
instead of value by value, which costs a tenth of the time. Every value is bytes with its length in front, so the
bytes of a block of rows are the data of an Arrow array whose offsets we compute.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pymysql import Connection
from pymysql.constants import CR, FIELD_TYPE, FLAG
from pymysql.err import OperationalError
from pymysql.protocol import FieldDescriptorPacket, MysqlPacket

from shuyuan.sources import spellings
from shuyuan.sources.spellings import Spelling

_READ = 1 << 18
_BLOCK = 8 << 20
_LONGEST_PACKET = 0xFFFFFF
_END, _ERROR, _NULL = 0xFE, 0xFF, 0xFB
_BINARY_CHARSET = 63
_HEADER = struct.Struct("<I").unpack_from

_REAL = {FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE}
_CLOCK = {FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP, FIELD_TYPE.TIME}
_CHARACTERS = {
    FIELD_TYPE.VARCHAR, FIELD_TYPE.VAR_STRING, FIELD_TYPE.STRING, FIELD_TYPE.BLOB, FIELD_TYPE.TINY_BLOB,
    FIELD_TYPE.MEDIUM_BLOB, FIELD_TYPE.LONG_BLOB, FIELD_TYPE.ENUM, FIELD_TYPE.SET,
}  # fmt: skip


def read_rows(connection: Connection[Any], query: str, rows: int) -> Iterator[list[tuple[Spelling, pa.Array]]]:
    """Run ``query`` and yield blocks of about ``rows`` rows: a column's spelling and its bytes (binary array).

    The connection must not be used otherwise meanwhile, and is to be closed when not all was read.

    Raises:
        pymysql.err.Error: the server refused, or the line broke.
    """
    connection.query(query, unbuffered=True)
    result = connection._result
    assert result is not None
    spelt = [_spelling(field) for field in result.fields]
    # The driver's own idea of the rest would be to read it all when the result is forgotten.
    result.unbuffered_active = False
    for block, bounds in _blocks(connection, rows):
        yield list(zip(spelt, cut_columns(block, bounds, len(spelt)), strict=True))


def _spelling(field: FieldDescriptorPacket) -> Spelling:
    kind = field.type_code
    if kind == FIELD_TYPE.BIT:
        return spellings.bits
    if kind == FIELD_TYPE.GEOMETRY or (kind in _CHARACTERS and field.charsetnr == _BINARY_CHARSET):
        return spellings.binary
    if kind in _REAL:
        return spellings.real
    if kind in _CLOCK:
        return spellings.clock
    return spellings.zero_filled if field.flags & FLAG.ZEROFILL else spellings.text


def _blocks(connection: Connection[Any], rows: int) -> Iterator[tuple[bytes, list[int]]]:
    """Yield the wire's bytes in blocks that end with a row, and where each row's values begin and end."""
    wire, buffer, bounds, place = connection._rfile, bytearray(), list[int](), 0
    most = 2 * rows
    while True:
        try:
            piece = wire.read1(_READ)
        except OSError:
            piece = b""
        if not piece:
            raise OperationalError(CR.CR_SERVER_LOST, "Lost connection to MySQL server during query")
        buffer += piece
        while (length := _next_packet(buffer, place)) is not None:
            first = place + 4
            if buffer[first] == _ERROR:
                MysqlPacket(bytes(buffer[first : first + length]), connection.encoding).raise_for_error()
            if buffer[first] == _END and length < 9:
                if bounds:
                    yield bytes(buffer[:place]), bounds
                return
            bounds += (first, first + length)
            place = _walk(buffer, first + length, bounds, most)
            if len(bounds) >= most or place > _BLOCK:
                yield bytes(buffer[:place]), bounds
                del buffer[:place]
                bounds, place = [], 0


def _walk(buffer: bytearray, place: int, bounds: list[int], most: int) -> int:
    """Note the bounds of the plain packets that follow one another from ``place`` on, until there are ``most``.

    Returns where the first packet is that needs a look: not here whole, very long, an error, or the end. This loop is
    the one piece of work that Python does for every row.
    """
    note, last = bounds.append, min(len(buffer), _BLOCK) - 4
    missing = (most - len(bounds)) // 2
    while missing > 0 and place < last:
        length: int = _HEADER(buffer, place)[0] & _LONGEST_PACKET
        first = place + 4
        end = first + length
        if end > last or buffer[first] >= _END or length == _LONGEST_PACKET:
            break
        note(first)
        note(end)
        place = end
        missing -= 1
    return place


def _next_packet(buffer: bytearray, place: int) -> int | None:
    """Return the length of the packet at ``place``, or ``None`` while it has not arrived whole.

    What is longer than 16 MiB comes as several packets: the headers between them are taken out of ``buffer``.
    """
    if place + 4 > len(buffer):
        return None
    length: int = _HEADER(buffer, place)[0] & _LONGEST_PACKET
    end = place + 4 + length
    if end > len(buffer):
        return None
    seams, part = [], length
    while part == _LONGEST_PACKET:
        if end + 4 > len(buffer):
            return None
        seams.append(end)
        part = _HEADER(buffer, end)[0] & _LONGEST_PACKET
        end += 4 + part
        length += part
        if end > len(buffer):
            return None
    for seam in reversed(seams):
        del buffer[seam : seam + 4]
    return length


def cut_columns(block: bytes, bounds: Sequence[int], columns: int) -> list[pa.Array]:
    """Cut rows of the text protocol into ``columns`` binary arrays.

    ``bounds`` holds begin and end of each row in ``block``. Raises ``pymysql.err.OperationalError`` when the values
    of a row do not fill it exactly.
    """
    rows = np.asarray(bounds, np.int64).reshape(-1, 2)
    octets, data, at, limit = np.frombuffer(block, np.uint8), pa.py_buffer(block), rows[:, 0], rows[:, 1]
    arrays = []
    for _ in range(columns):
        _require(at < limit)
        start, end, null = _value_bounds(octets, at)
        _require((start <= end) & (end <= limit))
        arrays.append(_gather(data, start, end, null))
        at = end
    _require(at == limit)
    return arrays


def _require(fits: npt.NDArray[np.bool_]) -> None:
    if not fits.all():
        raise OperationalError(CR.CR_MALFORMED_PACKET, "Malformed packet")


def _value_bounds(
    octets: npt.NDArray[np.uint8], at: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    head = octets[at]
    size, start, null = head.astype(np.int64), at + 1, head == _NULL
    size[null] = 0
    for mark, width in ((0xFC, 2), (0xFD, 3), (0xFE, 8)):
        long = np.flatnonzero(head == mark)
        if len(long):
            places = np.minimum(at[long, None] + 1 + np.arange(width), len(octets) - 1)
            size[long] = (octets[places].astype(np.int64) << (8 * np.arange(width))).sum(axis=1)
            start[long] += width
    return start, start + size, null


def _gather(
    data: pa.Buffer, start: npt.NDArray[np.int64], end: npt.NDArray[np.int64], null: npt.NDArray[np.bool_]
) -> pa.Array:
    """Copy the values out: every second element of an array over the whole block is one."""
    offsets = np.stack([start, end], axis=1).ravel().astype(np.int32)
    whole = pa.Array.from_buffers(pa.binary(), len(offsets) - 1, [None, pa.py_buffer(offsets), data])
    return whole.take(pa.array(np.arange(0, len(offsets) - 1, 2, dtype=np.int32), mask=null))
