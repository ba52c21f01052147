"""How the departments deliver: bytes, encodings, markers, and what changes from day to day."""

from __future__ import annotations

import fnmatch
import hashlib
import zipfile
from datetime import timedelta
from pathlib import PurePosixPath

import pytest
import python_calamine
from demonstration_places import DAY
from naive_checks import read_manifest, read_records

from shuyuan.demonstration import ENTRIES, deliver
from shuyuan.entry import with_date


def files_of(root):
    return {path.relative_to(root): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_the_same_arguments_give_the_same_bytes(tmp_path):
    for place in ("a", "b"):
        deliver(tmp_path / place, DAY, 500, 3)
    assert files_of(tmp_path / "a") == files_of(tmp_path / "b")


def test_delivering_again_changes_no_byte(tmp_path):
    deliver(tmp_path, DAY, 500, 3)
    before = files_of(tmp_path)
    deliver(tmp_path, DAY, 500, 3)
    assert files_of(tmp_path) == before


def test_another_seed_gives_other_people(tmp_path):
    first, second = (
        deliver(tmp_path / str(seed), DAY, 500, seed, ["public_security.household_register"])[0].data.read_bytes()
        for seed in (1, 2)
    )
    assert len(set(first.splitlines()) & set(second.splitlines())) < 5


def test_a_larger_delivery_keeps_its_people(tmp_path, catalog):
    """Rows do not depend on how many are asked for, but for the planted defects."""
    entry_id = "public_security.household_register"
    entry = next(resource.entry for resource in catalog.resources if resource.entry.id == entry_id)
    small, large = (
        read_records(deliver(tmp_path / str(rows), DAY, rows, 1, [entry_id])[0], entry) for rows in (1000, 5000)
    )
    same = sum(a == b for a, b in zip(small, large, strict=False))
    assert same > 970


@pytest.mark.parametrize("entry_id", [entry_id for entry_id in ENTRIES if entry_id != "civil_affairs.divisions"])
def test_the_next_days_differ_a_little(entry_id, tmp_path, catalog):
    entry = next(resource.entry for resource in catalog.resources if resource.entry.id == entry_id)
    days = []
    for day in (DAY, DAY + timedelta(5)):
        (handover,) = deliver(tmp_path / str(day), day, entries=[entry_id])
        days.append({tuple(row) for row in read_records(handover, entry)})
    assert 0 < len(days[1] - days[0]) / len(days[0]) < 0.05


@pytest.mark.parametrize("entry_id", ENTRIES)
def test_the_entry_looks_where_the_department_writes(entry_id, catalog, delivered):
    resource = next(resource for resource in catalog.resources if resource.entry.id == entry_id)
    handover, source = delivered[entry_id], resource.entry.source
    if source.type == "database":
        assert handover.marker is None
        return
    home = next(parent for parent in handover.data.parents if parent.name == resource.entry.department)
    seen = {
        "/" + str(PurePosixPath(path.relative_to(home)))
        for path in (handover.data, handover.marker)
        if path is not None
    }
    wanted = [with_date(name, DAY) for name in (source.path, source.ready_when, source.manifest) if name]
    assert all(fnmatch.filter(seen, pattern) for pattern in wanted)
    assert len(wanted) == len(seen)


def test_markers_come_after_their_data_and_nothing_half_written_stays(delivered):
    for handover in delivered.values():
        home = handover.data.parent
        assert not list(home.glob("*.part"))
        if handover.marker is not None:
            assert handover.marker.stat().st_mtime_ns >= handover.data.stat().st_mtime_ns


def test_markers_are_written_last(tmp_path, monkeypatch):
    """While a file is written, last time's marker is gone."""
    from shuyuan.demonstration import deliveries

    deliver(tmp_path, DAY, 300)
    gone = []
    for name in ("write_text", "write_zip"):
        write = getattr(deliveries, name)

        def watch(path, *rest, write=write):
            marks = [path.with_suffix(".ok"), path.with_suffix(".json")]
            gone.append(not any(mark.exists() for mark in marks))
            write(path, *rest)
            gone.append(not any(mark.exists() for mark in marks))

        monkeypatch.setattr(deliveries, name, watch)
    deliver(tmp_path, DAY, 300)
    assert len(gone) == 16
    assert all(gone)


def test_the_manifest_tells_the_truth(delivered):
    handover = delivered["public_security.household_register"]
    content = handover.data.read_bytes()
    assert read_manifest(handover) == {
        "files": [
            {"name": handover.data.name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()},
        ],
        "rows": handover.totals.delivered,
    }


def test_pipe_trail_bytes_are_really_there(delivered):
    """Splitting the raw bytes at ``|`` gives other columns than splitting the decoded text."""
    raw = delivered["civil_affairs.low_income_households"].data.read_bytes()
    assert "東".encode("gb18030") == b"\x96|"
    assert raw.count(b"|") > raw.decode("gb18030").count("|")
    assert "東".encode("gb18030") in raw


def test_rare_and_mongolian_names_are_there(delivered):
    text = delivered["public_security.household_register"].data.read_bytes().decode("gb18030")
    assert all(character in text for character in "䶮𬭎𠮷")
    with pytest.raises(UnicodeEncodeError):
        text.encode("gbk")
    assert sum("·" in line for line in text.splitlines()) > 500


def test_marriages_begin_with_a_byte_order_mark_and_quote_what_must_be(delivered):
    raw = delivered["civil_affairs.marriages"].data.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfZSBH,")
    assert '"补领，原因：""遗失"""'.encode() in raw
    assert '"原证破损\n已收回"'.encode() in raw


def test_the_archive_holds_one_file_an_office(delivered):
    with zipfile.ZipFile(delivered["natural_resources.real_estate_titles"].data) as archive:
        assert archive.namelist() == [f"不动产登记_{office}.csv" for office in ("乌兰镇", "棋盘井镇", "蒙西镇")]
        heads = {archive.read(name).partition(b"\r\n")[0] for name in archive.namelist()}
    assert len(heads) == 1


def test_excel_damage_is_of_every_kind(delivered, catalog):
    entry_id = "market_regulation.enterprises"
    entry = next(resource.entry for resource in catalog.resources if resource.entry.id == entry_id)
    records = read_records(delivered[entry_id], entry)
    ids = [record[records[0].index("FRSFZH")] for record in records[1:]]
    assert "1.59901E+17" in ids
    assert any(one.endswith("000") for one in ids)
    sheet = python_calamine.CalamineWorkbook.from_path(delivered[entry_id].data).get_sheet_by_name("市场主体")
    place = records[0].index("FRSFZH")
    assert any(isinstance(row[place], float) for row in sheet.to_python()), "an ID in a number cell"
