"""The board in the terminal: the same text, character by character, in both languages and widths."""

import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from building import make_project
from shuyuan.cli import main
from shuyuan.cli.status import board_json, board_text
from shuyuan.indicators import read_board_facts
from shuyuan.reporting import freshness_board
from synthetic_ledger import NOW, Ledger, build, catalog, make_resource

GOLDEN = Path(__file__).parents[2] / "golden" / "status"


@pytest.fixture(scope="module")
def board():
    resources = catalog()
    return freshness_board(resources, read_board_facts(build(resources), NOW))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [80, 120])
def test_the_board_reads_as_agreed(board, monkeypatch, language, width):
    monkeypatch.setenv("SHUYUAN_LANG", language)
    lines = board_text(board, width)
    assert "\n".join(lines) + "\n" == (GOLDEN / f"{language}_{width}.txt").read_text(encoding="utf-8")
    assert max(cell_len(line) for line in lines) <= width
    assert len(lines) == 2 + 12 + 2, "one line an entry"


def test_one_department_by_title_or_folder(board):
    resources, facts = catalog(), read_board_facts(build(), NOW)
    by_title = freshness_board(resources, facts, "鄂托克旗民政局")
    assert by_title == freshness_board(resources, facts, "civil_affairs")
    assert {line.department_id for line in by_title.lines} == {"civil_affairs"}
    assert not freshness_board(resources, facts, "没有的局").lines


def test_states_are_counted(board):
    assert board.counts == {"normal": 8, "late": 2, "missing": 1, "blocked": 1, "waiting": 0}


def test_json_is_for_programs(board):
    made = json.loads(board_json(board))
    assert made["counts"]["blocked"] == 1
    (line,) = [one for one in made["entries"] if one["entry_id"] == "natural_resources.mining_rights"]
    assert line["state"] == "missing"
    assert line["published_at"] is line["score"] is line["rows"] is None
    assert line["due_at"] == "2026-11-02T00:30:00+00:00"


def test_an_empty_catalog_says_so():
    board = freshness_board([], read_board_facts(Ledger.empty(), NOW))
    assert board_text(board, 80)[1] == "目录里没有已确认或已发布的资源。"


def test_a_title_cannot_move_the_cursor():
    nasty = make_resource("civil_affairs.people", "某\x1b[2J\u202e资源\n")
    (line,) = board_text(freshness_board([nasty], read_board_facts(Ledger.empty(), NOW)), 120)[2:-2]
    assert "某?[2J?资源?" in line


@pytest.fixture
def shuyuan(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))
    monkeypatch.delenv("SHUYUAN_WAREHOUSE", raising=False)
    project = make_project(tmp_path / "project")

    def call(*arguments):
        with pytest.raises(SystemExit) as left:
            main(["--project", str(project.root), *arguments])
        return left.value.code, capsys.readouterr()

    return call


def test_status_of_a_project_that_never_ran(shuyuan):
    code, said = shuyuan("status")
    assert code == 0
    assert "○ 等待" in said.out
    assert "\x1b[" not in said.out, "no colour when nobody looks"
    code, said = shuyuan("status", "--format", "json", "--department", "civil_affairs")
    assert code == 0
    assert json.loads(said.out)["counts"]["waiting"] == 1


def test_an_unknown_department_is_wrong_usage(shuyuan):
    code, said = shuyuan("status", "--department", "没有的局")
    assert (code, said.out) == (2, "")
    assert "没有的局" in said.err


def test_report_writes_the_pages_and_says_where(shuyuan, tmp_path):
    code, said = shuyuan("report")
    assert code == 0
    assert (tmp_path / "var" / "report" / "index.html").is_file()
    assert "4 页" in said.out
    code, said = shuyuan("report", "--out", str(tmp_path))
    assert code == 1
    assert "P290" in said.err
