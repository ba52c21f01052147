"""The vault on every warehouse: seals of any size, an audit without gaps, deletion on the day."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from audited import MOMENT, a_record, write_chain
from servers import KINDS, warehouse_at
from shuyuan import ledger
from shuyuan.checks import deletion
from shuyuan.problems import PassingError
from shuyuan.project import Project
from shuyuan.vault import anchors, audit, resealing, store
from shuyuan.vault.keys import KeyRing
from shuyuan.vault.resealing import Openable, count_openable, reseal
from shuyuan.vault.seals import seal, unseal
from shuyuan.vault.tokens import token
from shuyuan.vault.verifying import verify

SERVERS = [kind for kind in KINDS if kind != "duckdb"]
FORKS = multiprocessing.get_context("fork")


@pytest.fixture(params=KINDS)
def project(request, tmp_path, monkeypatch, servers):
    """A project on an empty warehouse, with keys and anchors of its own."""
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))
    for name in ("SHUYUAN_KEYS", "SHUYUAN_AUDIT_ANCHOR", "SHUYUAN_CIPHER"):
        monkeypatch.delenv(name, raising=False)
    if request.param == "duckdb":
        monkeypatch.delenv("SHUYUAN_WAREHOUSE", raising=False)
    else:
        monkeypatch.setenv("SHUYUAN_WAREHOUSE", servers.empty(request.param))
    return Project(tmp_path)


@pytest.fixture
def ring(project):
    return KeyRing.open(project)


def keep(session, ring, name, plain, purpose="low_income"):
    with session.transaction():
        store.put(session, name, seal(ring, purpose, name, plain))


@pytest.mark.parametrize("cipher", ["aes", "sm4"])
def test_a_seal_of_three_megabytes_comes_back_whole(project, ring, monkeypatch, cipher):
    monkeypatch.setenv("SHUYUAN_CIPHER", cipher)
    plain = os.urandom(3_000_000)  # as ten thousand households, and nothing to compress
    with warehouse_at(project.warehouse_url).session() as session:
        for _ in range(2):
            keep(session, ring, "requests/a", plain)
        assert unseal(ring, "low_income", "requests/a", store.get(session, "requests/a")) == plain
        (kept,) = store.kept(session)
        assert (kept.name, kept.purpose, kept.parts) == ("requests/a", "low_income", 67)
        with session.transaction():
            assert store.delete(session, "requests/a") == 67
        assert store.get(session, "requests/a") is None


def test_what_was_put_in_a_transaction_that_failed_is_not_there(project, ring):
    with warehouse_at(project.warehouse_url).session() as session:
        keep(session, ring, "requests/a", b"first")
        with suppress(KeyboardInterrupt), session.transaction():
            store.put(session, "requests/a", seal(ring, "low_income", "requests/a", b"second"))
            store.put(session, "requests/b", seal(ring, "low_income", "requests/b", b"x"))
            raise KeyboardInterrupt
        assert unseal(ring, "low_income", "requests/a", store.get(session, "requests/a")) == b"first"
        assert store.get(session, "requests/b") is None


def test_a_re_sealing_that_is_killed_goes_on(project, ring):
    with warehouse_at(project.warehouse_url).session() as session:
        for number in range(6):
            keep(session, ring, f"requests/{number}", b"%d" % number * 50_000)
    ring.rotate("low_income")
    killed = FORKS.Process(target=_reseal_and_die, args=(project, 4))
    killed.start()
    killed.join(120)
    assert killed.exitcode == -signal.SIGKILL
    with warehouse_at(project.warehouse_url).session() as session:
        assert count_openable(session, ring) == [Openable("low_income", opened=6)]
        assert reseal(session, ring, "low_income") == 3
        assert reseal(session, ring, "low_income") == 0
        assert count_openable(session, ring) == [Openable("low_income", opened=6)]
        assert {one.key_id for one in store.kept(session)} == {ring.current("low_income").key_id}


def _reseal_and_die(project, at):
    """Seal again and be killed after the ``at``-th seal was put, before its commit."""
    whole, calls = store.put, []

    def put(connection, name, sealed):
        whole(connection, name, sealed)
        calls.append(name)
        if len(calls) == at:
            os.kill(os.getpid(), signal.SIGKILL)

    resealing.store.put = put
    with warehouse_at(project.warehouse_url).session() as session:
        reseal(session, KeyRing.open(project), "low_income")


def test_an_audit_comes_back_as_written_and_whole(project, ring):
    with warehouse_at(project.warehouse_url).session() as session:
        write_chain(session, ring, 25, project.audit_anchors)
        assert verify(session, ring, project.audit_anchors) == []
        found = audit.read_records(session, 100)
    assert [(seq, record) for seq, record in reversed(found)] == [(n + 1, a_record(n, ring)) for n in range(25)]


def test_an_audit_that_many_write_at_once_has_no_gap(project, ring):
    """Also when what each read before is older than what the others wrote meanwhile."""
    ring.current("audit")
    with warehouse_at(project.warehouse_url).session() as session:
        write_chain(session, ring, 1, project.audit_anchors)

    def write(worker):
        for number in range(8):
            with warehouse_at(project.warehouse_url).session() as session:
                with session.transaction():
                    head = audit.append(session, KeyRing.open(project), [a_record(worker * 10 + number)] * 3)
                anchors.note(project.audit_anchors, head, MOMENT)

    with ThreadPoolExecutor(4) as together:
        list(together.map(write, range(4)))
    with warehouse_at(project.warehouse_url).session() as session:
        assert verify(session, ring, project.audit_anchors) == []
        assert audit.read_head(session).seq == 1 + 4 * 8 * 3


def test_a_process_killed_while_it_writes_leaves_no_gap(project, ring):
    ring.current("audit")
    for _ in range(4):
        killed = FORKS.Process(target=_append_without_end, args=(project,))
        killed.start()
        time.sleep(1.2)
        killed.kill()
        killed.join(60)
    with warehouse_at(project.warehouse_url).session() as session:
        assert verify(session, ring, project.audit_anchors) == []
        assert audit.read_head(session).seq > 0


def _append_without_end(project):
    ring = KeyRing.open(project)
    with warehouse_at(project.warehouse_url).session() as session:
        while True:
            with session.transaction():
                head = audit.append(session, ring, [a_record(number) for number in range(20)])
            anchors.note(project.audit_anchors, head, MOMENT)


def test_a_whole_batch_of_cases_is_written_in_seconds(project, ring):
    """Ten thousand households: at least 5,000 records a second on a machine of its own, here with room for others."""
    records = [
        a_record(
            number,
            case_token=token(ring, "low_income", f"case {number}"),
            authorization_token=token(ring, "low_income", f"authorization {number}"),
            subject_token=" ".join(token(ring, "low_income", f"{number} {one}") for one in range(3)),
        )
        for number in range(10_000)
    ]
    with warehouse_at(project.warehouse_url).session() as session:
        began = time.perf_counter()
        with session.transaction():
            head = audit.append(session, ring, records)
        seconds = time.perf_counter() - began
        anchors.note(project.audit_anchors, head, MOMENT)
        print(f"{len(records) / seconds:.0f} records a second")
        assert seconds < 20
        assert verify(session, ring, project.audit_anchors) == []


@pytest.mark.parametrize("project", SERVERS, indirect=True)
def test_while_the_audit_is_locked_nothing_is_answered(project, ring, monkeypatch):
    with warehouse_at(project.warehouse_url).session() as session:
        write_chain(session, ring, 1, project.audit_anchors)
        setting = "innodb_lock_wait_timeout = 1" if "mysql" in project.warehouse_url else "lock_timeout = '1s'"
        with warehouse_at(project.warehouse_url).session() as other, session.transaction():
            session.execute("UPDATE ledger.audit_heads SET seq = seq")
            other.execute(f"SET SESSION {setting}")
            with pytest.raises(PassingError) as caught, other.transaction():
                audit.append(other, ring, [a_record(2)])
    assert caught.value.problem.code == "P396"


class TestDeletion:
    """Three requests: one due in part, one due in whole, one of a purpose that has ended."""

    NOW = datetime(2026, 12, 20, 20, 0, tzinfo=UTC)  # 12-21 for people

    @pytest.fixture
    def asked(self, project, ring, monkeypatch):
        monkeypatch.setattr(deletion, "read_checks", lambda project: {"epidemic": _check_that_ended()})
        kept = {
            "a" * 26: ("low_income", date(2027, 2, 20), date(2026, 12, 21)),
            "b" * 26: ("low_income", date(2026, 12, 21), date(2026, 11, 30)),
            "c" * 26: ("epidemic", date(2027, 2, 20), date(2027, 2, 20)),
            "d" * 26: ("low_income", date(2026, 12, 22), date(2026, 12, 22)),
        }
        with warehouse_at(project.warehouse_url).session() as session:
            for request_id, (check, request_on, answer_on) in kept.items():
                values = {
                    "request_id": request_id,
                    "check": check,
                    "department": "civil_affairs",
                    "asked_by": "x",
                    "asked_at": datetime(2026, 11, 20),
                    "cases": 1,
                    "subjects": 2,
                    "state": "answered",
                    "delete_request_on": request_on,
                    "delete_answer_on": answer_on,
                }
                ledger.insert(session, "check_requests", values)
                for kind in ("requests", "answers"):
                    keep(session, ring, f"{kind}/{request_id}", b"x" * 100_000, purpose=check)
        return project

    def test_what_is_due_goes_with_a_record_of_it(self, asked, ring):
        assert deletion.delete_due(asked, self.NOW) == 3
        with warehouse_at(asked.warehouse_url).session() as session:
            left = [one.name for one in store.kept(session)]
            assert left == [f"answers/{'d' * 26}", f"requests/{'a' * 26}", f"requests/{'d' * 26}"]
            rows = session.query("SELECT request_id, state FROM ledger.check_requests ORDER BY request_id")
            assert [row["state"] for row in rows] == ["answered", "deleted", "deleted", "answered"]
            told = [(record.request_id[0], record.fields, record.found) for _, record in audit.read_records(session, 9)]
            assert sorted(told) == [("a", "answer", 1), ("b", "request,answer", 2), ("c", "request,answer", 2)]
            assert verify(session, ring, asked.audit_anchors) == []
        assert deletion.delete_due(asked, self.NOW) == 0

    def test_nothing_is_deleted_that_the_audit_cannot_tell(self, asked, ring):
        with warehouse_at(asked.warehouse_url).session() as session:
            session.execute("DROP TABLE ledger.audit_heads")
            session.execute("CREATE TABLE ledger.audit_heads (name VARCHAR(32) PRIMARY KEY, seq BIGINT, mac BIGINT)")
        with pytest.raises(PassingError) as caught:
            deletion.delete_due(asked, self.NOW)
        assert caught.value.problem.code == "P396"
        with warehouse_at(asked.warehouse_url).session() as session:
            assert len(store.kept(session)) == 8


def _check_that_ended():
    return SimpleNamespace(retention=SimpleNamespace(purpose_ends=date(2026, 12, 20)))
