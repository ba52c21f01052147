"""``shuyuan migrate``: what it shows, that it asks, and that it does nothing unasked."""

from __future__ import annotations

import pytest

from rooms import make_room
from shuyuan.cli import main

FIELDS = [{"name": "plate", "title": "号牌号码", "required": True}, {"name": "seats", "title": "核定载客"}]
LOAD = {"mode": "merge", "key": ["plate"]}


@pytest.fixture
def room(tmp_path, monkeypatch):
    """An entry whose item was a text and is to be a number."""
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))
    room = make_room(tmp_path, fields=FIELDS, load=LOAD)
    room.deliver([("A1", "5"), ("A2", "secret")])
    assert room.outcome() == "published"
    make_room(tmp_path, fields=[FIELDS[0], FIELDS[1] | {"type": "integer"}], load=LOAD)
    return room


def call(room, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["--project", str(room.project.root), "migrate", *arguments])
    return stopped.value.code


def test_rows_in_the_way_are_counted_without_their_values(room, capsys):
    assert call(room, "--yes") == 1
    told = capsys.readouterr()
    assert "不合新规格：1 行" in told.out
    assert "P343" in told.err
    assert "secret" not in told.out + told.err
    assert room.ledger("migrations") == []


def test_nothing_is_done_without_a_yes(room, capsys):
    with room.job().warehouse.session() as session:
        session.execute("UPDATE store.traffic_police__vehicles SET seats = '6' WHERE plate = 'A2'")
    assert call(room) == 1
    assert "核定载客（seats）：string 改为 integer" in capsys.readouterr().out
    assert room.ledger("migrations") == []
    assert call(room, "traffic_police.vehicles", "--yes") == 0
    assert room.shared() == [("A1", 5), ("A2", 6)]
    capsys.readouterr()
    assert call(room, "--yes") == 0
    assert "没有要迁移的" in capsys.readouterr().out
    assert len(room.ledger("migrations")) == 1
