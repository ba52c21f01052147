"""The board in the terminal: the same text, character by character, in both languages and widths."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.cells import cell_len

from building import make_project
from shuyuan import workdays
from shuyuan.catalog.promises import Promised
from shuyuan.cli import main
from shuyuan.cli.status import board_json, board_text
from shuyuan.indicators import read_board_facts
from shuyuan.reporting import freshness_board
from synthetic_ledger import NOW, Ledger, build, catalog, make_resource

GOLDEN = Path(__file__).parents[2] / "golden" / "status"


def promised(resources):
    return [Promised.of(resource) for resource in resources]


@pytest.fixture(scope="module")
def board():
    resources = catalog()
    return freshness_board(promised(resources), read_board_facts(build(resources), NOW))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [80, 120])
def test_the_board_reads_as_agreed(board, monkeypatch, language, width):
    monkeypatch.setenv("SHUYUAN_LANG", language)
    lines = board_text(board, width)
    assert "\n".join(lines) + "\n" == (GOLDEN / f"{language}_{width}.txt").read_text(encoding="utf-8")
    assert max(cell_len(line) for line in lines) <= width
    assert len(lines) == 2 + 12 + 2, "one line an entry"


def test_one_department_by_title_or_folder(board):
    entries, facts = promised(catalog()), read_board_facts(build(), NOW)
    by_title = freshness_board(entries, facts, "鄂托克旗民政局")
    assert by_title == freshness_board(entries, facts, "civil_affairs")
    assert {line.department_id for line in by_title.lines} == {"civil_affairs"}
    assert not freshness_board(entries, facts, "没有的局").lines


def test_states_are_counted(board):
    assert board.counts == {
        "normal": 8,
        "no_change": 0,
        "late": 2,
        "missing": 1,
        "blocked": 1,
        "waiting": 0,
        "excluded": 0,
    }


def test_what_brought_no_change_and_what_does_not_count_have_a_shape_and_a_word(monkeypatch):
    ledger = build()
    for entry, state in (("civil_affairs.marriages", "no_change"), ("civil_affairs.orphans", "excluded")):
        ledger.connection.execute("UPDATE ledger.freshness SET state = ? WHERE entry_id = ?", [state, entry])
    board = freshness_board(promised(catalog()), read_board_facts(ledger, NOW))
    assert (board.counts["no_change"], board.counts["excluded"]) == (1, 1)
    for width in (80, 120):
        text = "\n".join(board_text(board, width))
        assert "□ 无变化" in text
        assert "– 不计" in text
        assert max(map(cell_len, text.splitlines())) <= width
    states = {line["entry_id"]: line["state"] for line in json.loads(board_json(board))["entries"]}
    assert states["civil_affairs.marriages"] == "no_change"
    monkeypatch.setenv("SHUYUAN_LANG", "en")
    assert "– not counted" in "\n".join(board_text(board, 80))


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
    (line,) = board_text(freshness_board(promised([nasty]), read_board_facts(Ledger.empty(), NOW)), 120)[2:-2]
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


def test_what_the_calendar_must_tell_people_is_told(shuyuan, tmp_path, monkeypatch):
    monkeypatch.setattr(workdays, "_LAST_PUBLISHED", 2000)
    (tmp_path / "project" / "include" / "calendar" / "local.csv").write_text("date,kind\n2026-10-01,half\n")
    year = workdays.local_day(datetime.now(UTC)).year
    for verb in ("status", "lint"):
        _, said = shuyuan(verb)
        assert f"{year} 年放假安排尚未发布" in said.out
        assert "include/calendar/local.csv:2" in said.out
    _, said = shuyuan("status", "--format", "json")
    assert [notice["code"] for notice in json.loads(said.out)["notices"]][:2] == ["E335", "E911"]


def test_a_broken_calendar_line_is_an_error_of_the_catalog(shuyuan, tmp_path):
    (tmp_path / "project" / "include" / "calendar" / "local.csv").write_text("2026-10-01,half\n")
    code, said = shuyuan("lint")
    assert (code, "E335" in said.out) == (1, True)


def test_an_unknown_department_is_wrong_usage(shuyuan):
    code, said = shuyuan("status", "--department", "没有的局")
    assert (code, said.out) == (2, "")
    assert "没有的局" in said.err


def test_report_writes_the_pages_and_says_where(shuyuan, tmp_path):
    code, said = shuyuan("report")
    assert code == 0
    assert (tmp_path / "var" / "report" / "current" / "index.html").is_file()
    assert f"{len(list((tmp_path / 'var' / 'report').rglob('*.html')))} 页" in said.out
    code, said = shuyuan("report", "--out", str(tmp_path))
    assert code == 1
    assert "P290" in said.err
