"""``shuyuan plan``: a project that has run, then a changed checkout."""

from __future__ import annotations

import json

import pytest

from building import yaml_of
from rooms import make_room
from shuyuan import ledger
from shuyuan.cli import main

VEHICLES = "traffic_police.vehicles"


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("SHUYUAN_LANG", raising=False)


@pytest.fixture
def room(tmp_path, monkeypatch):
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))
    made = make_room(tmp_path)
    made.deliver([("蒙K00001", "5"), ("蒙K00002", "7")])
    return made


@pytest.fixture
def call(capsys, room):
    def run(*arguments):
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main(["--project", str(room.project.root), "plan", *arguments])
        said = capsys.readouterr()
        return stopped.value.code, said.out, said.err

    return run


def edit(room, old, new):
    path = room.project.specs / "traffic_police" / "vehicles.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_nothing_has_run_and_no_warehouse_is_made(call, room, tmp_path):
    status, out, _ = call()
    assert status == 0
    assert out == "台账里还没有任何运行，没有可对照的；目录里有 1 个可以运行的目录项\n"
    assert not (tmp_path / "var").exists()
    assert json.loads(call("--format", "json", "--check")[1]) == {
        "last_run": None,
        "breaking": 0,
        "unrecorded": [],
        "changes": [],
    }


def test_nothing_changed(call, room):
    room.run()
    assert call("--check")[:2] == (0, "与上次运行时相比没有变化（1 个目录项）\n")


def test_a_spec_is_kept_once_however_often_it_runs(room):
    room.run()
    room.run(21)
    (kept,) = room.ledger("specs")
    assert kept["spec_digest"] == room.job().resource.digest
    assert [field["name"] for field in json.loads(kept["spec"])["fields"]] == ["plate", "seats"]
    edit(room, "length: 10", "length: 12")
    room.run(22)
    assert len(room.ledger("specs")) == 2


def test_changes_are_told_with_whom_and_what_to_do(call, room):
    room.run()
    edit(room, '"核定载客"', '"载客人数"')
    edit(room, "length: 10", "length: 8")
    status, out, err = call()
    assert status == 0
    assert (
        out
        == """会造成中断的变化：1 处

  traffic_police.vehicles
    ✕ 信息项 plate 的 length 收窄：10 → 8，装不下的行被隔离
      影响：交管大队
      要做：先试跑，看会隔离多少行。

不影响现有使用的变化：1 处

  traffic_police.vehicles
    · 信息项 seats 的说明：title
      影响：交管大队、使用这项数据的部门
      要做：无需处理。

"""
    )
    assert err == "下一步：先与受影响的部门商定，再合入；不中断的变化可以先行\n"


def test_check_fails_on_what_breaks_only(call, room):
    room.run()
    edit(room, "length: 10", "length: 20")
    assert call("--check")[0] == 0
    edit(room, "length: 20", "length: 8")
    assert call("--check")[0] == 1
    assert call()[0] == 0


def test_json(call, room):
    room.run()
    edit(room, 'type: "integer"', 'type: "string"')
    status, out, _ = call("--format", "json")
    told = json.loads(out)
    assert (status, told["breaking"]) == (0, 1)
    assert told["last_run"].endswith("+00:00")
    (change,) = told["changes"]
    assert (change["change"], change["entry"], change["element"]) == ("field_type", VEHICLES, None)
    assert change["key"] == "fields.seats.type"
    assert (change["departments"], change["titles"], change["consumers"]) == (["traffic_police"], ["交管大队"], True)
    assert change["facts"]["before"] == "integer"


def test_english(call, room, monkeypatch):
    monkeypatch.setenv("SHUYUAN_LANG", "en")
    room.run()
    edit(room, "length: 10", "length: 8")
    out = call()[1]
    assert "Changes that break something: 1" in out
    assert "To do: Try it first and see how many rows are rejected." in out


def test_a_broken_entry_is_a_change_too(call, room):
    room.run()
    edit(room, 'type: "integer"', 'type: "intger"')
    told = json.loads(call("--format", "json")[1])
    assert [(one["change"], one["entry"]) for one in told["changes"]] == [("entry_broken", VEHICLES)]


def test_a_run_from_before_specs_were_kept(call, room):
    room.run()
    with room.job().warehouse.session() as session:
        session.execute("DELETE FROM ledger.specs")
    status, out, _ = call("--check")
    assert status == 0
    assert "1 个目录项上次运行时还没有留下规格" in out
    assert VEHICLES in out


def test_the_authority_of_an_element_moves(call, room):
    elements = room.project.elements / "all.yaml"
    told = {"plate_number": {"title": "号牌号码", "length": 10, "source": VEHICLES}}
    elements.write_text(yaml_of(told), encoding="utf-8")
    edit(room, 'title: "号牌号码", type: "string"', 'title: "号牌号码", element: "plate_number", authoritative: true')
    room.run()
    elements.write_text(yaml_of({"plate_number": {**told["plate_number"], "source": "civil_affairs.plates"}}), "utf-8")
    told = json.loads(call("--format", "json")[1])
    (change,) = told["changes"]
    assert (change["change"], change["element"], change["breaking"]) == ("authority_moved", "plate_number", True)
    assert change["departments"] == ["civil_affairs", "traffic_police"]


def test_what_elements_say_follows_the_latest_run(room):
    with room.job().warehouse.session() as session:
        now = room.job().started_at
        ledger.record_spec(session, "d", "a.b", "1.0.0", "{}", '{"x": 1}', now)
        ledger.record_spec(session, "d", "a.b", "1.0.0", "{}", '{"x": 2}', now)
        rows = session.query("SELECT elements FROM ledger.specs")
    assert rows == [{"elements": '{"x": 2}'}]
