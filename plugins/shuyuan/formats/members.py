"""The files inside a delivery: plain ones, and the contents of gz and zip, as streams with an upper bound."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from shuyuan.entry import Entry, SftpSource
from shuyuan.formats.inflation import Budget, inflate_gzip
from shuyuan.formats.zip_archives import open_zip, refuse_archive
from shuyuan.problems import DeliveryError, Location, Term
from shuyuan.stages import Delivery

CHUNK = 2 * 1024**2
_DATABASE_BYTES = 50 * 1024**3
_COMPRESSED = {
    b"PK\x03\x04": "zip", b"PK\x05\x06": "zip", b"\x1f\x8b": "gz", b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!\x1a\x07": "rar",
    b"BZh": "bz2", b"\xfd7zXZ\x00": "xz",
}  # fmt: skip
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffd]")
_LONGEST_NAME = 200
_COPY = "unpacked.part"


@dataclass(frozen=True)
class Member:
    """One file to be read. ``name`` is for people (``a.zip!b.csv``); ``path`` is set when it lies on disk as is.

    ``chunks`` opens it anew and yields its bytes in pieces of at most about 2 MB. ``budget`` is what the whole
    delivery may still grow to when it is unpacked.
    """

    name: str
    chunks: Callable[[], Iterator[bytes]]
    budget: Budget
    workdir: Path
    path: Path | None = None

    def on_disk(self) -> Path:
        """Return a path that holds the bytes, for readers that must seek; an unpacked copy is written once."""
        if self.path is not None:
            return self.path
        copy = self.workdir / _COPY
        with copy.open("wb") as file:
            for chunk in self.chunks():
                file.write(chunk)
        return copy

    def discard_copy(self) -> None:
        """Remove what ``on_disk`` wrote."""
        (self.workdir / _COPY).unlink(missing_ok=True)


def open_members(delivery: Delivery, entry: Entry, workdir: Path) -> Iterator[Member]:
    """Yield the files of ``delivery`` in order, those of a zip in the archive's order.

    Raises:
        DeliveryError: D201 a file is empty; D202 it is compressed in another way than declared; D203–D205 from
            unpacking.
    """
    source = entry.source
    limit = source.max_unpacked_bytes if isinstance(source, SftpSource) else _DATABASE_BYTES
    unpack = source.unpack if isinstance(source, SftpSource) else "none"
    workbooks = isinstance(source, SftpSource) and source.format.type == "excel"
    budget = Budget(limit)
    if not delivery.files:
        raise DeliveryError("D201", file=entry.id)
    for file in delivery.files:
        name, path = show_name(file.name), workdir / file.path
        actual = _recognise(_first_bytes(path, name))
        if actual != (None if unpack == "none" else unpack) and not (unpack == "none" and workbooks):
            raise _other_container(name, unpack, actual)
        if unpack == "none":
            yield Member(name, _plain(path), budget, workdir, path)
        elif unpack == "gz":
            yield _inner(Member(name, _gzip(path, name, budget), budget, workdir), workbooks)
        else:
            for inner, chunks in open_zip(path, name, budget):
                shown = f"{name}!{show_name(inner)}"
                yield _inner(Member(shown, chunks, budget, workdir), workbooks)


def show_name(name: str) -> str:
    """Return a file name of the outside world fit for a person's eyes: no control characters, not too long."""
    return _CONTROL.sub("?", name)[:_LONGEST_NAME]


def _inner(member: Member, workbooks: bool) -> Member:
    """Look at the first bytes of what was packed: it must be neither empty nor packed again."""
    head = next(member.chunks(), b"")
    if not head:
        raise DeliveryError("D201", location=Location(member.name), file=member.name)
    actual = _recognise(head)
    if actual and not (workbooks and actual == "zip"):
        raise refuse_archive(member.name, "nested")
    return member


def _first_bytes(path: Path, name: str) -> bytes:
    with path.open("rb") as file:
        head = file.read(8)
    if not head:
        raise DeliveryError("D201", location=Location(name), file=name)
    return head


def _recognise(head: bytes) -> str | None:
    return next((kind for mark, kind in _COMPRESSED.items() if head.startswith(mark)), None)


def _plain(path: Path) -> Callable[[], Iterator[bytes]]:
    def chunks() -> Iterator[bytes]:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk

    return chunks


def _gzip(path: Path, name: str, budget: Budget) -> Callable[[], Iterator[bytes]]:
    return lambda: inflate_gzip(path, name, budget)


def _other_container(name: str, declared: str, actual: str | None) -> DeliveryError:
    return DeliveryError(
        "D202",
        location=Location(name),
        file=name,
        declared=Term(f"container.{declared}"),
        actual=Term(f"container.{actual or 'none'}"),
    )
