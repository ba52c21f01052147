"""gz and zip: damage, tricks and bombs."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from files import (
    ABC,
    CANARY,
    CSV,
    make_entry,
    pack_gzip,
    pack_zip,
    read,
    refuse,
)


def damage(content: bytes, kind: str) -> bytes:
    if kind == "cut":
        return content[: len(content) * 6 // 10]
    if kind == "cut in the trailer":
        return content[:-3]
    if kind == "crc":
        return content[:-8] + bytes([content[-8] ^ 1]) + content[-7:]
    if kind == "length":
        return content[:-1] + bytes([content[-1] ^ 1])
    if kind == "body":
        middle = len(content) // 2
        return content[:middle] + bytes([content[middle] ^ 0x10]) + content[middle + 1 :]
    return content + {"junk": b"junk", "zeros": b"\0\0", "junk member": b"\x1f\x8b\x08"}[kind]


PLAIN = ("a,b,c\n" + "".join(f"{i},{i * 7919 % 1000},{CANARY}\n" for i in range(20_000))).encode()


@pytest.mark.parametrize("kind", ["cut", "cut in the trailer", "crc", "length", "body", "junk", "zeros", "junk member"])
def test_damaged_gzip(kind, tmp_path):
    refuse("D203", make_entry(CSV, ABC, unpack="gz"), tmp_path, damage(gzip.compress(PLAIN), kind))


def test_gzip_of_several_members_is_one_file(tmp_path):
    content = gzip.compress(b"a,b,c\n1,2,") + gzip.compress(b"3\n4,5,6\n")
    assert read(make_entry(CSV, ABC, unpack="gz"), tmp_path, content).rows() == [("1", "2", "3"), ("4", "5", "6")]


@pytest.mark.parametrize("kind", ["cut", "body", "junk", "zeros"])
def test_damaged_zip(kind, tmp_path):
    refuse("D203", make_entry(CSV, ABC, unpack="zip"), tmp_path, damage(pack_zip(("a.csv", PLAIN)), kind))


def test_zip_with_bytes_before_it(tmp_path):
    packed = pack_zip(("a.csv", PLAIN))
    refuse("D202", make_entry(CSV, ABC, unpack="zip"), tmp_path, b"MZjunk" + packed)
    refuse("D203", make_entry(CSV, ABC, unpack="zip"), tmp_path, packed[:30] + packed)


def test_zip_with_wrong_crc(tmp_path):
    packed = bytearray(pack_zip(("a.csv", PLAIN)))
    packed[packed.rindex(b"PK\x01\x02") + 16] ^= 1
    packed[14] ^= 1
    refuse("D203", make_entry(CSV, ABC, unpack="zip"), tmp_path, bytes(packed))


def hostile_zip(kind: str) -> bytes:
    good = b"a,b,c\n1,2,3\n"
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_BZIP2 if kind == "method" else zipfile.ZIP_DEFLATED) as archive:
        if kind == "link":
            info = zipfile.ZipInfo("a.csv")
            info.external_attr = 0o120777 << 16
            archive.writestr(info, "/etc/passwd")
        elif kind == "too_many":
            for number in range(1001):
                archive.writestr(f"{number}.csv", good)
        elif kind == "no_member":
            archive.mkdir("empty")
        elif kind == "name_twice":
            archive.writestr("a.csv", good)
            archive.writestr("A.csv", good)
        elif kind == "nested by name":
            archive.writestr("a.zip", good)
        elif kind == "nested":
            archive.writestr("a.csv", pack_zip(("b.csv", good)))
        elif kind == "nested gz":
            archive.writestr("a.csv", gzip.compress(good))
        else:
            archive.writestr(kind.removeprefix("name ").replace("NUL", "\\"), good)
    content = sink.getvalue()
    if kind == "encrypted":
        content = bytearray(content)
        content[6] |= 1
        content[content.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    "kind",
    [
        "encrypted", "link", "too_many", "no_member", "name_twice", "nested", "nested by name", "nested gz", "method",
        "name ../a.csv", "name x/../../a.csv", "name /etc/a.csv", "name C:/a.csv", "name aNULb.csv",
    ],
)  # fmt: skip
def test_hostile_zip(kind, tmp_path):
    problem = refuse("D205", make_entry(CSV, ABC, unpack="zip"), tmp_path, ("d.zip", hostile_zip(kind)))
    assert str(problem.facts["reason"])
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["0", "raw"]


def test_names_in_a_zip_are_shown_in_chinese_and_clean(tmp_path):
    packed = pack_zip(("XXXX.csv", b"a,b,c\n1,2,3\n")).replace(b"XXXX", "姓名".encode("gbk"))
    assert read(make_entry(CSV, ABC, unpack="zip"), tmp_path, ("d.zip", packed)).batch.files == ("d.zip!姓名.csv",)
    packed = pack_zip(("X\x1b[m.csv", b"a,b,c\n1,2,3\n"))
    assert read(make_entry(CSV, ABC, unpack="zip"), tmp_path, ("d.zip", packed)).batch.files == ("d.zip!X?[m.csv",)


def test_folders_in_a_zip_are_no_files(tmp_path):
    packed = pack_zip(("2026/", b""), ("2026/a.csv", b"a,b,c\n1,2,3\n"))
    assert read(make_entry(CSV, ABC, unpack="zip"), tmp_path, ("d.zip", packed)).batch.files == ("d.zip!2026/a.csv",)


def test_wrong_container(tmp_path):
    gz, zipped, plain = pack_gzip(PLAIN), pack_zip(("a", PLAIN)), PLAIN
    for unpack, content in (("gz", zipped), ("gz", plain), ("zip", gz), ("zip", plain), ("none", gz), ("none", zipped)):
        refuse("D202", make_entry(CSV, ABC, unpack=unpack), tmp_path, content)
    refuse("D205", make_entry(CSV, ABC, unpack="gz"), tmp_path, pack_gzip(gz))


def bomb(kind: str) -> bytes:
    block = gzip.compress(b"1,2,3\n" * 1_000_000, 9)
    if kind == "gz":
        return gzip.compress(b"a,b,c\n") + block * 170
    sink = io.BytesIO()
    inner = {"zip": "a.csv", "xlsx": "xl/worksheets/sheet1.xml"}[kind]
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive, archive.open(inner, "w") as file:
        file.write(b"a,b,c\n")
        for _ in range(170):
            file.write(b"1,2,3\n" * 1_000_000)
    return sink.getvalue()


MEASURE = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from files import make_entry, read, text_fields
from shuyuan.problems import DeliveryError
form = {"type": "excel"} if sys.argv[3] == "xlsx" else {"type": "csv"}
unpack = "none" if sys.argv[3] == "xlsx" else sys.argv[3]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    content = Path(sys.argv[2], "bomb").read_bytes()
    read(make_entry(form, text_fields("a", "b", "c"), unpack=unpack), Path(sys.argv[2]), content)
except DeliveryError as error:
    print(error.problem.code, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
"""


@pytest.mark.parametrize("kind", ["gz", "zip", "xlsx"])
def test_a_bomb_of_a_gigabyte_fills_neither_memory_nor_disk(kind, tmp_path):
    (tmp_path / "bomb").write_bytes(bomb(kind))
    command = [sys.executable, "-c", MEASURE, str(Path(__file__).parent), str(tmp_path), kind]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ}).stdout.split()
    assert answer[0] == "D204", answer
    assert int(answer[1]) < 250, f"{answer[1]} MB more memory"
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 20 << 20


def test_the_entrys_own_limit_holds_over_all_files(tmp_path):
    entry = make_entry(CSV, ABC, unpack="gz", max_unpacked_bytes=len(PLAIN) * 2 + 10)
    packed = pack_gzip(PLAIN)
    assert read(entry, tmp_path, packed, packed).batch.rows == 40_000
    refuse("D204", entry, tmp_path, packed, packed, packed)
