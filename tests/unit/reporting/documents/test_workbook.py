"""The .xlsx: sheets, texts as text, frozen heads and filters, nothing that acts like a formula, the same bytes."""

import re
from xml.etree import ElementTree

import pytest
from specimen import due, empty, hostile, judged, standing, unpack, whole, with_dues

from shuyuan.indicators.months import hash_state
from shuyuan.reporting.documents.workbook import make_workbook
from shuyuan.reporting.report import Report

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
SHEETS = ["共享排行", "鲜活率明细", "响应明细", "质量明细", "问题清单", "说明"]


def sheets_of(package: bytes) -> dict[str, list[list[tuple[str | None, str]]]]:
    """Rows of (kind, text) by sheet; kind is ``s`` for text and ``None`` for a number."""
    parts = unpack(package)
    shared = [
        "".join(one.text or "" for one in entry.iter(f"{MAIN}t"))
        for entry in ElementTree.fromstring(parts["xl/sharedStrings.xml"]).findall(f"{MAIN}si")
    ]
    found = {}
    names = [one.get("name", "") for one in ElementTree.fromstring(parts["xl/workbook.xml"]).iter(f"{MAIN}sheet")]
    for number, name in enumerate(names, 1):
        rows = []
        for row in ElementTree.fromstring(parts[f"xl/worksheets/sheet{number}.xml"]).iter(f"{MAIN}row"):
            cells = []
            for cell in row.findall(f"{MAIN}c"):
                value = cell.findtext(f"{MAIN}v") or ""
                kind = cell.get("t")
                cells.append((kind, shared[int(value)] if kind == "s" else value))
            rows.append(cells)
        found[name] = rows
    return found


def texts(package: bytes, sheet: str) -> list[list[str]]:
    return [[text for _, text in row] for row in sheets_of(package)[sheet]]


def make(report: Report) -> bytes:
    return make_workbook(report, "通报")


def test_the_sheets_and_their_frozen_filtered_heads() -> None:
    package = make(whole())
    parts = unpack(package)

    assert list(sheets_of(package)) == SHEETS
    for number in range(1, 6):
        raw = parts[f"xl/worksheets/sheet{number}.xml"].decode()
        assert 'state="frozen"' in raw
        assert "<autoFilter" in raw
        assert "<cols>" in raw


def test_the_same_report_gives_the_same_bytes() -> None:
    package = make(whole())

    assert package == make(whole())
    assert "2026-11-20T16:30:00Z" in unpack(package)["docProps/core.xml"].decode()


def test_every_due_date_of_the_period_is_there_with_its_state_and_reason() -> None:
    days = [due("jia.a", 3, "late"), due("jia.a", 4, "excluded", "platform"), due("jia.a", 5, "no_change")]

    rows = sheets_of(make(with_dues(judged(standing("甲")), *days)))["鲜活率明细"]

    assert [[text for _, text in row][-2:] for row in rows[1:]] == [
        ["迟到", ""],
        ["不计", "平台自身故障"],
        ["无变化申报", ""],
    ]
    assert rows[1][3][0] is None, "a due time is a date, not text"
    counted = sum(len(one.fresh.rows) for one in whole().standings.entries.values())
    assert len(texts(make(whole()), "鲜活率明细")) == counted + 1


def test_ids_and_codes_are_text() -> None:
    rows = sheets_of(make(whole()))["质量明细"]
    head = [text for _, text in rows[0]]

    for word in ("信息资源代码", "国标指标", "问题代码", "目录项标识"):
        place = head.index(word)
        assert all(row[place][0] == "s" for row in rows[1:])
    assert rows[1][head.index("国标指标")][1].startswith("0")
    assert rows[1][head.index("检查数")][0] is None


def test_the_ranking_has_components_and_weights_after_what_had_no_data_was_left_out() -> None:
    rows = texts(make(whole()), "共享排行")
    first = dict(zip(rows[0], rows[1], strict=True))

    assert first["响应及时率"] == "—"
    assert first["被使用量"] == "—"
    weights = [float(first[name]) for name in ("目录挂接率权重", "数据更新鲜活率权重", "数据质量分权重")]
    assert weights == [20.0, 40.0, 40.0]
    last = dict(zip(rows[0], rows[-1], strict=True))
    assert last["不排名原因"] == "不参评（没有应共享的信息资源）"


def test_notes_tell_period_cut_off_version_and_state() -> None:
    said = "\n".join("\t".join(row) for row in texts(make(whole()), "说明"))

    assert "考核月 2026-11：2026-10-28 至 2026-11-27" in said
    assert "数据截至 2026-11-20 16:30" in said
    assert whole().evidence.records is not None
    assert hash_state(whole().evidence.records) in said
    assert "目录挂接率\t15" in said
    assert "{" not in said


def test_hostile_titles_stay_text_and_never_a_formula() -> None:
    package = make(hostile())
    parts = unpack(package)

    assert not any(b"<f>" in content for name, content in parts.items() if name.startswith("xl/worksheets/"))
    assert not any("hyperlink" in name.lower() for name in parts)
    cells = [text for rows in sheets_of(package).values() for row in rows for kind, text in row if kind == "s"]
    assert any("alert(1)" in text for text in cells)
    assert not [text for text in cells if re.match(r"[=+\-@\t\r＝＋－＠]", text)]


def test_what_looks_like_the_writer_s_own_markup_stays_text() -> None:
    report = judged(standing("甲", title="<r><t>甲</t></r>"))

    assert "'<r><t>甲</t></r>" in texts(make(report), "共享排行")[1]


@pytest.mark.parametrize("sheet", SHEETS[:5])
def test_an_empty_ledger_gives_heads_only(sheet: str) -> None:
    assert len(texts(make(empty()), sheet)) == 1
