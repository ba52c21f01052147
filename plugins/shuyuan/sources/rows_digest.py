"""The identity of a set of rows, whatever order they come in and whatever file they are written to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_LIMBS = 8
_BYTES = pa.large_binary()


class RowsDigest:
    """The sum of each row's SHA-256 (modulo 2²⁵⁶), their number, the columns.

    A sum does not depend on the order, which databases decide by their collations. What is hashed of a row are
    the lengths of its values in bytes (32-bit little-endian, -1 for null), then the values in UTF-8.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.rows = 0
        self._names = list(names)
        self._sum = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Take in rows, given as columns of canonical text."""
        if not batch.num_rows:
            return
        lengths = np.stack([_lengths(column) for column in batch.columns], axis=1).astype("<i4")
        starts = np.arange(batch.num_rows + 1, dtype=np.int64) * 4 * batch.num_columns
        buffers = [None, pa.py_buffer(starts), pa.py_buffer(lengths)]
        parts = [pa.Array.from_buffers(_BYTES, batch.num_rows, buffers)]
        parts += [pc.fill_null(column, "").cast(_BYTES) for column in batch.columns]
        joined = pc.binary_join_element_wise(*parts, pa.scalar(b"", _BYTES))
        _, offsets, data = joined.buffers()
        ends = np.frombuffer(offsets, np.int64, batch.num_rows + 1, 8 * joined.offset).tolist()
        body, sha256 = memoryview(data), hashlib.sha256
        digests = b"".join([sha256(body[start:end]).digest() for start, end in pairwise(ends)])
        limbs = np.frombuffer(digests, ">u4").reshape(-1, _LIMBS).sum(axis=0, dtype=np.uint64)
        total = sum(int(limb) << 32 * (_LIMBS - 1 - place) for place, limb in enumerate(limbs))
        self._sum = (self._sum + total) % (1 << 256)
        self.rows += batch.num_rows

    def hexdigest(self) -> str:
        """Return the identity, 64 hex digits."""
        whole = json.dumps([self._names, self.rows, f"{self._sum:064x}"])
        return hashlib.sha256(whole.encode("ascii")).hexdigest()


def _lengths(column: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    lengths: np.ndarray[tuple[int], np.dtype[np.int32]] = (
        pc.fill_null(pc.binary_length(column), -1).cast(pa.int32()).to_numpy(zero_copy_only=False)
    )
    return lengths
