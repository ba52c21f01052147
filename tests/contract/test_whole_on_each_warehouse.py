"""The whole way on every warehouse, by the commands: run, compare, answer, golden view, report, plan, roll back."""

from __future__ import annotations

import json
import sqlite3
from datetime import date

import pyarrow.parquet as pq
import pytest

from counties import ALLOWANCES, RESIDENTS, allowances_text, make_county, residents_text
from servers import KINDS
from shuyuan.cli import main
from shuyuan.warehouses import open_warehouse

A, B, C = "159901199001010018", "159901199001020022", "159901199001030036"
LIVE = {"status": "published", "published_on": "2026-01-01"}


@pytest.fixture(params=KINDS)
def county(request, tmp_path, monkeypatch, servers):
    """Two departments' tables in SQLite, an empty warehouse, a subject."""
    texts = {
        RESIDENTS: residents_text(**LIVE).replace('"table": "t"', '"table": "residents"'),
        ALLOWANCES: allowances_text(**LIVE).replace('"table": "t"', '"table": "allowances"'),
    }
    county = make_county(tmp_path, monkeypatch, texts)
    county.subject()
    if request.param != "duckdb":
        monkeypatch.setenv("SHUYUAN_WAREHOUSE", servers.empty(request.param))
    place = tmp_path / "departments.db"
    connection = {"conn_type": "sqlite", "schema": str(place)}
    monkeypatch.setenv("AIRFLOW_CONN_SOME_DB", json.dumps(connection))
    with sqlite3.connect(place) as database:
        database.execute("CREATE TABLE residents (id_card_no TEXT, person_name TEXT, born_on TEXT)")
        database.execute("CREATE TABLE allowances (id_no TEXT, name TEXT, birthday TEXT, amount TEXT)")
        people = [(A, "巴特尔", "1990-01-01"), (B, "乌云", "1990-01-02"), (C, "王芳", None)]
        database.executemany("INSERT INTO residents VALUES (?, ?, ?)", people)
        paid = [(A, "巴特尔", "1990-01-01", "10.50"), (B, "乌兰", "1990-01-09", "20.00")]
        database.executemany("INSERT INTO allowances VALUES (?, ?, ?, ?)", paid)
    return county


@pytest.fixture
def call(county, capsys, monkeypatch):
    """Run a command on the county's project: its exit code and what it said."""
    monkeypatch.setenv("COLUMNS", "160")

    def run(*arguments):
        with pytest.raises(SystemExit) as stopped:
            main(["--project", str(county.project.root), *arguments])
        said = capsys.readouterr()
        return stopped.value.code, said.out + said.err

    return run


def test_from_the_departments_tables_to_the_report(county, call):
    for entry in (RESIDENTS, ALLOWANCES):
        code, said = call("run", entry, "--date", "2026-11-20")
        assert code == 0, said
        code, said = call("run", entry, "--date", "2026-11-20")
        assert code == 0, said
    assert len(county.query("SELECT load_no FROM ledger.publications")) == 2, "the same again is no publication"

    code, said = call("reconcile")
    assert code == 0, said
    assert "疑义新发起 2" in said
    code, said = call("reconcile")
    assert "本次比对 0" in said

    code, said = call("discrepancies", "--format", "json")
    assert code == 0, said
    number = json.loads(said)["corrections"][0]["correction_id"]
    code, said = call("answer", number, "--as", "corrected", "--by", "乌云", "--why", "已改")
    assert code == 0, said

    golden = county.query("SELECT * FROM share.person ORDER BY resident_id")
    assert [(row["resident_id"], row["person_name"], row["birth_date"]) for row in golden] == [
        (A, "巴特尔", date(1990, 1, 1)),
        (B, "乌云", date(1990, 1, 2)),
        (C, "王芳", None),
    ]
    assert [bool(row["person_name__disputed"]) for row in golden] == [False, True, False]
    assert [str(row["allowance"]) for row in golden] == ["10.50", "20.00", "None"]
    assert {row["person_name__source"] for row in golden} == {RESIDENTS}
    assert {row["birth_date__data_date"] for row in golden} == {date(2026, 11, 20)}

    for verb in (["report"], ["status"], ["plan"], ["status", "--format", "json"], ["plan", "--format", "json"]):
        code, said = call(*verb)
        assert code == 0, said
    assert (county.project.report / "index.html").is_file()


def test_verbs_that_only_look_find_a_warehouse_that_is_empty(county, call):
    for verb in (["discrepancies"], ["status"], ["plan"]):
        code, said = call(*verb)
        assert code == 0, said


def test_a_golden_view_outlives_a_new_optional_item_of_its_source(county, call):
    county.publish(RESIDENTS, [(A, "巴特尔", date(1990, 1, 1))])
    county.publish(ALLOWANCES, [(A, "巴特尔", date(1990, 1, 1))])
    county.reconcile()
    county.write(
        RESIDENTS, residents_text(**LIVE).replace("fields:\n", "fields:\n  - {name: remark, title: 备注}\n", 1)
    )
    county.publish(RESIDENTS, [("x", A, "巴特尔", date(1990, 1, 1))])
    assert [row["person_name"] for row in county.query("SELECT * FROM share.person")] == ["巴特尔"]
    with open_warehouse(county.project).session() as session:
        assert session.describe_views()["person"]


def test_a_roll_back_by_command_is_seen_by_everybody_and_answered_for(county, call):
    assert call("rollback", RESIDENTS, "--why", "没有上一版")[0] == 1, "nothing to return to"
    county.publish(RESIDENTS, [(A, "巴特尔", date(1990, 1, 1))])
    county.publish(RESIDENTS, [(B, "乌云", date(1990, 1, 2))])
    assert call("rollback", RESIDENTS, "--why", "  ")[0] == 2, "no reason given"
    code, said = call("rollback", RESIDENTS, "--why", "误送测试数据")
    assert code == 0, said
    assert [row["id_card_no"] for row in county.query("SELECT * FROM share.public_security__residents")] == [A]
    sql = 'SELECT "trigger", outcome, problem, load_no, finished_at FROM ledger.runs'
    (run,) = county.query(sql)
    assert (run["trigger"], run["outcome"], run["problem"], run["load_no"]) == (
        "rollback",
        "published",
        "误送测试数据",
        1,
    )
    copies = list(county.project.shared.glob("*.parquet"))
    if copies:
        assert pq.read_table(copies[0])["id_card_no"].to_pylist() == [A]
    code, said = call("report")
    assert code == 0, said
    code, said = call("rollback", RESIDENTS, "--why", "再退")
    assert (code, "P337" in said) == (1, True)
