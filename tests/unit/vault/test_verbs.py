"""``shuyuan keys`` and ``shuyuan audit``: what they print, and that they print no secret."""

import json
from typing import get_args

import pytest

from audited import MOMENT, write_chain
from shuyuan.cli import main
from shuyuan.language import sentences
from shuyuan.project import Project
from shuyuan.vault import audit, store, verifying
from shuyuan.vault.keys import KeyRing
from shuyuan.vault.seals import seal
from shuyuan.warehouses import open_warehouse


@pytest.fixture
def project(tmp_path, monkeypatch):
    for name in ("SHUYUAN_VAR", "SHUYUAN_WAREHOUSE", "SHUYUAN_KEYS", "SHUYUAN_AUDIT_ANCHOR", "SHUYUAN_LANG"):
        monkeypatch.delenv(name, raising=False)
    return Project(tmp_path)


@pytest.fixture
def used(project):
    """A project with three seals and twelve records."""
    ring = KeyRing.open(project)
    with open_warehouse(project).session() as session:
        write_chain(session, ring, 12, project.audit_anchors)
        for number in range(3):
            name = f"requests/{number}"
            with session.transaction():
                store.put(session, name, seal(ring, "low_income", name, b"x"))
    return project


def call(project, capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["--project", str(project.root), *arguments])
    out, err = capsys.readouterr()
    return stopped.value.code, out, err


@pytest.mark.parametrize(
    ("verb", "says"),
    [
        (("keys", "list"), "还没有密钥"),
        (("keys", "verify"), "没有密封的内容"),
        (("audit", "verify"), "审计记录 0 条"),
        (("audit", "list"), "还没有审计记录"),
        (("audit", "head"), "还没有审计记录"),
    ],
)
def test_a_new_project_has_nothing_and_gets_nothing(project, capsys, verb, says):
    code, out, _ = call(project, capsys, *verb)
    assert (code, says in out.replace("\n", "")) == (0, True)
    assert not project.keys.exists()
    assert not (project.var / "warehouse").exists()


def test_keys_are_listed_rotated_and_their_seals_made_anew(used, capsys):
    old = KeyRing.open(used).current("low_income").key_id
    code, out, _ = call(used, capsys, "keys", "list")
    assert (code, f"low_income  {old}  3     现用" in out) == (0, True)
    code, out, _ = call(used, capsys, "keys", "rotate", "low_income", "--reseal")
    assert (code, "重新密封 3 份" in out) == (0, True)
    _, out, _ = call(used, capsys, "keys", "list")
    assert f"low_income  {old}  0     只用来打开旧的" in out
    (used.keys / f"low_income.{old}.key").unlink()
    assert call(used, capsys, "keys", "verify")[:2] == (0, "low_income：打得开 3 份，缺密钥 0 份，损坏 0 份\n")


def test_a_lost_key_is_an_exit_code(used, capsys):
    call(used, capsys, "keys", "rotate", "low_income")
    next(iter(sorted(used.keys.glob("low_income.*")))).unlink()
    code, out, err = call(used, capsys, "keys", "verify")
    assert (code, out) == (1, "low_income：打得开 0 份，缺密钥 3 份，损坏 0 份\n")
    assert "备份" in err
    code, _, err = call(used, capsys, "keys", "reseal", "low_income")
    assert (code, "P391" in err) == (1, True)


def test_a_misspelt_purpose_gets_no_key(used, capsys):
    for verb in ("rotate", "reseal"):
        code, _, err = call(used, capsys, "keys", verb, "low_incme")
        assert (code, "low_incme" in err) == (2, True)
    assert not list(used.keys.glob("low_incme*"))


def test_no_verb_prints_a_secret(used, capsys):
    secrets = {path.read_text().strip() for path in used.keys.glob("*.key")}
    said = ""
    for verb in (
        ("keys", "list"),
        ("keys", "rotate", "audit"),
        ("keys", "verify"),
        ("audit", "list"),
        ("audit", "head"),
    ):
        said += "".join(call(used, capsys, *verb)[1:])
    assert len(secrets) == 2
    assert not [one for one in secrets if one in said]


def test_a_whole_audit(used, capsys):
    code, out, _ = call(used, capsys, "audit", "verify")
    assert (code, out.startswith("审计记录 12 条，链条完整")) == (0, True)
    with open_warehouse(used).session() as session:
        head = audit.read_head(session)
    assert call(used, capsys, "audit", "head")[1].replace("\n", "") == f"{head.seq} {head.mac}"


def test_a_falsified_audit_says_where(used, capsys, tmp_path):
    copy = tmp_path / "their_anchors.log"
    copy.write_bytes(used.audit_anchors.read_bytes())
    with open_warehouse(used).session() as session:
        session.execute("UPDATE ledger.audit SET actor = 'x' WHERE seq = 4")
        session.execute("DELETE FROM ledger.audit WHERE seq > 9")
        session.execute("UPDATE ledger.audit_heads SET seq = 9, mac = (SELECT mac FROM ledger.audit WHERE seq = 9)")
    used.audit_anchors.write_text("")
    code, out, _ = call(used, capsys, "audit", "verify")
    assert (code, out.splitlines()) == (1, ["✕ 第 4 条被改过，或不是本系统写的", "审计记录不完整：1 处"])
    code, out, err = call(used, capsys, "audit", "verify", "--anchors", str(copy))
    assert code == 1
    assert "✕ 第 10 条起末尾被截掉：锚点记得它，台账里没有" in out
    assert "保留现场" in err


def test_records_are_listed_newest_first(used, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    _, out, _ = call(used, capsys, "audit", "list", "--last", "2")
    assert [line.split()[0] for line in out.splitlines()] == ["序号", "12", "11"]
    monkeypatch.setenv("COLUMNS", "60")
    _, narrow, _ = call(used, capsys, "audit", "list", "--by", "办事员3")
    assert max(len(line) for line in narrow.splitlines()) <= 60
    _, out, _ = call(used, capsys, "audit", "list", "--format", "json", "--request", "abcdefghijklmnopqrstuvwxyz")
    told = json.loads(out)
    assert len(told) == 12
    assert told[-1]["happened_at"] == f"{MOMENT.isoformat()}Z"
    assert set(told[0]) == {"seq", *audit.COLUMNS}


def test_every_decision_and_every_fault_has_its_words():
    said = sentences()
    assert [one for one in get_args(audit.Decision) if f"audit.decision.{one}" not in said] == []
    assert [one for one in get_args(verifying.Kind) if f"audit.fault.{one}" not in said] == []
