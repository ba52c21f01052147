"""A request whose answering is killed at any point has, run again, one answer, one number and a whole audit."""

import os
import signal
import subprocess
import sys

import pytest

from asked_checks import CHECK, WHO, a_row, make_asked
from checked_county import REGISTER, number, publish_all
from shuyuan.checks.fetching import fetch_answer
from shuyuan.checks.registering import register
from shuyuan.checks.running import run
from shuyuan.crashpoints import CHECK_POINTS
from shuyuan.vault.keys import KeyRing
from shuyuan.vault.verifying import verify
from shuyuan.warehouses import open_warehouse

WORK = """
import sys
from datetime import datetime
from shuyuan.checks.running import run
from shuyuan.project import Project
run(Project.find(sys.argv[1]), sys.argv[2], datetime.fromisoformat(sys.argv[3]), "killed")
"""


@pytest.mark.parametrize("point", CHECK_POINTS)
def test_run_again_there_is_one_answer(tmp_path, monkeypatch, point):
    county = make_asked(tmp_path / "center", monkeypatch)
    publish_all(county, {REGISTER: [(number(1), "张三", "H1", "02")]})
    made = register(county.project, CHECK, [a_row(1)], *WHO, county.now)
    command = [sys.executable, "-c", WORK, str(county.project.root), made.request_id, county.now.isoformat()]
    killed = subprocess.run(command, env=os.environ | {"SHUYUAN_CRASH_AT": point}, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    before = county.query("SELECT count(*) AS n FROM ledger.seals WHERE name LIKE 'answers/%'")[0]["n"]
    assert before == (1 if point == "answer_kept" else 0), "an answer is kept with its audit, or neither is"
    first = fetch_answer(county.project, made.request_id, *WHO[:2], county.now).number if before else None
    counts = run(county.project, made.request_id, county.now, "again")
    found = fetch_answer(county.project, made.request_id, *WHO[:2], county.now)
    assert counts == {"cases": 1, "pass": 1, "fail": 0, "review": 0}
    assert first in (None, found.number)
    answered = county.query("SELECT count(*) AS n FROM ledger.audit WHERE decision = 'answered'")
    assert answered == [{"n": len(found.sources)}]
    with open_warehouse(county.project).session() as session:
        assert verify(session, KeyRing.open(county.project), county.project.audit_anchors) == []
