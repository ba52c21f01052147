"""The audit: numbered without a gap, anchored after each batch, and never half written."""

import stat
from contextlib import suppress

import pytest

from audited import MOMENT, a_record, write_chain
from shuyuan.problems import PassingError, PlatformError
from shuyuan.vault import anchors, audit, verifying
from shuyuan.vault.keys import KeyRing
from shuyuan.vault.verifying import Fault, verify


def test_a_chain_is_whole_and_comes_back_as_written(session, ring, tmp_path):
    file = tmp_path / "audit" / "anchors.log"
    assert verify(session, ring, file) == []
    head = write_chain(session, ring, 35, file)
    assert head.seq == 35
    assert audit.read_head(session) == head
    assert verify(session, ring, file) == []
    records = audit.read_records(session, 100)
    assert [seq for seq, _ in records] == list(range(35, 0, -1))
    assert [record for _, record in reversed(records)] == [a_record(number, ring) for number in range(35)]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(file.read_text().splitlines()) == 4


def test_the_records_of_one_request_and_of_one_person(session, ring):
    with session.transaction():
        audit.append(session, ring, [a_record(1), a_record(2, request_id="b" * 26), a_record(8, request_id="b" * 26)])
    assert [seq for seq, _ in audit.read_records(session, 9, request="b" * 26)] == [3, 2]
    assert [seq for seq, _ in audit.read_records(session, 9, actor="办事员1")] == [3, 1]
    assert [seq for seq, _ in audit.read_records(session, 9, request="b" * 26, actor="办事员1")] == [3]
    assert audit.read_records(session, 9, actor="' OR '1' = '1") == []


def test_a_batch_that_is_rolled_back_leaves_no_gap(session, ring, tmp_path):
    file = tmp_path / "anchors.log"
    write_chain(session, ring, 5, file)
    with suppress(KeyboardInterrupt), session.transaction():
        audit.append(session, ring, [a_record(1)] * 3)
        raise KeyboardInterrupt
    write_chain(session, ring, 5, file)
    assert verify(session, ring, file) == []
    assert audit.read_head(session).seq == 10


def test_several_batches_in_one_transaction(session, ring, tmp_path):
    with session.transaction():
        audit.append(session, ring, [a_record(1)])
        head = audit.append(session, ring, [a_record(2), a_record(3)])
    anchors.note(tmp_path / "anchors.log", head, MOMENT)
    assert verify(session, ring, tmp_path / "anchors.log") == []


def test_the_chain_goes_on_under_a_newer_key(session, ring, tmp_path):
    file = tmp_path / "anchors.log"
    write_chain(session, ring, 10, file)
    old = ring.current("audit").key_id
    ring.rotate("audit")
    write_chain(session, ring, 10, file)
    assert verify(session, KeyRing(ring.folder), file) == []
    (ring.folder / f"audit.{old}.key").unlink()
    assert verify(session, KeyRing(ring.folder), file) == [Fault(1, "key")]


def test_without_the_key_of_its_head_nothing_is_appended(session, ring):
    with session.transaction():
        audit.append(session, ring, [a_record(1)])
    for path in ring.folder.glob("audit.*"):
        path.unlink()
    with pytest.raises(PlatformError) as caught, session.transaction():
        audit.append(session, KeyRing(ring.folder), [a_record(2)])
    assert caught.value.problem.code == "P391"
    assert len(audit.read_records(session, 9)) == 1


@pytest.mark.parametrize("table", ["audit", "audit_heads"])
def test_no_table_no_answer(session, ring, table):
    session.execute(f"DROP TABLE ledger.{table}")
    with pytest.raises(PassingError) as caught, session.transaction():
        audit.append(session, ring, [a_record(1)])
    assert caught.value.problem.code == "P396"
    assert "办事员" not in str(caught.value) + repr(caught.value.__cause__) + repr(caught.value.__context__)


def test_an_anchor_that_cannot_be_noted_is_said(ring, tmp_path):
    for place in (tmp_path, tmp_path / "file" / "anchors.log"):
        (tmp_path / "file").touch()
        with pytest.raises(PassingError) as caught:
            anchors.note(place, audit.Head(1, "x"), MOMENT)
        assert caught.value.problem.code == "P398"


def test_an_anchor_file_that_contradicts_itself_is_told(session, ring, tmp_path):
    file = tmp_path / "anchors.log"
    write_chain(session, ring, 20, file)
    lines = file.read_text().splitlines()
    forged = lines[0].replace(lines[0][-8:], "00000000")
    file.write_text("\n".join([*lines, "not an anchor", forged]) + "\n")
    assert verify(session, ring, file) == [Fault(3, "anchor_line"), Fault(4, "anchor_line")]


def test_without_any_anchor_a_chain_is_not_called_whole(session, ring, tmp_path):
    write_chain(session, ring, 5, tmp_path / "anchors.log")
    assert verify(session, ring, tmp_path / "elsewhere.log") == [Fault(5, "unanchored")]


def test_faults_are_found_across_lots_and_not_listed_without_end(session, ring, tmp_path, monkeypatch):
    file = tmp_path / "anchors.log"
    write_chain(session, ring, 150, file, batch=50)
    monkeypatch.setattr(verifying, "LOT", 7)
    assert verify(session, ring, file) == []
    session.execute("UPDATE ledger.audit SET actor = 'x'")
    found = verify(session, ring, file)
    assert len(found) == verifying.MOST
    assert found[0] == Fault(1, "altered")


def test_the_canonical_writing_tells_neighbouring_columns_apart(ring):
    key = ring.current("audit")
    made = {
        audit.mac_of(key, values)
        for values in ((1, "a", "b"), (1, "ab", ""), (1, "a,b"), (1, "a", "b", ""), (1, "a", None), (1, "a", "null"))
    }
    assert len(made) == 6
    assert audit.mac_of(key, (1, MOMENT)) != audit.mac_of(key, (1, MOMENT.replace(microsecond=123457)))
