"""Bytes → UTF-8 text, strictly: what is not of the declared encoding is refused with its line, never repaired.

``gbk`` is read as ``gb18030``, a superset that also has 䶮, € and the four-byte characters. Python's codec
follows GB 18030-2000; 25 two-byte codes that it puts into the private use area are moved to the characters of
GB 18030-2022. UTF-8 may begin with a byte order mark; UTF-16 must, because without one its byte order is a
guess. A file declared as GB 18030 that is valid UTF-8 from end to end, with three-byte characters in it, is
UTF-8: read as GB 18030 it would be nonsense that no decoder reports.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

from shuyuan.problems import DeliveryError, Location

_GB_FIX = {
    0xE78D: 0xFE10, 0xE78E: 0xFE12, 0xE78F: 0xFE11, 0xE790: 0xFE13, 0xE791: 0xFE14, 0xE792: 0xFE15, 0xE793: 0xFE16,
    0xE794: 0xFE17, 0xE795: 0xFE18, 0xE796: 0xFE19, 0xE7C7: 0x1E3F, 0xE816: 0x20087, 0xE817: 0x20089, 0xE818: 0x200CC,
    0xE81E: 0x9FB4, 0xE826: 0x9FB5, 0xE82B: 0x9FB6, 0xE82C: 0x9FB7, 0xE831: 0x215D7, 0xE832: 0x9FB8, 0xE83B: 0x2298F,
    0xE843: 0x9FB9, 0xE854: 0x9FBA, 0xE855: 0x241FE, 0xE864: 0x9FBB,
}  # fmt: skip
_FIX = {chr(old).encode(): chr(new).encode() for old, new in _GB_FIX.items()}
_PRIVATE_USE = re.compile(rb"\xee[\x9e-\xa1][\x80-\xbf]")
_GB_MARK = b"\x84\x31\x95\x33"
_THREE_BYTES = re.compile(rb"[\xe0-\xef]")


def read_text(chunks: Iterable[bytes], encoding: str, file: str) -> Iterator[bytes]:
    """Yield the text of ``chunks`` as UTF-8 bytes, chunk by chunk, never splitting a character.

    Raises:
        DeliveryError: D210 bytes that the encoding does not have (file, line); D211 another encoding than declared.
    """
    stream = iter(chunks)
    first = next(stream, b"")
    while len(first) < 4 and (more := next(stream, b"")):
        first += more
    if encoding == "utf-8":
        return _read_utf8(first.removeprefix(codecs.BOM_UTF8), stream, file)
    if encoding == "utf-16":
        return _read_utf16(first, stream, file)
    for mark, actual in ((codecs.BOM_UTF8, "UTF-8"), (codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16")):
        if first.startswith(mark):
            raise _other_encoding(file, encoding, actual)
    return _read_gb18030(first.removeprefix(_GB_MARK), stream, encoding, file)


def fix_gb18030(text: bytes) -> bytes:
    """Move the 25 private-use code points of GB 18030-2000 in UTF-8 ``text`` to those of GB 18030-2022."""
    if b"\xee" not in text:
        return text
    return _PRIVATE_USE.sub(lambda found: _FIX.get(found[0], found[0]), text)


def _read_utf8(first: bytes, stream: Iterator[bytes], file: str) -> Iterator[bytes]:
    line, pending = 1, b""
    chunk: bytes | None = first
    while chunk is not None:
        following = next(stream, None)
        octets = pending + chunk if pending else chunk
        try:
            used = codecs.utf_8_decode(octets, "strict", following is None)[1]
        except UnicodeDecodeError as error:
            raise _not_decodable(file, "utf-8", line + octets[: error.start].count(b"\n")) from None
        text, pending = (octets, b"") if used == len(octets) else (octets[:used], octets[used:])
        line += text.count(b"\n")
        yield text
        chunk = following


def _read_utf16(first: bytes, stream: Iterator[bytes], file: str) -> Iterator[bytes]:
    if first.startswith(codecs.BOM_UTF16_LE):
        name = "utf-16-le"
    elif first.startswith(codecs.BOM_UTF16_BE):
        name = "utf-16-be"
    else:
        raise DeliveryError("D212", location=Location(file), file=file)
    yield from _decode(first[2:], stream, name, "utf-16", file)


def _read_gb18030(first: bytes, stream: Iterator[bytes], encoding: str, file: str) -> Iterator[bytes]:
    suspect = _Utf8Suspicion()
    watched = (chunk for part in ((first,), stream) for chunk in part if suspect.look(chunk))
    for text in _decode(next(watched, b""), watched, "gb18030", encoding, file):
        yield fix_gb18030(text)
    if suspect.confirmed:
        raise _other_encoding(file, encoding, "UTF-8")


def _decode(first: bytes, stream: Iterator[bytes], name: str, declared: str, file: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(name)("strict")
    line = 1
    chunk: bytes | None = first
    while chunk is not None:
        following = next(stream, None)
        try:
            text = decoder.decode(chunk, final=following is None).encode()
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(name, "ignore")
            raise _not_decodable(file, declared, line + before.count("\n")) from None
        line += text.count(b"\n")
        yield text
        chunk = following


class _Utf8Suspicion:
    """Watches bytes that should be GB 18030 until they are not valid UTF-8, which real ones soon are."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._possible, self._long = True, False

    def look(self, chunk: bytes) -> bool:
        """Look at the next bytes; always returns True."""
        if self._possible:
            try:
                self._decoder.decode(chunk)
                self._long = self._long or _THREE_BYTES.search(chunk) is not None
            except UnicodeDecodeError:
                self._possible = False
        return True

    @property
    def confirmed(self) -> bool:
        """Whether everything was UTF-8 and held a character that ASCII and Latin scripts do not explain."""
        return self._possible and self._long and not self._decoder.getstate()[0]


def _not_decodable(file: str, encoding: str, line: int) -> DeliveryError:
    return DeliveryError("D210", location=Location(file, line), file=file, line=line, encoding=encoding)


def _other_encoding(file: str, declared: str, actual: str) -> DeliveryError:
    return DeliveryError("D211", location=Location(file), file=file, declared=declared, actual=actual)
