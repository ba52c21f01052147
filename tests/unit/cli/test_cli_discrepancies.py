"""``shuyuan discrepancies`` and ``shuyuan answer``: the list, the workbook there and back, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import python_calamine as calamine
import xlsxwriter
from rich.cells import cell_len
from rich.console import Console

from copied_elements import HOLDER, TODAY, copying_project, fill_corrections
from shuyuan.catalog import read_catalog
from shuyuan.cli import main
from shuyuan.cli.discrepancies import print_corrections
from shuyuan.one_source.corrections import list_corrections
from shuyuan.one_source.titles import Titles
from shuyuan.warehouses import open_warehouse

GOLDEN = Path(__file__).parents[2] / "golden" / "one_source"
FIRST = "YY2026-000001"


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("SHUYUAN_WAREHOUSE", raising=False)
    monkeypatch.delenv("SHUYUAN_LANG", raising=False)
    return copying_project(tmp_path / "project")


@pytest.fixture
def filled(project):
    with open_warehouse(project).session() as session:
        fill_corrections(session)
    return project


@pytest.fixture
def call(capsys):
    def run(project, *arguments):
        with pytest.raises(SystemExit) as stopped:
            main(["--project", str(project.root), *arguments])
        said = capsys.readouterr()
        return stopped.value.code, said.out, said.err

    return run


def ledger(project):
    with open_warehouse(project).session() as session:
        return [session.query(f"SELECT * FROM ledger.{table}") for table in ("corrections", "correction_events")]


def state_of(project, number=FIRST):
    with open_warehouse(project).session() as session:
        found = list_corrections(session, TODAY.date(), all=True)
    return next(one.state for one in found if one.correction_id == number)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [80, 160])
def test_it_reads_as_agreed(filled, monkeypatch, capsys, language, width):
    monkeypatch.setenv("SHUYUAN_LANG", language)
    with open_warehouse(filled).session() as session:
        found = list_corrections(session, TODAY.date(), all=True)
    print_corrections(
        Console(width=width, highlight=False, markup=False, emoji=False), found, Titles.of(read_catalog(filled))
    )
    shown = "".join(f"{line.rstrip()}\n" for line in capsys.readouterr().out.splitlines())
    assert shown == (GOLDEN / f"discrepancies_{language}_{width}.txt").read_text(encoding="utf-8")
    assert max(cell_len(line) for line in shown.splitlines()) <= width


def test_what_needs_no_action_is_left_out(filled, call):
    status, out, _ = call(filled, "discrepancies", "--format", "json")
    found = json.loads(out)
    assert status == 0
    assert sorted(one["correction_id"][-1] for one in found["corrections"]) == ["1", "2", "4", "5"]
    assert {one["field"] for one in found["corrections"]} == {"person_name", "id_card_no", "birth_date"}
    everything = json.loads(call(filled, "discrepancies", "--all", "--format", "json")[1])
    assert len(everything["corrections"]) == 6
    first = next(one for one in everything["corrections"] if one["correction_id"] == FIRST)
    assert (first["opened_at"], first["due_on"], first["rows_now"]) == ("2026-11-20T01:00:00+00:00", "2026-12-04", 312)
    assert sum(everything["counts"].values()) == 6


def test_one_department_by_title_or_folder(filled, call):
    by_title = call(filled, "discrepancies", "--department", "鄂托克旗公安局", "--format", "json")[1]
    assert by_title == call(filled, "discrepancies", "--department", "public_security", "--format", "json")[1]
    assert {one["department"] for one in json.loads(by_title)["corrections"]} == {"public_security"}
    status, out, err = call(filled, "discrepancies", "--department", "没有的局")
    assert (status, out) == (2, "")
    assert "没有的局" in err


def test_nothing_compared_yet_and_no_warehouse_made(project, call, tmp_path):
    status, out, _ = call(project, "discrepancies")
    assert (status, out.strip()) == (0, "没有要处理的疑义。")
    assert call(project, "answer", FIRST, "--as", "corrected", "--by", "巴特尔", "--why", "已改")[0] == 1
    assert not (tmp_path / "var").exists()


def test_an_answer_by_command(filled, call):
    given = ["answer", FIRST, "--as", "corrected", "--by", "巴特尔", "--why", "已按户口簿更正"]
    status, out, err = call(filled, *given)
    assert (status, out) == (0, f"已登记：{FIRST} 已更正。改过的数据下次送来后自动核对\n")
    assert "shuyuan discrepancies" in err
    assert state_of(filled) == "corrected"
    before = ledger(filled)
    status, out, _ = call(filled, *given)
    assert (status, out) == (0, f"{FIRST} 的这份答复以前已经登记过，没有改动\n")
    assert ledger(filled) == before


def test_a_referral_by_command(filled, call):
    out = call(filled, "answer", FIRST, "--as", "referred", "--by", "巴特尔", "--why", "本局无误")[1]
    assert "转给数据源部门" in out
    again = call(filled, "answer", FIRST, "--as", "referred", "--by", "乌云", "--why", "再转")
    assert (again[0], "D515" in again[2]) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["YY2026-000099", "--as", "corrected", "--by", "甲", "--why", "乙"], "D511"),
        (["YY2026-000006", "--as", "corrected", "--by", "甲", "--why", "乙"], "D512"),
        ([FIRST, "--as", "corrected", "--by", "", "--why", "乙"], "D513"),
        ([FIRST, "--as", "corrected", "--by", "甲", "--why", " "], "D514"),
        ([FIRST, "--as", "corrected", "--by", "甲", "--why", "159901199003070012"], "D516"),
    ],
)
def test_answers_that_are_refused(filled, call, arguments, code):
    before = ledger(filled)
    status, out, err = call(filled, "answer", *arguments)
    assert (status, out) == (1, "")
    assert f" {code} " in err
    assert "159901" not in err
    assert ledger(filled) == before


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        [FIRST],
        [FIRST, "--as", "corrected", "--by", "甲"],
        [FIRST, "--as", "wrong", "--by", "甲", "--why", "乙"],
        ["--from", "nowhere.xlsx"],
    ],
)
def test_wrong_usage(filled, call, arguments):
    status, out, err = call(filled, "answer", *arguments)
    assert (status, out) == (2, "")
    assert err


def test_a_workbook_and_a_single_answer_do_not_mix(filled, call, tmp_path):
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"")
    assert call(filled, "answer", FIRST, "--from", str(path))[0] == 2


def fill_in(path, answers):
    with calamine.CalamineWorkbook.from_path(str(path)) as workbook:
        rows = workbook.get_sheet_by_index(0).to_python()
    filled = path.with_name("回执.xlsx")
    with xlsxwriter.Workbook(str(filled), {"default_date_format": "yyyy-mm-dd"}) as workbook:
        sheet = workbook.add_worksheet("疑义清单")
        for at, row in enumerate(rows):
            row[-3:] = answers.get(row[0], row[-3:])
            sheet.write_row(at, 0, row)
    return filled


def test_the_workbook_there_and_back(filled, call, tmp_path):
    path = tmp_path / "疑义清单_鄂托克旗民政局_2026-12.xlsx"
    status, out, err = call(filled, "discrepancies", "--department", "civil_affairs", "--export", str(path))
    assert status == 0
    assert out.startswith("已导出")
    assert "answer --from" in err
    filled_in = fill_in(path, {FIRST: ["已更正", "巴特尔", "已按户口簿更正"]})
    status, out, _ = call(filled, "answer", "--from", str(filled_in))
    assert status == 0
    assert out.splitlines() == ["已收回 回执.xlsx：登记 1 条答复，0 条以前已经登记过", "还有 1 条没有填写答复"]
    assert state_of(filled) == "corrected"
    before = ledger(filled)
    status, out, _ = call(filled, "answer", "--from", str(filled_in))
    assert (status, out.splitlines()[0]) == (0, "回执.xlsx 里没有新的答复（1 条以前已经登记过），没有改动")
    assert ledger(filled) == before


def test_every_fault_of_a_workbook_is_told_and_nothing_written(filled, call, tmp_path):
    path = tmp_path / "list.xlsx"
    call(filled, "discrepancies", "--all", "--export", str(path))
    answers = {
        FIRST: ["已更正", "巴特尔", "已更正"],
        "YY2026-000002": ["已更正", "", "已更正"],
        "YY2026-000005": ["不知道", "巴特尔", "已更正"],
    }
    before = ledger(filled)
    status, out, err = call(filled, "answer", "--from", str(fill_in(path, answers)))
    assert (status, out) == (1, "")
    assert [code for code in ("D513", "D522") if code in err] == ["D513", "D522"]
    assert "回执.xlsx[疑义清单]:" in err
    assert ledger(filled) == before


def test_an_export_never_overwrites(filled, call, tmp_path):
    path = tmp_path / "list.xlsx"
    assert call(filled, "discrepancies", "--export", str(path))[0] == 0
    written = path.read_bytes()
    status, _, err = call(filled, "discrepancies", "--export", str(path))
    assert (status, "已经存在" in err.replace("\n", "")) == (2, True)
    assert path.read_bytes() == written
    assert call(filled, "discrepancies", "--export", str(tmp_path / "list.csv"))[0] == 2
    assert call(filled, "discrepancies", "--export", str(tmp_path / "no" / "list.xlsx"))[0] == 2
    assert [one.name for one in tmp_path.iterdir() if one.suffix != ""] == ["list.xlsx"]


def test_the_holder_s_id_is_nowhere_in_words(filled, call):
    """People read titles, not ids."""
    assert HOLDER not in call(filled, "discrepancies", "--all")[1]
