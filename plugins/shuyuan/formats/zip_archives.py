"""Zip archives, member by member, by the central directory: nothing is ever extracted to a name from outside.

Only stored and deflated members are read. Everything that makes an archive mean different things to different
programs is refused: encryption, links, absolute and climbing names, names that occur twice, bytes before or
after the archive, more members than a delivery ever has.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from shuyuan.formats.inflation import Budget, damaged
from shuyuan.problems import DeliveryError, Location, Term

MOST_MEMBERS = 1000
_PIECE = 4 * 1024**2
_END = b"PK\x05\x06"
_END_SIZE = 22
_UTF8_NAME = 0x800
_ENCRYPTED = 0x2041
_PACKED_ENDINGS = (".zip", ".gz", ".tgz", ".tar", ".rar", ".7z", ".bz2", ".xz")


def open_zip(path: Path, file: str, budget: Budget) -> Iterator[tuple[str, Callable[[], Iterator[bytes]]]]:
    """Yield ``(name, open)`` for each file in the archive, in the order of its directory.

    ``open`` starts a stream of the member's bytes. ``name`` is for people only.

    Raises:
        DeliveryError: D203 damaged; D204 a bomb; D205 an archive that is refused, with the reason.
    """
    try:
        _check_borders(path, file)
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check_directory(members, file)
            named = [(_decode_name(member), member) for member in members if not member.is_dir()]
            if not named:
                raise refuse_archive(file, "no_member")
            for name, member in named:
                yield name, _stream(archive, member, f"{file}!{name}", path.stat().st_size, budget)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError, OSError):
        raise damaged(file) from None


def _check_borders(path: Path, file: str) -> None:
    """Refuse bytes after the end record; ``zipfile`` would ignore them."""
    size = path.stat().st_size
    with path.open("rb") as packed:
        packed.seek(max(0, size - _END_SIZE - 0xFFFF))
        tail = packed.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise damaged(file)
    comment = int.from_bytes(tail[at + 20 : at + 22], "little")
    if at + _END_SIZE + comment != len(tail):
        raise damaged(file)


def _check_directory(members: list[zipfile.ZipInfo], file: str) -> None:
    if len(members) > MOST_MEMBERS:
        raise refuse_archive(file, "too_many")
    if members and min(member.header_offset for member in members) != 0:
        raise damaged(file)
    seen: set[str] = set()
    for member in members:
        name = member.orig_filename
        if member.flag_bits & _ENCRYPTED:
            raise refuse_archive(file, "encrypted")
        if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise refuse_archive(file, "link")
        if "\x00" in name or "\\" in name or name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
            raise refuse_archive(file, "unsafe_name")
        if name.casefold() in seen:
            raise refuse_archive(file, "name_twice")
        if name.lower().endswith(_PACKED_ENDINGS):
            raise refuse_archive(file, "nested")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise refuse_archive(file, "method")
        seen.add(name.casefold())


def _decode_name(member: zipfile.ZipInfo) -> str:
    """Chinese Windows writes names in GBK without saying so; ``zipfile`` takes them for code page 437."""
    if member.flag_bits & _UTF8_NAME:
        return member.filename
    octets = member.filename.encode("cp437")
    for encoding in ("utf-8", "gb18030"):
        try:
            return octets.decode(encoding)
        except UnicodeDecodeError:
            continue
    return member.filename


def _stream(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, file: str, size: int, budget: Budget
) -> Callable[[], Iterator[bytes]]:
    def chunks() -> Iterator[bytes]:
        meter = budget.guard(file)
        consumed = min(member.compress_size, size)
        try:
            with archive.open(member) as stream:
                while chunk := stream.read(_PIECE):
                    meter.count(consumed, len(chunk))
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
            raise damaged(file) from None
        meter.close()

    return chunks


def refuse_archive(file: str, reason: str) -> DeliveryError:
    """The archive is of a kind that is not read; ``reason`` is a word of the message table."""
    return DeliveryError("D205", location=Location(file), file=file, reason=Term(f"archive.{reason}"))
