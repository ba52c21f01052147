"""Whatever becomes of the audit, nothing is read and nothing answered that it cannot record; each with its twin.

The twin has the audit switched off: then the same request is answered, so it is the audit that held it back.
"""

from __future__ import annotations

import pytest

from asked_checks import CHECK, WHO, a_row, make_asked
from checked_county import REGISTER, number, publish_all
from shuyuan import ledger
from shuyuan.checks import running
from shuyuan.checks.fetching import fetch_answer
from shuyuan.checks.registering import register
from shuyuan.problems import PlatformError
from shuyuan.vault import anchors, audit, store
from shuyuan.vault.keys import AUDIT, KeyRing
from shuyuan.warehouses import open_warehouse


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """A county with a request that was taken, and its number."""
    county = make_asked(tmp_path / "center", monkeypatch)
    publish_all(county, {REGISTER: [(number(1), "张三", "H1", "02")]})
    made = register(county.project, CHECK, [a_row(1)], *WHO, county.now)
    return county, made.request_id


def break_table(county, table):
    """A table of the name that takes none of our lines; a dropped one would be made again."""
    with open_warehouse(county.project).session() as session:
        session.execute(f"DROP TABLE ledger.{table}")
        columns = ledger.TABLES[table].replace("mac VARCHAR(100)", "mac BIGINT")
        session.execute(f"CREATE TABLE ledger.{table} ({columns})")


def break_anchors(county, _):
    county.project.audit_anchors.unlink()
    county.project.audit_anchors.mkdir()


def lose_key(county, _):
    for path in county.project.keys.glob(f"{AUDIT}.*"):
        path.unlink()


def spoil_key(county, _):
    for path in county.project.keys.glob(f"{AUDIT}.*"):
        path.chmod(0o644)


BREAKAGES = {
    "no audit": (break_table, "audit", "P396"),
    "no head": (break_table, "audit_heads", "P396"),
    "no anchors": (break_anchors, None, "P398"),
    "no key": (lose_key, None, "P391"),
    "a key that others read": (spoil_key, None, "P390"),
}


@pytest.fixture(params=BREAKAGES)
def broken(request, asked):
    county, request_id = asked
    do, what, code = BREAKAGES[request.param]
    do(county, what)
    return county, request_id, code


def answers(county):
    with open_warehouse(county.project).session() as session:
        return [one.name for one in store.kept(session) if one.name.startswith("answers/")]


def test_nothing_is_read_and_nothing_answered(broken, monkeypatch):
    county, request_id, code = broken
    read = []
    monkeypatch.setattr(running, "answer_request", lambda *given: read.append(given))
    with pytest.raises(PlatformError) as caught:
        running.run(county.project, request_id, county.now)
    assert caught.value.problem.code == code
    assert (read, answers(county)) == ([], [])


def test_nothing_is_taken(broken):
    county, _, code = broken
    with pytest.raises(PlatformError) as caught:
        register(county.project, CHECK, [a_row(2)], *WHO, county.now)
    assert caught.value.problem.code == code


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_ready_answer_is_not_shown(asked, breakage):
    county, request_id = asked
    running.run(county.project, request_id, county.now)
    do, what, code = BREAKAGES[breakage]
    do(county, what)
    with pytest.raises(PlatformError) as caught:
        fetch_answer(county.project, request_id, WHO[0], WHO[1], county.now)
    assert caught.value.problem.code == code


def test_the_twin_without_an_audit_answers(broken, monkeypatch):
    county, request_id, _ = broken
    monkeypatch.setattr(audit, "append", lambda session, ring, records: audit.Head(1, ""))
    monkeypatch.setattr(audit, "read_head", lambda session: None)
    monkeypatch.setattr(anchors, "note", lambda path, head, now: None)
    assert running.run(county.project, request_id, county.now)["cases"] == 1
    assert answers(county) == [f"answers/{request_id}"]
    assert fetch_answer(county.project, request_id, WHO[0], WHO[1], county.now).request_id == request_id


def test_the_key_that_is_made_anew_does_not_go_on_with_the_chain(asked):
    """A new key for a lost one would hide that nobody can verify the old records any more."""
    county, request_id = asked
    lose_key(county, None)
    KeyRing.open(county.project).current(AUDIT)
    with pytest.raises(PlatformError) as caught:
        running.run(county.project, request_id, county.now)
    assert caught.value.problem.code == "P391"
