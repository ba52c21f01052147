"""What people hold in their hands of an answer: what could not be read is never "nothing"; the same bytes again."""

import re
import stat
import zipfile

import pytest
from python_calamine import CalamineWorkbook

import answered_checks as answered
from shuyuan.checks.answer import SourceUsed
from shuyuan.checks.reports import write_reports
from shuyuan.checks.reports.wording import AnswerWords
from shuyuan.problems import PlatformError

REASONS = ("never_published", "stale", "blocked", "unreachable", "suspended", "depends")


@pytest.fixture(scope="module")
def check():
    return answered.low_income()


def page(answer, check, folder):
    (path,) = write_reports(answer, check, answered.titles(), folder)
    return path.read_text(encoding="utf-8")


def text_of(html):
    body = html[html.index("<main>") :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_a_page_says_everything_that_a_caseworker_needs(check, tmp_path):
    html = page(answered.of_one(check, {"car": 1, "undeclared_spouse": 1}), check, tmp_path)
    told = text_of(html)
    for part in (
        "low_income-20261120-k7m2qx4a",
        "蒙K-DB-2026-0001",
        "DBSQ2026-000002",
        "鄂托克旗民政局",
        "9F3C 7A01 B2D4",
        "2026-12-20",
        "150624********1230",
        "不符合",
        "名下有 1 辆机动车，超过 1 辆",
        "最近一次婚姻登记是结婚，配偶没有申报",
        check.purpose,
        check.objection,
        check.legal_basis,
        "演示参数，以当地文件为准",
    ):
        assert part in told, part
    assert "不得他用" in told


def test_a_page_has_no_script_and_asks_for_nothing(check, tmp_path):
    html = page(answered.of_one(check, {}), check, tmp_path)
    assert "content=\"default-src 'none'; style-src 'unsafe-inline'\"" in html
    assert not re.search(r"<script|<link|<img|<iframe|javascript:|\son\w+=|https?://|url\(", html)
    assert "@page { size: A4" in html


@pytest.mark.parametrize("reason", REASONS)
def test_what_could_not_be_read_is_never_nothing(check, tmp_path, reason):
    unread = SourceUsed("homes", "natural_resources.real_estate_titles", reason, None, None, None, None)
    one = answered.case(check, "1", {}, answered.planned(check) | {"homes"})
    html = page(answered.answer(check, one, used=answered.sources(check, unread)), check, tmp_path)
    told = text_of(html)
    assert "需复核" in told
    assert "没有查成不等于没有：补查以前不能认定“符合”" in told
    rows = [text_of(f"<main>{row}") for row in re.findall(r'<tr class="v-unavailable">.*?</tr>', html)]
    assert sum("不动产" in row or "real_estate_titles" in row for row in rows) == 1 + 1 + 2 * 2
    assert all("无法核查" in row for row in rows)
    assert not any("未命中" in row or "没有这种情况" in row or "符合" in row for row in rows)


def test_a_pass_with_unread_notes_says_that_they_are_unread(check, tmp_path):
    told = text_of(page(answered.of_one(check, {}), check, tmp_path))
    assert (
        "影响结论的都查了，没有发现不符合或者需要复核的情况。只作提示的数据源有 2 个没有查成，不等于没有，见下。"
        in told
    )
    assert "住房公积金（待接入）" in told
    assert "这些项只作提示，不影响本结论" in told


def test_a_conclusion_is_told_by_shape_and_word(check, tmp_path):
    for number, (met, shape, word) in enumerate(
        (({}, "clear", "符合"), ({"died": 1}, "review", "需复核"), ({"car": 2}, "fail", "不符合"))
    ):
        html = page(answered.of_one(check, met), check, tmp_path / str(number))
        shown = re.search(r'<div class="conclusion .*?#m-(\w+)".*?<strong>(.*?)</strong>', html)
        assert shown is not None
        assert shown.groups() == (shape, word)


def test_values_of_a_request_are_escaped(check, tmp_path):
    one = answered.case(check, "<b>&\u202e=1+1", {}, answered.planned(check))
    html = page(answered.answer(check, one), check, tmp_path)
    assert "<b>" not in html
    assert "&lt;b&gt;&amp; =1+1" in html


def test_facts_fill_words_and_nothing_else_does(check):
    words = AnswerWords(answered.of_one(check, {"car": 3}), check, answered.titles())
    (case,) = words.cases()
    assert [line.text for line in case.pressing] == ["名下有 3 辆机动车，超过 1 辆；残疾人代步车凭残疾人证复核"]


def test_a_batch_is_a_workbook_a_letter_and_pages(check, tmp_path):
    answer = answered.of_many(check, 12)
    files = write_reports(answer, check, answered.titles(), tmp_path)
    assert [file.suffix for file in files] == [".xlsx", ".docx", *[".html"] * 12]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert sorted(tmp_path.iterdir()) == sorted(files)
    book = CalamineWorkbook.from_path(str(files[0]))
    assert book.sheet_names == ["结论", "明细", "数据源", "说明"]
    results = book.get_sheet_by_name("结论").to_python()
    assert len(results) == 1 + 12
    assert [row[5] for row in results[1:6]] == ["符合", "符合", "需复核", "符合", "不符合"]
    lines = book.get_sheet_by_name("明细").to_python()
    assert len(lines) == 1 + sum(len(case.lines) for case in answer.cases)
    unread = [row for row in lines[1:] if row[3] in ("住房公积金", "银行存款")]
    assert {(row[5], row[6]) for row in unread} == {("无法核查", "无法核查")}


def test_the_letter_lists_what_is_to_be_done(check, tmp_path):
    _, letter, *_ = write_reports(answered.of_many(check, 6), check, answered.titles(), tmp_path)
    with zipfile.ZipFile(letter) as package:
        told = re.sub(r"<[^>]+>", "", package.read("word/document.xml").decode())
    assert "共 6 件" in told
    assert "名下有 1 辆机动车" in told
    assert "无法核查 · 住房公积金（待接入）：住房公积金管理中心尚未接入" in told
    assert check.purpose in told


def test_cells_are_never_formulas(check, tmp_path):
    hostile = [answered.case(check, f"{sign}cmd|' /C calc'!A0", {}, answered.planned(check)) for sign in "=+-@"]
    book, *_ = write_reports(answered.answer(check, *hostile), check, answered.titles(), tmp_path)
    with zipfile.ZipFile(book) as package:
        for name in package.namelist():
            if name.startswith("xl/worksheets/"):
                assert "<f>" not in package.read(name).decode()
    rows = CalamineWorkbook.from_path(str(book)).get_sheet_by_name("结论").to_python()
    assert {row[2][0] for row in rows[1:]} == {"'"}


def test_the_same_answer_gives_the_same_bytes(check, tmp_path):
    answer = answered.of_many(check, 4)
    first = write_reports(answer, check, answered.titles(), tmp_path / "a")
    again = write_reports(answer, check, answered.titles(), tmp_path / "b")
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in again]


def test_another_spec_does_not_speak_for_an_old_answer(check, tmp_path):
    with pytest.raises(PlatformError) as refused:
        write_reports(answered.signed_otherwise(answered.of_one(check, {})), check, answered.titles(), tmp_path)
    assert refused.value.problem.code == "P445"
    assert not list(tmp_path.iterdir())


def test_english_beside_it(check, tmp_path, monkeypatch):
    monkeypatch.setenv("SHUYUAN_LANG", "en")
    told = text_of(page(answered.of_one(check, {}, stale=True), check, tmp_path))
    assert "That does not mean nothing" in told
    assert "{" not in told
