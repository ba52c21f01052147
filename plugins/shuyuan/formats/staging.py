"""Pieces of text → the two Parquet files of a ``Batch``, in one stream, so that memory does not grow with rows."""

from __future__ import annotations

import os
import shutil
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from pyarrow import parquet

from shuyuan.entry import Element, Entry
from shuyuan.formats.casting import quote, select_typed
from shuyuan.formats.pieces import Defect, Piece
from shuyuan.formats.spelling import Spelling
from shuyuan.problems import PlatformError, ShuyuanError
from shuyuan.stages import Batch

BATCH, DEFECTS = "batch.parquet", "defects.parquet"
_DEFECTS_SCHEMA = pa.schema(
    [("_row", pa.int64()), ("_file", pa.int16()), ("_line", pa.int64()), ("rule", pa.string()), ("raw", pa.string())]
)
_DEFECTS_HELD = 10_000


class Staging:
    """Writes one batch. Give it every piece in order, then let it tell what was written."""

    def __init__(self, entry: Entry, workdir: Path, elements: Mapping[str, Element]) -> None:
        self._entry, self._workdir = entry, workdir
        self._spelling = Spelling(entry, elements)
        self._spool = workdir / "defects.spool"
        self._held: list[tuple[int, Defect]] = []
        self._writer: parquet.ParquetWriter | None = None
        self._failure: ShuyuanError | None = None
        self.rows = self.defects = self.counted = 0

    def write(self, pieces: Iterator[tuple[int, Piece]], files: list[str]) -> Batch:
        """Write ``batch.parquet`` and, when there are defects, ``defects.parquet``; they appear only when whole.

        ``pieces`` yields ``(index into files, piece)``; ``files`` may still grow meanwhile.

        Raises:
            ShuyuanError: whatever reading raised. PlatformError: P210 the engine failed (disk full, memory);
                P211 a fault of ours.
        """
        try:
            self._write_rows(pieces)
            self._write_defects()
        finally:
            self._spool.unlink(missing_ok=True)
        return Batch(
            entry_id=self._entry.id,
            files=tuple(files),
            path=BATCH,
            rows=self.rows,
            defects_path=DEFECTS if self.defects else None,
            defects=self.defects,
            counted=self.counted,
        )

    def _write_rows(self, pieces: Iterator[tuple[int, Piece]]) -> None:
        fields = [pa.field(f"t{index}", pa.string()) for index in range(len(self._entry.fields))]
        numbers = [pa.field("_row", pa.int64()), pa.field("_file", pa.int16()), pa.field("_line", pa.int64())]
        schema = pa.schema([*numbers, *fields])
        query = select_typed(self._entry.fields, "texts")
        part = self._workdir / f"{BATCH}.part"
        overflow = self._workdir / "overflow"
        with duckdb.connect(":memory:", config={"threads": 1, "memory_limit": "256MB"}) as engine:
            engine.execute(f"SET temp_directory = {quote(str(overflow))}")
            reader = pa.RecordBatchReader.from_batches(schema, self._guard(self._batches(pieces, schema)))
            engine.register("texts", reader)
            try:
                engine.execute(f"COPY ({query}) TO {quote(str(part))} (FORMAT parquet, COMPRESSION snappy)")
            except (duckdb.Error, pa.ArrowException) as error:
                if self._failure is None:
                    # The engine's text may quote a cell, so only the kind of failure is passed on.
                    raise PlatformError("P210", kind=type(error).__name__) from None
            finally:
                shutil.rmtree(overflow, ignore_errors=True)
        if self._failure is not None:
            part.unlink(missing_ok=True)
            raise self._failure from None
        _settle(part, self._workdir / BATCH)

    def _guard(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Keep what reading raises, because the engine would wrap it into an error of its own.

        An unforeseen exception may quote a cell in its text: its kind and its place in our code are kept instead.
        """
        try:
            yield from batches
        except ShuyuanError as failure:
            self._failure = failure
            raise
        except Exception as failure:
            last = traceback.extract_tb(failure.__traceback__)[-1]
            place = f"{Path(last.filename).name}:{last.lineno}"
            self._failure = PlatformError("P211", kind=type(failure).__name__, place=place)
            raise

    def _batches(self, pieces: Iterator[tuple[int, Piece]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        for file, piece in pieces:
            rows = len(piece.lines)
            self.counted += piece.counted
            self._held.extend((file, defect) for defect in piece.defects)
            if len(self._held) >= _DEFECTS_HELD:
                self._spool_defects()
            if rows:
                numbers = np.arange(self.rows, self.rows + rows, dtype=np.int64)
                self.rows += rows
                columns = self._spelling.spread(piece.columns)
                yield pa.RecordBatch.from_arrays(
                    [pa.array(numbers), pa.array(np.full(rows, file, np.int16)), pa.array(piece.lines), *columns],
                    schema=schema,
                )

    def _spool_defects(self) -> None:
        if not self._held:
            return
        self._writer = self._writer or parquet.ParquetWriter(self._spool, _DEFECTS_SCHEMA)
        first = self.defects
        self.defects += len(self._held)
        columns = [
            range(first, self.defects),
            [file for file, _ in self._held],
            [defect.line for _, defect in self._held],
            [defect.rule for _, defect in self._held],
            [defect.raw for _, defect in self._held],
        ]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, _DEFECTS_SCHEMA, strict=True)]
        self._writer.write_batch(pa.record_batch(arrays, schema=_DEFECTS_SCHEMA))
        self._held.clear()

    def _write_defects(self) -> None:
        """Number the defects on from the last row, which is known only now."""
        self._spool_defects()
        (self._workdir / DEFECTS).unlink(missing_ok=True)
        if self._writer is None:
            return
        self._writer.close()
        part = self._workdir / f"{DEFECTS}.part"
        with parquet.ParquetFile(self._spool) as spooled, parquet.ParquetWriter(part, _DEFECTS_SCHEMA) as writer:
            for batch in spooled.iter_batches():
                numbers = pa.array(batch.column(0).to_numpy() + self.rows)
                writer.write_batch(pa.record_batch([numbers, *batch.columns[1:]], schema=_DEFECTS_SCHEMA))
        _settle(part, self._workdir / DEFECTS)


def _settle(part: Path, final: Path) -> None:
    """Make a finished file durable, then give it its name."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(final)
