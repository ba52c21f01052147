"""The few SFTP requests we need, over a channel of a verified line, safe against a hostile server.

This speaks version 3 of the protocol (draft-ietf-secsh-filexfer-02) itself, because ``paramiko.SFTPClient``
decodes every name of a folder as UTF-8 and gives up at the first GBK one, buffers whole files when its
prefetch loses a race, and waits without end. Here names are bytes, each answer has a deadline and a size
limit, reads are pipelined in bounded memory, and a packet that lies about its length is a protocol error.
"""

from __future__ import annotations

import stat
import struct
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import paramiko

from shuyuan.sources.ssh import Limits

INIT, VERSION, OPEN, CLOSE, READ, WRITE, LSTAT, FSTAT = 1, 2, 3, 4, 5, 6, 7, 8
OPENDIR, READDIR, REMOVE, RENAME, EXTENDED = 11, 12, 13, 18, 200
STATUS, HANDLE, DATA, NAME, ATTRS, EXTENDED_REPLY = 101, 102, 103, 104, 105, 201
OK, END_OF_FILE, NO_SUCH_FILE, PERMISSION_DENIED = 0, 1, 2, 3
FOR_READING, FOR_NEW_WRITING = 0x01, 0x02 | 0x08 | 0x10

LARGE_READ, SMALL_READ = 255 * 1024, 64 * 1024
_PACKET_LIMIT = 1 << 20
_IN_FLIGHT = 8 << 20
_NAMES_LIMIT = 100_000


class ProtocolError(Exception):
    """The server's answer breaks the protocol or one of our limits."""


class TooManyNames(Exception):
    """A folder holds more names than anybody could have put there on purpose."""


class Refused(Exception):
    """The server answered a request with a failure. ``status`` is the protocol's code."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"status {status}")


@dataclass(frozen=True)
class Attributes:
    """What the server says of a file. ``size`` in bytes, ``mtime`` in whole seconds since 1970 UTC."""

    size: int | None
    mtime: int | None
    mode: int | None

    @property
    def regular(self) -> bool:
        """Whether it is an ordinary file, not a folder, link, pipe or device."""
        return self.mode is not None and stat.S_ISREG(self.mode)


class _Answer:
    """Reads the parts of one packet and never beyond its end."""

    def __init__(self, body: bytes) -> None:
        self.body, self.at = body, 0

    def take(self, length: int) -> bytes:
        if length > len(self.body) - self.at:
            raise ProtocolError("a packet ends too early")
        self.at += length
        return self.body[self.at - length : self.at]

    def integer(self) -> int:
        return int(struct.unpack(">I", self.take(4))[0])

    def long(self) -> int:
        return int(struct.unpack(">Q", self.take(8))[0])

    def text(self) -> bytes:
        return self.take(self.integer())

    def attributes(self) -> Attributes:
        flags = self.integer()
        size = self.long() if flags & 0x1 else None
        if flags & 0x2:
            self.take(8)
        mode = self.integer() if flags & 0x4 else None
        mtime = None
        if flags & 0x8:
            self.take(4)
            mtime = self.integer()
        if flags & 0x80000000:
            for _ in range(self.integer()):
                self.text()
                self.text()
        return Attributes(size, mtime, mode)


class SftpSession:
    """One SFTP session. Paths and names are bytes.

    Every method raises ``Refused`` when the server says no, ``ProtocolError`` when it talks nonsense,
    ``TimeoutError`` when it is too slow, ``EOFError`` or ``OSError`` when the line is lost.
    """

    def __init__(self, transport: paramiko.Transport, limits: Limits) -> None:
        self._limits = limits
        self._end = time.monotonic() + limits.total_timeout
        self._asked = 0
        self._channel = transport.open_session(window_size=16 << 20, max_packet_size=1 << 18)
        self._channel.settimeout(limits.reply_timeout)
        self._start(transport)
        self._send(INIT, struct.pack(">I", 3))
        kind, body = self._receive(self._deadline())
        if kind != VERSION:
            raise ProtocolError("no version")
        self._extensions = _extensions(body)
        self.read_size = self._agreed_read_size()

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    def describe(self, path: bytes) -> Attributes | None:
        """Return the attributes of ``path`` itself (links are not followed), ``None`` when it is not there."""
        try:
            return self._ask(LSTAT, _text(path), expected=ATTRS).attributes()
        except Refused as refusal:
            if refusal.status == NO_SUCH_FILE:
                return None
            raise

    def list(self, folder: bytes) -> Iterator[tuple[bytes, Attributes]]:
        """Yield name and attributes of everything in ``folder``, in the server's order.

        Raises:
            TooManyNames: after 100,000 names.
        """
        handle = self._ask(OPENDIR, _text(folder), expected=HANDLE).text()
        seen = 0
        try:
            while True:
                try:
                    answer = self._ask(READDIR, _text(handle), expected=NAME)
                except Refused as refusal:
                    if refusal.status == END_OF_FILE:
                        return
                    raise
                count = answer.integer()
                if count == 0:
                    raise ProtocolError("an answer without names")
                for _ in range(count):
                    name = answer.text()
                    answer.text()
                    attributes = answer.attributes()
                    seen += 1
                    if seen > _NAMES_LIMIT:
                        raise TooManyNames
                    if name not in (b".", b".."):
                        yield name, attributes
        finally:
            self._leave(handle)

    def open(self, path: bytes) -> bytes:
        """Open ``path`` for reading and return the handle."""
        return self._open(path, FOR_READING)

    def describe_open(self, handle: bytes) -> Attributes:
        """Return the attributes of an open file."""
        return self._ask(FSTAT, _text(handle), expected=ATTRS).attributes()

    def read(self, handle: bytes, start: int, stop: int) -> Iterator[bytes]:
        """Yield the bytes ``start`` to ``stop`` of an open file in order, at most 8 MiB in flight.

        The pieces end early when the file does: compare what you received with what you asked for.
        """
        waiting: deque[tuple[int, int, int]] = deque()
        arrived: dict[int, bytes | None] = {}
        following, size = start, self.read_size
        pace = _Pace(self._limits)
        while following < stop or waiting:
            while following < stop and len(waiting) * size < _IN_FLIGHT:
                length = min(size, stop - following)
                waiting.append((self._ask_for(handle, following, length), following, length))
                following += length
            number, offset, length = waiting.popleft()
            late = self._deadline()
            while number not in arrived:
                self._receive_piece(arrived, {number} | {other for other, _, _ in waiting}, late)
            piece = arrived.pop(number)
            if piece is None:
                return
            if not 0 < len(piece) <= length:
                raise ProtocolError("a read brought another number of bytes")
            if len(piece) < length:
                # A server may answer short; we ask for the rest and for smaller pieces from now on.
                rest = self._ask_for(handle, offset + len(piece), length - len(piece))
                waiting.appendleft((rest, offset + len(piece), length - len(piece)))
                size = max(4096, min(size, len(piece)))
            pace.count(len(piece))
            yield piece

    def read_small(self, path: bytes, limit: int) -> bytes | None:
        """Return the content of a small file, ``None`` when it is not there or not an ordinary file.

        Raises:
            ProtocolError: it is larger than ``limit`` bytes.
        """
        told = self.describe(path)
        if told is None or not told.regular:
            return None
        handle = self.open(path)
        try:
            content = b"".join(self.read(handle, 0, limit + 1))
        finally:
            self._leave(handle)
        if len(content) > limit:
            raise ProtocolError("a small file is too large")
        return content

    def write_small(self, path: bytes, content: bytes) -> None:
        """Write ``content`` under ``path`` so that a reader there sees all of it or nothing."""
        part = path + b".part"
        handle = self._open(part, FOR_NEW_WRITING)
        try:
            for at in range(0, len(content), 32_768):
                piece = content[at : at + 32_768]
                self._ask(WRITE, _text(handle) + struct.pack(">Q", at) + _text(piece))
        finally:
            self._leave(handle)
        if b"posix-rename@openssh.com" in self._extensions:
            self._ask(EXTENDED, _text(b"posix-rename@openssh.com") + _text(part) + _text(path))
            return
        if self.describe(path) is not None:
            self._ask(REMOVE, _text(path))
        self._ask(RENAME, _text(part) + _text(path))

    def close_file(self, handle: bytes) -> None:
        """Close a handle; a failure to do so changes nothing for us."""
        self._leave(handle)

    def _leave(self, handle: bytes) -> None:
        # Used on the way out of failures too, so it neither waits for the answer nor raises.
        try:
            self._send_request(CLOSE, _text(handle))
        except (OSError, EOFError):
            return

    def _start(self, transport: paramiko.Transport) -> None:
        # paramiko waits without end for the answer to this request, so the line is cut when it takes too long.
        watch = threading.Timer(self._limits.reply_timeout, transport.close)
        watch.daemon = True
        watch.start()
        try:
            self._channel.invoke_subsystem("sftp")
        finally:
            watch.cancel()

    def _open(self, path: bytes, flags: int) -> bytes:
        return self._ask(OPEN, _text(path) + struct.pack(">II", flags, 0), expected=HANDLE).text()

    def _agreed_read_size(self) -> int:
        """Ask servers that know (OpenSSH since 8.5, asyncssh) for the longest read; older ones take 64 KiB."""
        if b"limits@openssh.com" not in self._extensions:
            return SMALL_READ
        answer = self._ask(EXTENDED, _text(b"limits@openssh.com"), expected=EXTENDED_REPLY)
        answer.long()
        longest = answer.long()
        return min(LARGE_READ, longest) if longest >= 4096 else SMALL_READ

    def _ask_for(self, handle: bytes, offset: int, length: int) -> int:
        return self._send_request(READ, _text(handle) + struct.pack(">QI", offset, length))

    def _receive_piece(self, arrived: dict[int, bytes | None], expected: set[int], late: float) -> None:
        kind, answer, number = self._receive_answer(late)
        if number not in expected:
            return
        if kind == DATA:
            arrived[number] = answer.text()
            return
        status = answer.integer() if kind == STATUS else -1
        if status != END_OF_FILE:
            raise Refused(status) if kind == STATUS else ProtocolError("an unexpected answer")
        arrived[number] = None

    def _ask(self, request: int, body: bytes, expected: int = STATUS) -> _Answer:
        number, late = self._send_request(request, body), self._deadline()
        while True:
            kind, answer, answered = self._receive_answer(late)
            if answered != number:
                continue
            if kind == STATUS:
                status = answer.integer()
                if status != OK or expected != STATUS:
                    raise Refused(status)
                return answer
            if kind != expected:
                raise ProtocolError("an unexpected answer")
            return answer

    def _receive_answer(self, late: float) -> tuple[int, _Answer, int]:
        kind, body = self._receive(late)
        answer = _Answer(body)
        return kind, answer, answer.integer()

    def _send_request(self, kind: int, body: bytes) -> int:
        self._asked = (self._asked + 1) % (1 << 32)
        self._send(kind, struct.pack(">I", self._asked) + body)
        return self._asked

    def _send(self, kind: int, body: bytes) -> None:
        self._channel.sendall(struct.pack(">IB", len(body) + 1, kind) + body)

    def _receive(self, late: float) -> tuple[int, bytes]:
        length = int(struct.unpack(">I", self._receive_exactly(4, late))[0])
        if not 0 < length <= _PACKET_LIMIT:
            raise ProtocolError("a packet of impossible length")
        packet = self._receive_exactly(length, late)
        return packet[0], packet[1:]

    def _receive_exactly(self, length: int, late: float) -> bytes:
        pieces, missing = [], length
        while missing:
            left = late - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._channel.settimeout(left)
            piece = self._channel.recv(missing)
            if not piece:
                raise EOFError
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def _deadline(self) -> float:
        """When the next answer must be here: the end of the session at the latest."""
        return min(time.monotonic() + self._limits.reply_timeout, self._end)


class _Pace:
    """Notices a download that crawls: too few bytes in a whole window."""

    def __init__(self, limits: Limits) -> None:
        self._limits, self._since, self._bytes = limits, time.monotonic(), 0

    def count(self, length: int) -> None:
        self._bytes += length
        passed = time.monotonic() - self._since
        if passed >= self._limits.rate_window:
            if self._bytes < self._limits.min_rate * passed:
                raise TimeoutError
            self._since, self._bytes = time.monotonic(), 0


def _text(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def _extensions(body: bytes) -> frozenset[bytes]:
    answer = _Answer(body)
    answer.integer()
    names = set()
    while answer.at < len(body):
        names.add(answer.text())
        answer.text()
    return frozenset(names)
