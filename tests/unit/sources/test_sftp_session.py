"""The protocol against a scripted server that lies on the level of packets."""

from __future__ import annotations

import struct
import time

import pytest

from shuyuan.sources.sftp_session import ProtocolError, Refused, SftpSession
from shuyuan.sources.ssh import Limits

STATUS, HANDLE, DATA, NAME, ATTRS, EXTENDED_REPLY = 101, 102, 103, 104, 105, 201
LIMITS = Limits(reply_timeout=0.3, total_timeout=5)


def text(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def packet(kind: int, body: bytes) -> bytes:
    return struct.pack(">IB", len(body) + 1, kind) + body


class Scripted:
    """Stands for a transport and its channel; ``answer(kind, number, body)`` gives what the server sends."""

    def __init__(self, answer=None, version: bytes = struct.pack(">I", 3)) -> None:
        self.answer, self.version = answer, version
        self.asked: list[tuple[int, bytes]] = []
        self._incoming, self._timeout = b"", 1.0

    def open_session(self, window_size, max_packet_size):
        return self

    def invoke_subsystem(self, name):
        assert name == "sftp"

    def settimeout(self, seconds):
        self._timeout = seconds

    def close(self):
        self.asked.append((0, b""))

    def sendall(self, data):
        kind, body = data[4], data[5:]
        self.asked.append((kind, body))
        if kind == 1:
            self._incoming += packet(2, self.version)
        else:
            self._incoming += self.answer(kind, body[:4], body[4:])

    def recv(self, length):
        if not self._incoming:
            time.sleep(self._timeout)
            raise TimeoutError
        piece, self._incoming = self._incoming[:length], self._incoming[length:]
        return piece


def session(answer) -> SftpSession:
    return SftpSession(Scripted(answer), LIMITS)


def always(kind: int, body: bytes):
    return lambda request, number, told: packet(kind, number + body)


def test_servers_that_know_their_limits_are_asked_for_them():
    limits = text(b"limits@openssh.com") + text(b"1")

    def answering(longest):
        body = struct.pack(">QQQQ", 0, longest, 0, 0)
        return SftpSession(Scripted(always(EXTENDED_REPLY, body), struct.pack(">I", 3) + limits), LIMITS).read_size

    assert [answering(longest) for longest in (261_120, 1 << 40, 100_000, 0)] == [261_120, 261_120, 100_000, 65_536]
    assert session(None).read_size == 65_536


@pytest.mark.parametrize(
    "sent",
    [
        packet(ATTRS, b""),
        packet(ATTRS, b"\x00\x00\x00\x01"),
        struct.pack(">IB", 0, 0),
        struct.pack(">IB", 0xFFFFFFFF, 0),
        struct.pack(">IB", (1 << 20) + 1, ATTRS),
    ],
)
def test_a_packet_that_cannot_be_is_an_error(sent):
    with pytest.raises(ProtocolError):
        session(lambda *told: sent).describe(b"/x")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        struct.pack(">I", 1),
        struct.pack(">II", 0x80000000, 0xFFFFFFFF),
        struct.pack(">II", 0x80000000, 1) + struct.pack(">I", 0xFFFFFFFF),
    ],
)
def test_attributes_that_lie_about_their_length_are_an_error(body):
    with pytest.raises(ProtocolError):
        session(always(ATTRS, body)).describe(b"/x")


def test_attributes_may_be_left_out():
    found = session(always(ATTRS, struct.pack(">I", 0))).describe(b"/x")
    assert (found.size, found.mtime, found.mode, found.regular) == (None, None, None, False)


def listing(*answers):
    left = list(answers)

    def answer(kind, number, told):
        if kind == 11:
            return packet(HANDLE, number + text(b"h"))
        if kind == 4:
            return b""
        return packet(NAME, number + left.pop(0)) if left else packet(STATUS, number + struct.pack(">I", 1))

    return answer


def named(*names: bytes) -> bytes:
    return struct.pack(">I", len(names)) + b"".join(text(n) + text(b"") + struct.pack(">I", 0) for n in names)


def test_names_are_bytes():
    names = [name for name, _ in session(listing(named(b".", b"..", b"a"), named(b"\xff\x00/"))).list(b"/")]
    assert names == [b"a", b"\xff\x00/"]


@pytest.mark.parametrize("answer", [named(), struct.pack(">I", 0xFFFFFFFF) + named(b"a")[4:], b"", b"\x00"])
def test_a_count_of_names_that_lies_is_an_error(answer):
    with pytest.raises(ProtocolError):
        list(session(listing(answer)).list(b"/"))


def reading(content: bytes, **lies):
    def answer(kind, number, told):
        offset, length = struct.unpack(">QI", told[-12:])
        piece = content[offset : offset + min(length, lies.get("shortest", length))]
        if not piece:
            return packet(STATUS, number + struct.pack(">I", 1))
        return packet(DATA, number + text(lies.get("piece", piece)))

    return answer


def test_reads_are_put_in_order_whatever_the_order_of_answers():
    content, held = bytes(range(256)) * 4096, []

    def answer(kind, number, told):
        held.append(reading(content)(kind, number, told))
        if len(held) < 3 and struct.unpack(">QI", told[-12:])[0] < len(content) - 65_536:
            return b""
        sent = b"".join(reversed(held))
        held.clear()
        return sent

    assert b"".join(session(answer).read(b"h", 0, len(content))) == content


@pytest.mark.parametrize("shortest", [1000, 5000, 65_535])
def test_short_answers_are_asked_for_again(shortest):
    content = bytes(range(251)) * 1000
    assert b"".join(session(reading(content, shortest=shortest)).read(b"h", 7, len(content))) == content[7:]


def test_a_read_ends_with_the_file():
    assert b"".join(session(reading(b"abc")).read(b"h", 0, 200_000)) == b"abc"


@pytest.mark.parametrize("piece", [b"", b"x" * 101])
def test_a_read_of_another_length_is_an_error(piece):
    with pytest.raises(ProtocolError):
        list(session(reading(b"y" * 100, piece=piece)).read(b"h", 0, 100))


def test_answers_to_other_questions_do_not_count():
    with pytest.raises(TimeoutError):
        session(lambda *told: packet(ATTRS, struct.pack(">II", 999, 0))).describe(b"/x")


def test_a_flood_of_answers_to_other_questions_ends_in_time():
    flood = packet(STATUS, struct.pack(">II", 999, 0)) * 1000
    scripted = Scripted(lambda *told: flood)
    talk, begun = SftpSession(scripted, LIMITS), time.monotonic()
    scripted.recv = lambda length, whole=flood: whole[:length] if length == 4 else whole[4 : 4 + length]
    with pytest.raises(TimeoutError):
        talk.describe(b"/x")
    assert time.monotonic() - begun < 2


def test_refusals_carry_the_status():
    with pytest.raises(Refused) as caught:
        session(always(STATUS, struct.pack(">I", 3))).open(b"/x")
    assert caught.value.status == 3
    assert session(always(STATUS, struct.pack(">I", 2))).describe(b"/x") is None


def test_a_small_file_that_is_large_is_an_error():
    def answer(kind, number, told):
        if kind == 7:
            return packet(ATTRS, number + struct.pack(">II", 4, 0o100644))
        if kind == 3:
            return packet(HANDLE, number + text(b"h"))
        return b"" if kind == 4 else reading(b"z" * 500)(kind, number, told)

    assert session(answer).read_small(b"/x", 500) == b"z" * 500
    with pytest.raises(ProtocolError):
        session(answer).read_small(b"/x", 499)


@pytest.mark.parametrize("there", [True, False])
def test_without_posix_rename_an_older_receipt_is_removed_first(there):
    kinds = []

    def answer(kind, number, told):
        kinds.append(kind)
        if kind == 3:
            return packet(HANDLE, number + text(b"h"))
        if kind == 7:
            status = packet(STATUS, number + struct.pack(">I", 2))
            return packet(ATTRS, number + struct.pack(">I", 0)) if there else status
        return packet(STATUS, number + struct.pack(">I", 0))

    session(answer).write_small(b"/r.json", b"x" * 40_000)
    assert kinds == [3, 6, 6, 4, 7, 13, 18] if there else kinds == [3, 6, 6, 4, 7, 18]
