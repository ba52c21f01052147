"""The workbook of requests: what it shows, what it survives, and how its answers come back."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
import python_calamine as calamine
import xlsxwriter

from building import department_text, entry_text, make_project
from shuyuan.catalog import read_catalog
from shuyuan.entry import OneSource
from shuyuan.ledger import insert
from shuyuan.one_source.corrections import Answer, AnswerError, Group, answer, list_corrections, settle, take_answers
from shuyuan.one_source.corrections.returns import read_returned
from shuyuan.one_source.corrections.sheets import (
    ANSWERED,
    COLUMNS,
    DETAILS,
    make_workbook,
    read_discrepancies,
)
from shuyuan.one_source.titles import Titles
from shuyuan.problems import DeliveryError
from shuyuan.warehouses.duckdb import DuckDBWarehouse
from shuyuan.workdays import Calendar

NOW = datetime(2026, 11, 20, 1, 0)
LATE = datetime(2026, 12, 7, 1, 0)
ENTRY, SOURCE = "civil_affairs.low_income_households", "public_security.household_register"
NAMES = Group(ENTRY, "person_name", "person_name", "differing", SOURCE, "civil_affairs", 2, NOW)
UNKNOWN = replace(NAMES, field="id_card_no", element="resident_id", kind="unknown", rows=1)
TWICE = replace(UNKNOWN, kind="duplicate", department="public_security")
FIRST, SECOND, THIRD = (f"YY2026-00000{number}" for number in (1, 2, 3))
TOKEN = "0" * 63 + "1"


@pytest.fixture
def session(tmp_path):
    with DuckDBWarehouse(tmp_path / "w.duckdb").session() as session:
        for number, (group, here, there) in enumerate(
            [(NAMES, "=张*", "章*"), (NAMES, "+86*", None), (UNKNOWN, "1***************X", None)]
        ):
            same = {"entry_id": group.entry_id, "field": group.field, "kind": group.kind, "source_id": group.source_id}
            seen = {"first_seen": NOW + timedelta(hours=number), "last_seen": LATE, "times": 3}
            values = {"token": f"{number:063}1", "copy_value": here, "source_value": there}
            insert(session, "discrepancies", {**same, **seen, **values, "element": group.element})
        settle(session, [NAMES, UNKNOWN, TWICE], NOW, OneSource(), Calendar({}))
        yield session


@pytest.fixture(scope="module")
def titles(tmp_path_factory):
    source = entry_text(id=SOURCE, title="户籍人口基本信息", code="100000/000001", source={"path": "/x.csv"})
    departments = {"public_security": department_text(title="旗公安局")}
    project = make_project(tmp_path_factory.mktemp("p"), {ENTRY: entry_text(), SOURCE: source}, departments=departments)
    return Titles.of(read_catalog(project))


@pytest.fixture
def export(session, titles, tmp_path):
    def write(name="list.xlsx", today=LATE):
        found = list_corrections(session, today.date(), all=True)
        path = tmp_path / name
        path.write_bytes(make_workbook(found, read_discrepancies(session, found), titles, today))
        return path

    return write


def sheets(path):
    workbook = calamine.CalamineWorkbook.from_path(str(path))
    return {name: workbook.get_sheet_by_name(name).to_python() for name in workbook.sheet_names}


def fill_in(path, answers, change=lambda rows: rows):
    """Save a copy as a person would: ``answers`` by number, then ``change`` the rows of the list."""
    rows = [[*row] for row in sheets(path)["疑义清单"]]
    places = [rows[0].index(name) for name in ("处理结果", "经办人", "说明")]
    for row in rows:
        for place, text in zip(places, answers.get(row[0], ()), strict=False):
            row[place] = text
    filled = path.with_name("filled.xlsx")
    with xlsxwriter.Workbook(str(filled)) as workbook:
        workbook.add_worksheet("封面").write_string(3, 2, "请于月底前答复")
        sheet = workbook.add_worksheet("Sheet1 (2)")
        for at, row in enumerate(change(rows)):
            for place, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_string(at, place, cell.isoformat())
                elif cell != "":
                    sheet.write(at, place, cell)
    return filled


def take(session, path, now=LATE):
    with session.transaction():
        returned = read_returned(path)
        return take_answers(session, returned.answers, now, OneSource(), Calendar({}), returned.faults)


def test_the_list_says_it_in_words(export):
    head, *rows = sheets(export())["疑义清单"]
    assert len(head) == len(COLUMNS)
    shown = [dict(zip(head, row, strict=True)) for row in rows]
    assert [row["疑义编号"] for row in shown] == [FIRST, SECOND, THIRD]
    assert shown[0] == {
        "疑义编号": FIRST,
        "状态": "逾期",
        "核实部门": "鄂托克旗民政局",
        "目录项": "最低生活保障对象信息",
        "信息项": "姓名",
        "问题": "与数据源不一致",
        "数据源": "旗公安局·户籍人口基本信息",
        "现有差异行数": 2.0,
        "提出时行数": 2.0,
        "提出日期": date(2026, 11, 20),
        "答复期限": date(2026, 12, 4),
        "剩余时间": "逾期 1 个工作日",
        "重新提出次数": 0.0,
        **dict.fromkeys(("补充情况", "处理结果", "经办人", "说明"), ""),
    }
    assert [(row["核实部门"], row["问题"]) for row in shown[1:]] == [
        ("鄂托克旗民政局", "数据源中查无"),
        ("旗公安局", "数据源中重复"),
    ]


def test_the_details_are_tokens_and_masked_values(export):
    head, *rows = sheets(export())["差异明细"]
    assert len(head) == len(DETAILS)
    shown = [dict(zip(head, row, strict=True)) for row in rows]
    assert [(row["疑义编号"], row["关联标识"]) for row in shown] == [
        (FIRST, TOKEN),
        (FIRST, "0" * 62 + "11"),
        (SECOND, "0" * 62 + "21"),
    ]
    assert [(row["目录项中的值（脱敏）"], row["数据源中的值（脱敏）"]) for row in shown] == [
        ("'=张*", "章*"),
        ("'+86*", ""),
        ("1***************X", ""),
    ]
    assert (shown[0]["首次发现"], shown[0]["最近发现"], shown[0]["发现次数"]) == (
        "2026-11-20 09:00",
        "2026-12-07 09:00",
        3.0,
    )


def test_the_notes_tell_the_numbers(export):
    notes = "\n".join(row[0] for row in sheets(export())["说明"])
    assert "2026-12-07 09:00" in notes
    assert "共 3 条疑义，涉及 4 行差异，明细列出 3 行" in notes
    assert "{" not in notes


def test_no_cell_is_a_formula_and_all_texts_are_text(export):
    with zipfile.ZipFile(export()) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml")}
    lists = parts["xl/worksheets/sheet1.xml"]
    for name in ("xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml", "xl/worksheets/sheet3.xml"):
        assert "<f>" not in parts[name]
    shared = re.findall(r"<t[^>]*>([^<]*)</t>", parts["xl/sharedStrings.xml"])
    assert not [text for text in shared if text[:1] in "=+-@" and text]
    assert 'ySplit="1"' in lists
    assert 'state="frozen"' in lists
    assert '<autoFilter ref="A1:Q4"/>' in lists
    assert '<formula1>"已更正,已说明,转数据源核实"</formula1>' in lists
    assert 'sqref="O2:O4"' in lists
    assert "Print_Titles" in parts["xl/workbook.xml"]


def test_the_same_workbook_twice_is_the_same(export):
    assert export("a.xlsx").read_bytes() == export("b.xlsx").read_bytes()


def test_very_long_values_are_cut_where_everyone_sees_it(session, titles, tmp_path):
    session.execute("UPDATE ledger.discrepancies SET copy_value = ? WHERE token = ?", ["长" * 40_000, TOKEN])
    found = list_corrections(session, LATE.date())
    path = tmp_path / "long.xlsx"
    path.write_bytes(make_workbook(found, read_discrepancies(session, found), titles, LATE))
    value = sheets(path)["差异明细"][1][list(DETAILS).index("here")]
    assert (len(value), value[-1]) == (1000, "…")


def test_what_the_catalog_no_longer_knows_keeps_its_id(session, tmp_path):
    found = list_corrections(session, LATE.date())
    path = tmp_path / "unknown.xlsx"
    path.write_bytes(make_workbook(found, [], Titles({}, {}), LATE))
    assert sheets(path)["疑义清单"][1][2:5] == ["civil_affairs", ENTRY, "person_name"]


def test_an_empty_list_is_still_a_workbook(titles, tmp_path):
    path = tmp_path / "empty.xlsx"
    path.write_bytes(make_workbook([], [], titles, LATE))
    assert [len(rows) for rows in sheets(path).values()][:2] == [1, 1]
    assert read_returned(path).answers == ()


ANSWERS = {
    FIRST: ("已更正", "巴特尔", "已按户口簿更正"),
    SECOND: ("已说明", "巴特尔", "新生儿，尚未落户"),
    THIRD: ("转数据源核实", "乌云", "x"),
}


def test_round_trip(session, export):
    path = fill_in(export(), {FIRST: ANSWERS[FIRST], SECOND: ANSWERS[SECOND]})
    returned = read_returned(path)
    assert returned.unanswered == 1
    assert returned.answers[0] == Answer(
        FIRST, *("corrected", "巴特尔", "已按户口簿更正", 0), returned.answers[0].location
    )
    assert take(session, path).written == (FIRST, SECOND)
    before = session.query("SELECT * FROM ledger.corrections"), session.query("SELECT * FROM ledger.correction_events")
    again = take(session, path, LATE + timedelta(days=1))
    assert (again.written, again.repeated) == ((), (FIRST, SECOND))
    after = session.query("SELECT * FROM ledger.corrections"), session.query("SELECT * FROM ledger.correction_events")
    assert before == after


def test_a_new_list_carries_the_answers_and_gives_them_back_unchanged(session, export):
    take(session, fill_in(export(), {FIRST: ("已更正", "巴特尔", "-已改=对"), SECOND: ANSWERS[SECOND]}))
    again = export("again.xlsx")
    first = dict(zip(*sheets(again)["疑义清单"][0:3:2], strict=True))
    assert (first["疑义编号"], first["状态"], first["处理结果"], first["说明"]) == (
        FIRST,
        "已更正",
        "已更正",
        "'-已改=对",
    )
    taken = take(session, again)
    assert (taken.written, set(taken.repeated)) == ((), {FIRST, SECOND})


def _rearranged(rows):
    """Columns in another order, blank rows everywhere, a title above, padding as people leave it."""
    order = [14, 3, 16, 0, 15, 12, 1]
    moved = [[row[place] for place in order] for row in rows]
    padded = [[f" \u3000{cell}  " if isinstance(cell, str) and cell else cell for cell in row] for row in moved]
    blank = [""] * len(order)
    return [
        ["民政局疑义答复"],
        blank,
        [""],
        padded[0],
        blank,
        padded[3],
        blank,
        blank,
        padded[1],
        padded[2],
        blank,
        blank,
    ]


def _renamed_columns(rows):
    return [[str(cell).replace("处理", "处 理\n") if row is rows[0] else cell for cell in row] for row in rows]


@pytest.mark.parametrize("change", [_rearranged, _renamed_columns, lambda rows: [["", "", *row] for row in rows]])
def test_a_workbook_that_people_rearranged(session, export, change):
    assert set(take(session, fill_in(export(), {**ANSWERS, THIRD: ()}, change)).written) == {FIRST, SECOND}
    states = {line.correction_id: line.state for line in list_corrections(session, LATE.date(), all=True)}
    assert states == {FIRST: "corrected", SECOND: "explained", THIRD: "open"}


def test_words_people_type_instead_of_choosing(session, export):
    path = fill_in(export(), {FIRST: ("CORRECTED", 1024, "改"), SECOND: (" 已 说明", "巴特尔", "说")})
    assert take(session, path).written == (FIRST, SECOND)
    assert list_corrections(session, LATE.date(), all=True)[1].answered_by == "1024"


def test_a_workbook_exported_in_english_is_taken_in_chinese(session, export, monkeypatch):
    monkeypatch.setenv("SHUYUAN_LANG", "en")
    path = export()
    rows = sheets(path)["Requests"]
    rows[1][-3:] = ["explained", "Baatar", "both are right"]
    monkeypatch.delenv("SHUYUAN_LANG")
    filled = path.with_name("en.xlsx")
    with xlsxwriter.Workbook(str(filled), {"default_date_format": "yyyy-mm-dd"}) as workbook:
        sheet = workbook.add_worksheet("Requests")
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    assert take(session, filled).written == (FIRST,)


def test_every_fault_is_named_with_sheet_and_row(session, export):
    answers = {
        FIRST: ("已更正", "", "已更正"),
        SECOND: ("", "巴特尔", "说明在先"),
        THIRD: ANSWERS[FIRST],
    }

    def lose_a_number(rows):
        rows[3][0] = ""
        return [*rows, ["YY2026-000009", *rows[1][1:-3], "改好了", "巴特尔", "x"]]

    path = fill_in(export(), answers, lose_a_number)
    with pytest.raises(AnswerError) as caught:
        take(session, path)
    found = [(problem.code, str(problem.location)) for problem in caught.value.problems]
    where = "filled.xlsx[Sheet1 (2)]"
    assert found == [("D513", f"{where}:2"), ("D522", f"{where}:3"), ("D523", f"{where}:4"), ("D522", f"{where}:5")]
    assert caught.value.problems[1].allowed == ("已更正", "已说明", "转数据源核实")
    assert {line.state for line in list_corrections(session, LATE.date(), all=True)} == {"open"}


def test_faults_of_answers_name_their_row_too(session, export):
    path = fill_in(export(), {FIRST: ("已更正", "", "改"), THIRD: ANSWERS[THIRD], SECOND: ANSWERS[SECOND]})
    with pytest.raises(AnswerError) as caught:
        take(session, path)
    found = [(problem.code, problem.location.line) for problem in caught.value.problems]
    assert found == [("D513", 2), ("D515", 4)]
    assert list_corrections(session, LATE.date())[1].state == "open", "the sound row is not written either"


def test_requests_that_closed_meanwhile_do_not_spoil_the_list(session, export):
    path = fill_in(export(), {FIRST: ANSWERS[FIRST], SECOND: ANSWERS[SECOND]})
    settle(session, [replace(NAMES, rows=0)], LATE, OneSource(), Calendar({}))
    taken = take(session, path)
    assert (taken.written, taken.settled) == ((SECOND,), (FIRST,))


def test_a_list_from_before_the_request_was_reopened(session, export):
    path = fill_in(export(), {FIRST: ANSWERS[FIRST]})
    settle(session, [replace(NAMES, rows=0)], LATE, OneSource(), Calendar({}))
    settle(session, [NAMES], LATE + timedelta(days=1), OneSource(), Calendar({}))
    with pytest.raises(AnswerError) as caught:
        take(session, path)
    assert [problem.code for problem in caught.value.problems] == ["D517"]


def test_a_referral_is_shown_to_who_gets_it(session, export):
    with session.transaction():
        answer(session, FIRST, "referred", "巴特尔", "请公安局核实", LATE, OneSource(), Calendar({}))
    head, *rows = sheets(export())["疑义清单"]
    shown = {row[0]: dict(zip(head, row, strict=True)) for row in rows}[FIRST]
    assert (shown["核实部门"], shown["补充情况"], shown["处理结果"]) == ("旗公安局", "请公安局核实", "")
    assert shown["答复期限"] == date(2026, 12, 21)


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (["姓名", "身份证号"], "D520"),
        (["疑义编号"], "D520"),
        (["疑义编号", "处理结果", "经办人"], "D521"),
    ],
)
def test_workbooks_that_are_not_the_list(tmp_path, head, code):
    path = tmp_path / "other.xlsx"
    with xlsxwriter.Workbook(str(path)) as workbook:
        workbook.add_worksheet("甲").write_row(0, 0, head)
    with pytest.raises(AnswerError) as caught:
        read_returned(path)
    assert caught.value.problem.code == code


def test_what_is_no_workbook(tmp_path):
    path = tmp_path / "page.xlsx"
    for content in (b"<html>", b"PK\x03\x04 not really", b""):
        path.write_bytes(content)
        with pytest.raises(DeliveryError) as caught:
            read_returned(path)
        assert caught.value.problem.code == "D230"


def test_a_form_that_unpacks_to_too_much_is_refused(export, monkeypatch):
    path = export()
    monkeypatch.setattr("shuyuan.formats.filled_forms.MOST_BYTES", 1000)
    with pytest.raises(DeliveryError) as caught:
        read_returned(path)
    assert caught.value.problem.code == "D204"


def test_why_a_request_is_asked_again_is_told(session, export):
    with session.transaction():
        answer(session, FIRST, "corrected", "巴特尔", "已改", NOW, OneSource(), Calendar({}))
        settle(session, [NAMES, replace(UNKNOWN, rows=0)], LATE, OneSource(), Calendar({}))
    head, *rows = sheets(export())["疑义清单"]
    shown = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert shown[FIRST]["补充情况"] == "答复已更正，但再次送数后差异仍在"
    assert (shown[SECOND]["补充情况"], shown[SECOND]["剩余时间"]) == ("差异已不存在", "已办结")
    assert shown[THIRD]["补充情况"] == ""


def test_the_answer_columns_come_last():
    assert tuple(COLUMNS)[-3:] == ANSWERED
