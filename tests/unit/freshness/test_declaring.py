"""``shuyuan declare``: taken down once, in time or late, and refused with a next step."""

from datetime import date, datetime, timedelta

import pytest

from building import make_project
from shuyuan import ledger
from shuyuan.catalog import load_resource
from shuyuan.cli import main
from shuyuan.freshness.declaring import declare
from shuyuan.freshness.sweeping import sweep
from shuyuan.problems import PlatformError
from shuyuan.warehouses import open_warehouse
from shuyuan.workdays import Calendar
from vehicle_entries import vehicle_entry

ENTRY, MONTHLY = "traffic_police.timed", "traffic_police.monthly"
DAY = date(2026, 11, 20)
DUE = datetime(2026, 11, 20, 0, 30)
DEADLINE = DUE + timedelta(hours=2)
WHO, WHY = "交警大队 巴特尔", "本期没有新登记"


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))
    monkeypatch.delenv("SHUYUAN_WAREHOUSE", raising=False)
    entries = {
        ENTRY: vehicle_entry("timed", published_on="2026-11-02"),
        MONTHLY: vehicle_entry("monthly", update={"cycle": "monthly", "day": 5, "calendar": "workday"}),
        "traffic_police.trial": vehicle_entry("trial", status="confirmed"),
        "traffic_police.sometimes": vehicle_entry("sometimes", update={"cycle": "irregular"}),
    }
    return make_project(tmp_path, entries)


@pytest.fixture
def session(project):
    with open_warehouse(project).session() as opened:
        for number, entry_id in enumerate((ENTRY, MONTHLY)):
            publish(opened, entry_id, number)
        yield opened


def publish(session, entry_id, load_no=1):
    values = {"load_no": load_no, "load_id": "l", "entry_id": entry_id, "run_id": "r", "delivery_id": "d"}
    values |= {"spec_digest": "s", "spec_version": "1", "data_date": date(2026, 11, 1), "mode": "replace", "rows": 1}
    values |= {"added": 1, "updated": 0, "removed": 0, "accepted": 1, "rejected": 0, "token": 1}
    ledger.insert(session, "publications", values | {"published_at": datetime(2026, 11, 2)})


def say_so(project, session, day=DAY, at=DUE, entry_id=ENTRY):
    return declare(session, load_resource(project, entry_id).entry, day, WHO, WHY, Calendar({}), at)


def freshness(session, due=DUE):
    (row,) = session.query("SELECT state, reason, arrived_at, period FROM ledger.freshness WHERE due_at = ?", [due])
    return row["state"], row["reason"], row["arrived_at"], row["period"]


def test_in_time_it_counts_like_a_delivery_and_stays(project, session):
    made = say_so(project, session, at=DEADLINE)
    assert (made.state, made.data_date, made.due_at) == ("no_change", DAY, DUE)
    assert freshness(session) == ("no_change", "declared", DEADLINE, "2026-11-20")
    assert session.query("SELECT * FROM ledger.declarations") == [
        {"entry_id": ENTRY, "data_date": DAY, "due_at": DUE, "declared_at": DEADLINE, "who": WHO, "why": WHY}
    ]
    sweep(session, [], Calendar({}), DEADLINE + timedelta(days=1))
    assert not ledger.record_freshness(session, ENTRY, DUE, "2026-11-20", "late", DEADLINE, "run-2")


def test_after_the_deadline_it_is_late_like_a_delivery(project, session):
    ledger.record_freshness(session, ENTRY, DUE, "2026-11-20", "missing", None, None)
    late = DEADLINE + timedelta(minutes=1)
    assert say_so(project, session, at=late).state == "late"
    assert freshness(session) == ("late", "declared", late, "2026-11-20")


def test_a_due_date_that_does_not_count_stays_so(project, session):
    ledger.record_freshness(session, ENTRY, DUE, "2026-11-20", "excluded", None, None, "platform")
    assert say_so(project, session, at=DEADLINE + timedelta(days=1)).state == "excluded"
    assert freshness(session)[:2] == ("excluded", "platform")


def test_the_same_again_changes_nothing(project, session):
    say_so(project, session)
    again = say_so(project, session, at=DEADLINE + timedelta(days=1))
    assert (again.state, again.declared_at, again.who) == ("repeated", DUE, WHO)
    assert freshness(session)[0] == "no_change"


@pytest.mark.parametrize("day", [date(2026, 11, 1), date(2026, 11, 5)])
def test_a_period_is_named_by_its_data_date_or_its_due_day(project, session, day):
    made = say_so(project, session, day, entry_id=MONTHLY, at=datetime(2026, 11, 4))
    assert (made.data_date, made.due_at) == (date(2026, 11, 1), datetime(2026, 11, 5, 0, 30))


@pytest.mark.parametrize(
    ("entry_id", "day", "code", "words"),
    [
        (MONTHLY, date(2026, 11, 6), "P360", "2026-11-01"),
        (ENTRY, date(2026, 11, 21), "P360", "2026-11-20"),
        (ENTRY, date(2026, 11, 1), "P360", "2026-11-02"),
        ("traffic_police.trial", DAY, "P362", "confirmed"),
        ("traffic_police.sometimes", DAY, "P362", "没有应到日期"),
    ],
)
def test_a_date_on_which_nothing_is_due_is_refused_with_a_next_step(project, session, entry_id, day, code, words):
    with pytest.raises(PlatformError) as refused:
        say_so(project, session, day, entry_id=entry_id)
    assert refused.value.problem.code == code
    assert words in str(refused.value)
    assert not session.query("SELECT 1 AS one FROM ledger.declarations")


def test_a_date_that_has_a_delivery_is_refused(project, session):
    values = {"delivery_id": "d", "entry_id": ENTRY, "sha256": "0", "data_date": DAY, "received_at": DUE}
    ledger.insert(session, "deliveries", values | {"evidence": "marker", "files": "[]", "run_id": "r"})
    with pytest.raises(PlatformError, match="2026-11-20 08:30"):
        say_so(project, session)


def test_what_was_never_published_cannot_be_unchanged(project):
    with open_warehouse(project).session() as empty, pytest.raises(PlatformError) as refused:
        say_so(project, empty)
    assert refused.value.problem.code == "P363"


@pytest.fixture
def shuyuan(project, capsys):
    def call(*arguments):
        with pytest.raises(SystemExit) as left:
            main(["--project", str(project.root), *arguments])
        return left.value.code, capsys.readouterr()

    return call


def test_the_verb(project, shuyuan):
    with open_warehouse(project).session() as session:
        publish(session, ENTRY)
    words = ("--date", "2026-11-20", "--who", " 交警大队\n巴特尔 ", "--why", WHY)
    code, said = shuyuan("declare", ENTRY, *words)
    assert code == 0
    assert "数据日期 2026-11-20" in said.out
    code, said = shuyuan("declare", ENTRY, *words)
    assert code == 0
    assert f"由 {WHO} 于" in said.out.replace("\n", "")
    code, said = shuyuan("declare", ENTRY, "--date", "2026-11-20", "--who", " ", "--why", WHY)
    assert code == 2
    code, said = shuyuan("declare", ENTRY, "--date", "20.11.", "--who", WHO, "--why", WHY)
    assert (code, "YYYY-MM-DD" in said.err) == (2, True)
    code, said = shuyuan("declare", ENTRY, "--date", "2026-01-01", "--who", WHO, "--why", WHY)
    assert (code, "P360" in said.err) == (1, True)
