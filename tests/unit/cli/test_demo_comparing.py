"""What the demonstration says of copies and sources when it has ended."""

from datetime import date
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from shuyuan.cli.comparing import comparing_lines
from shuyuan.cli.demo import print_report, print_result
from shuyuan.demonstration.comparing import Asked, Attribute, Comparing, CopyLine, Golden, Share
from shuyuan.demonstration.demo import Line, Result
from shuyuan.indicators import Period
from shuyuan.reporting.writing import Written

HERE, THERE = "civil_affairs.marriages", "public_security.household_register"
EXACT = CopyLine(HERE, "husband_name", "person_name", THERE, True, 3900, 28, 28, {})
SHARE = Share("姓名", "鄂托克旗民政局", "户籍人口登记信息", 2, 7800, 56, 56, True)
GOLDEN = Golden(
    "person",
    "人",
    "159901********0038",
    (
        Attribute("姓名", "张*", "户籍人口登记信息", date(2026, 11, 22), True),
        Attribute("出生日期", "1990-01-01", "户籍人口登记信息", date(2026, 11, 22), False),
        Attribute("联系电话", None, "户籍人口登记信息", None, None),
    ),
)


def asked(kind="differing", rows=28):
    return Asked("婚姻登记信息", "男方姓名", "户籍人口登记信息", "鄂托克旗民政局", kind, rows, date(2026, 12, 4))


def told(made, width=160):
    return [line.plain for line in comparing_lines(made, width)]


def test_an_exact_result_shows_found_and_planted():
    lines = told(Comparing((EXACT,), (SHARE,), (asked(),), 1, 0, 1, GOLDEN))
    assert lines[1] == "一数一源：1 个引用与唯一数据源比对，查出差异 56，预埋 56"
    assert lines[3].split() == ["姓名", "鄂托克旗民政局", "户籍人口登记信息", "2", "7,800", "56", "56", "一致"]
    assert "疑义：待处理 1，本次新发起 1，本次自行关闭 0" in lines
    assert "  婚姻登记信息 男方姓名：28 行与户籍人口登记信息不一致，请鄂托克旗民政局于 2026-12-04 前核实" in lines


def test_the_golden_record_shows_sources_dates_and_who_disagrees():
    lines = told(Comparing((EXACT,), (SHARE,), golden=GOLDEN))
    start = lines.index("主题视图 share.person：人 159901********0038（脱敏显示）")
    name, birth, phone = (line.split() for line in lines[start + 2 : start + 5])
    assert name == ["姓名", "张*", "户籍人口登记信息", "2026-11-22", "有异议"]
    assert birth[-1] == "一致"
    assert phone == ["联系电话", "–", "户籍人口登记信息", "–", "未比对"]


@pytest.mark.parametrize("width", [80, 120])
def test_tables_fit_the_terminal(width):
    lines = told(Comparing((EXACT,), (SHARE,), golden=GOLDEN), width)
    tables = [line for line in lines if "民政局" in line or "户籍" in line]
    assert len(tables) == 4
    assert max(map(cell_len, tables)) <= width


def test_every_number_that_is_not_as_planted_is_named():
    wrong = CopyLine(HERE, "wife_name", "person_name", THERE, True, 3900, 27, 28, {"differing": (27, 28)})
    lost = CopyLine(HERE, "husband_id", "", "", False, 0, 0, 28, {})
    lines = told(Comparing((EXACT, wrong, lost), (SHARE,)))
    assert f"{HERE} wife_name → {THERE}：differing 得 27，应为 28" in lines
    assert f"{HERE} husband_id → –：没有比对结果" in lines
    assert not any("husband_name →" in line for line in lines)


def test_only_the_first_requests_are_listed():
    lines = told(Comparing((EXACT,), (SHARE,), tuple(asked(rows=9 - n) for n in range(8))))
    assert sum("行与户籍" in line for line in lines) == 5
    assert "  …… 另有 3 条" in lines


@pytest.mark.parametrize(("kind", "words"), [("unknown", "查无"), ("duplicate", "主键重复")])
def test_each_kind_of_request_has_its_sentence(kind, words):
    assert any(words in line for line in told(Comparing((EXACT,), (SHARE,), (asked(kind),))))


@pytest.mark.parametrize("width", [80, 160])
def test_the_entries_fit_too_and_no_number_is_cut(width, tmp_path):
    line = Line("a.b", "基本养老保险参保与待遇信息", "done", 44703, 44700, 3, 100.0, None, None, True)
    bad = Line("a.c", "乙", "blocked", None, None, None, None, "on_time", "D601 骤减", False)
    console = Console(width=width, record=True, file=StringIO())
    print_result(console, Result((line, bad), tmp_path / "report", 38.4), tmp_path)
    lines = console.export_text().splitlines()
    assert lines[1].split()[1:] == ["完成", "44,703", "44,700", "3", "100.00", "首期不计", "一致"]
    assert lines[2].split() == ["乙", "阻断", "–", "–", "–", "–", "按时", "不一致"]
    assert max(map(cell_len, lines[:3])) <= width
    assert "1 个目录项、0 个引用、0 件核查与预期不符，用时 38 秒" in lines


def test_the_last_lines_say_how_the_month_goes_and_where_its_papers_are(tmp_path):
    papers = tuple(tmp_path / "documents" / name for name in ("通报.docx", "通报.xlsx", "整改通知单/甲.docx"))
    said = ("本月鲜活率 85.1%。", "该打电话的 1：某局")
    made = Written(tmp_path, 26, papers, (), Period("2026-11", date(2026, 10, 28), date(2026, 11, 27)), False, said)
    console = Console(width=80, record=True, file=StringIO())
    print_report(console, made)
    lines = [line for line in console.export_text(styles=False).splitlines() if line]
    assert lines[:2] == list(said)
    assert lines[2:5] == [f"总览：{tmp_path / 'index.html'}", f"通报：{papers[0]}", f"附表：{papers[1]}"]
    assert len(lines) == 6, "the notices to mend are one line for all"
