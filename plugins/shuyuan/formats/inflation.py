"""Bounded unpacking of deflated bytes: what grows beyond the entry's limit, or too steeply, is a bomb.

Declared sizes are never trusted; what comes out is counted.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shuyuan.problems import DeliveryError, Location

RATIO = 200
FREE = 64 * 1024**2
_INPUT = 256 * 1024
_OUTPUT = 8 * 1024**2
_GZIP = 31


@dataclass
class Budget:
    """How many bytes a delivery may still unpack to. One stream is looked at twice at most (head, then all)."""

    limit: int
    spent: int = 0

    def guard(self, file: str) -> Meter:
        """Return a meter for one more stream of ``file``."""
        return Meter(self, file)


class Meter:
    """Counts one stream's bytes in and out; the ratio counts once ``FREE`` bytes have come out."""

    def __init__(self, budget: Budget, file: str) -> None:
        self._budget, self._file = budget, file
        self._grown = 0

    def count(self, consumed: int, grown: int) -> None:
        """Note that ``consumed`` packed bytes (in all) have become ``grown`` more bytes.

        Raises:
            DeliveryError: D204 beyond the limit or the ratio.
        """
        self._grown += grown
        limit = self._budget.limit - self._budget.spent
        if self._grown > limit or (self._grown > FREE and self._grown > RATIO * max(consumed, 1)):
            raise DeliveryError(
                "D204", location=Location(self._file), file=self._file, limit_mb=self._budget.limit >> 20, ratio=RATIO
            )

    def close(self) -> None:
        """The stream was read to its end: charge it to the delivery's budget."""
        self._budget.spent += self._grown


def inflate_gzip(path: Path, file: str, budget: Budget) -> Iterator[bytes]:
    """Yield the contents of a gzip file (RFC 1952, one or more members) in pieces of at most 8 MB.

    Raises:
        DeliveryError: D203 truncated, wrong CRC or length, or bytes after the end; D204 a bomb.
    """
    meter = budget.guard(file)
    consumed = 0
    inflater: zlib._Decompress | None = None
    with path.open("rb") as packed:
        while data := packed.read(_INPUT):
            consumed += len(data)
            while data:
                inflater = inflater or zlib.decompressobj(_GZIP)
                try:
                    grown = inflater.decompress(data, _OUTPUT)
                except zlib.error:
                    raise damaged(file) from None
                meter.count(consumed, len(grown))
                if grown:
                    yield grown
                data = inflater.unconsumed_tail
                if inflater.eof:
                    data, inflater = inflater.unused_data, None
    if inflater is not None:
        raise damaged(file)
    meter.close()


def damaged(file: str) -> DeliveryError:
    """The packed file is cut off, altered, or something follows its end."""
    return DeliveryError("D203", location=Location(file), file=file)
