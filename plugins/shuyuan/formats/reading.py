"""A delivery → a ``Batch``: every file of it, by the reader of its declared format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shuyuan.catalog.originals import delivered_fields, original_name
from shuyuan.entry import Element, Entry, SftpSource
from shuyuan.formats.columnar import read_parquet
from shuyuan.formats.delimited import read_delimited
from shuyuan.formats.json_lines import read_json_lines
from shuyuan.formats.members import open_members
from shuyuan.formats.pieces import Piece, Reader
from shuyuan.formats.staging import Staging
from shuyuan.formats.workbooks import read_workbook
from shuyuan.problems import DeliveryError
from shuyuan.stages import Batch, Delivery

READERS: dict[str, Reader] = {
    "csv": read_delimited,
    "tsv": read_delimited,
    "excel": read_workbook,
    "jsonl": read_json_lines,
    "parquet": read_parquet,
}
MOST_FILES = 10_000


class HasEntry(Protocol):
    """What is needed of a catalog resource: its entry, and the elements whose normal forms it stores in."""

    @property
    def entry(self) -> Entry:
        """The resolved entry."""

    @property
    def elements(self) -> Mapping[str, Element]:
        """The elements that its fields name."""


def read(resource: HasEntry, delivery: Delivery, workdir: Path) -> Batch:
    """Read ``delivery`` (its files lie under ``workdir``) and write ``batch.parquet`` and ``defects.parquet`` there.

    Every record of every file is afterwards either a row or a defect, and ``counted`` says how many a second
    counter saw. Reading the same delivery again writes the same files.

    Raises:
        DeliveryError: D2xx a file as a whole cannot be trusted; nothing is left behind.
        EntryError: E29x a declared format cannot be used.
        PlatformError: P210 the engine failed.
    """
    files: list[str] = []
    entry = resource.entry
    delivered = entry.model_copy(update={"fields": delivered_fields(entry)})
    return Staging(entry, workdir, resource.elements).write(_read_files(delivered, delivery, workdir, files), files)


@dataclass(frozen=True)
class _Keys:
    """A catalog resource that has its key fields only."""

    entry: Entry
    elements: Mapping[str, Element]


def read_keys(resource: HasEntry, delivery: Delivery, workdir: Path) -> Batch:
    """Read ``delivery.keys``, which lies under ``workdir``, as ``read`` does the rows: the key fields alone."""
    entry, keys = resource.entry, delivery.keys
    if keys is None:
        raise ValueError("no keys were read")
    named = {*entry.load.key, *(original_name(entry.field(name)) for name in entry.load.key)}
    fields = tuple(field for field in entry.fields if field.name in named)
    reduced = _Keys(entry.model_copy(update={"fields": fields}), resource.elements)
    return read(reduced, delivery.model_copy(update={"files": (keys,)}), workdir)


def _read_files(entry: Entry, delivery: Delivery, workdir: Path, files: list[str]) -> Iterator[tuple[int, Piece]]:
    read_member = READERS[entry.source.format.type if isinstance(entry.source, SftpSource) else "parquet"]
    for index, member in enumerate(open_members(delivery, entry, workdir)):
        if index >= MOST_FILES:
            raise DeliveryError("D216", files=index, most=MOST_FILES)
        files.append(member.name)
        try:
            for piece in read_member(member, entry):
                yield index, piece
        finally:
            member.discard_copy()
