"""What a reconcile must do, from the published tables to the ledger, the list, the requests and the golden views."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from datetime import date

import pyarrow.parquet as pq
import pytest

from counties import ALLOWANCES, RESIDENTS, allowances_text, make_county, residents_text
from shuyuan import ledger
from shuyuan.catalog import load_resource
from shuyuan.crashpoints import RECONCILE_POINTS
from shuyuan.one_source import reconciling
from shuyuan.one_source.tokens import token_of, token_secret
from shuyuan.problems import PlatformError
from shuyuan.warehouses import open_warehouse
from shuyuan.warehouses.duckdb import DuckDBSession

ZHANG, LI, WANG, ZHAO = "159901195001010016", "159901195001010024", "159901198906150041", "159901200002290033"
BORN = date(1950, 1, 1)
SOURCE = [(ZHANG, "张三", BORN), (LI, "李四", BORN), (WANG, "买买提·艾力", BORN)]
COPY = [(ZHANG, "张三", BORN), (LI, "李肆", BORN), (WANG, "買買提•艾力", None), (ZHAO, "赵六", BORN)]


@pytest.fixture
def county(tmp_path, monkeypatch):
    return make_county(tmp_path, monkeypatch)


@pytest.fixture
def published(county):
    county.publish(RESIDENTS, SOURCE)
    county.publish(ALLOWANCES, COPY)
    return county


def differences(county):
    return county.query("SELECT * FROM ledger.discrepancies ORDER BY field, kind, first_seen, token")


def everything(county):
    """All that a reconcile writes, as text."""
    tables = ["ledger.comparisons", "ledger.discrepancies", "ledger.corrections", "ledger.correction_events"]
    return {table: county.query(f"FROM {table} ORDER BY ALL") for table in [*tables, "store.disputes"]}


def test_lines_are_counted_and_scored(published):
    lines = published.lines(published.reconcile())
    key, name, birthday = lines["id_no"], lines["name"], lines["birthday"]
    assert (key.kind, key.indicator, key.element, key.match_key) == ("reference", "0402", "resident_id", "id_no")
    assert (key.copy_rows, key.matched, key.only_here, key.only_there, key.score) == (4, 3, 1, 0, 75.0)
    assert (name.kind, name.indicator, name.element) == ("attribute", "0401", "person_name")
    assert (name.agreeing, name.differing, name.blank_here) == (2, 1, 0)
    assert name.score == pytest.approx(200 / 3)
    assert (birthday.agreeing, birthday.differing, birthday.blank_here, birthday.score) == (2, 0, 1, 100.0)
    assert {line.state for line in lines.values()} == {"compared"}
    assert (key.copy_load_no, key.source_load_no) == (2, 1)


def test_a_second_run_changes_nothing_and_says_so(published):
    first = published.reconcile()
    before = everything(published)
    again = published.reconcile()
    assert (first.compared, first.unchanged, again.compared, again.unchanged) == (3, 0, 0, 3)
    assert (again.opened, again.closed) == (0, 0)
    assert again.comparisons == first.comparisons
    assert everything(published) == before


def test_force_compares_again(published):
    published.reconcile()
    again = published.reconcile(force=True)
    assert (again.compared, again.unchanged, again.opened) == (3, 0, 0)
    assert len(published.query("FROM ledger.comparisons")) == 6


def test_a_retried_run_replaces_its_lines(published):
    published.reconcile("one")
    published.reconcile("one", force=True)
    assert len(published.query("FROM ledger.comparisons")) == 3


@pytest.mark.parametrize("side", [RESIDENTS, ALLOWANCES])
def test_a_new_load_of_either_side_is_compared(published, side):
    published.reconcile()
    published.publish(side, SOURCE if side == RESIDENTS else COPY)
    assert published.reconcile().compared == 3


def test_a_changed_definition_is_compared(published):
    published.reconcile()
    elements = published.project.elements / "all.yaml"
    text = elements.read_text(encoding="utf-8")
    elements.write_text(text.replace('normal_form: "name"', 'normal_form: "exact"'), encoding="utf-8")
    lines = published.lines(published.reconcile())
    assert (lines["name"].agreeing, lines["name"].differing) == (1, 2)


def test_the_list_has_tokens_and_masked_values(published):
    published.reconcile()
    secret = token_secret(published.project)
    listed = {(row["field"], row["kind"]): row for row in differences(published)}
    assert listed.keys() == {("id_no", "unknown"), ("name", "differing")}
    assert listed["name", "differing"]["token"] == token_of(LI, secret)
    assert (listed["name", "differing"]["copy_value"], listed["name", "differing"]["source_value"]) == ("李*", "李*")
    assert (listed["id_no", "unknown"]["copy_value"], listed["id_no", "unknown"]["source_value"]) == (
        "1***************33",
        None,
    )
    assert {row["times"] for row in listed.values()} == {1}


def test_nothing_in_the_ledger_names_a_value(published):
    """Planted values: in the source, in the copy, differing, unknown, repeated."""
    published.publish(RESIDENTS, [*SOURCE, (ZHAO, "孙七", BORN), (ZHAO, "孙七", BORN)])
    published.reconcile()
    held = {table: published.query(f"FROM ledger.{table}") for table in ledger.TABLES}
    text = json.dumps(held, default=str, ensure_ascii=False)
    for value in (ZHANG, LI, WANG, ZHAO, "李肆", "李四", "赵六", "孙七", "1950-01-01", ZHAO[6:14]):
        assert value not in text
    shown = next(row for row in held["discrepancies"] if row["kind"] == "duplicate")
    assert (shown["copy_value"], shown["source_value"]) == (None, "1***************33")


def test_a_difference_that_is_gone_is_cleared_and_closes_its_request(published):
    opened = published.reconcile()
    published.publish(ALLOWANCES, [(ZHANG, "张三", BORN), (LI, "李四", BORN), (WANG, "买买提·艾力", BORN)])
    closed = published.reconcile()
    assert (opened.opened, opened.closed, closed.opened, closed.closed) == (2, 0, 0, 2)
    rows = differences(published)
    assert len(rows) == 2
    assert {row["cleared_at"] for row in rows} == {published.now.replace(tzinfo=None)}
    assert {row["state"] for row in published.query("FROM ledger.corrections")} == {"corrected"}
    assert published.query("FROM store.disputes") == []


def test_a_difference_that_returns_is_the_same_one(published):
    published.reconcile()
    first = {row["token"]: row["first_seen"] for row in differences(published)}
    published.publish(ALLOWANCES, SOURCE)
    published.reconcile()
    published.publish(ALLOWANCES, COPY)
    made = published.reconcile()
    rows = differences(published)
    assert {row["token"]: row["first_seen"] for row in rows} == first
    assert {(row["times"], row["cleared_at"]) for row in rows} == {(2, None)}
    assert {row["last_seen"] for row in rows} == {published.now.replace(tzinfo=None)}
    assert made.opened == 2, "the same requests, opened again"
    assert len(published.query("FROM ledger.corrections")) == 2


def test_a_difference_that_stays_keeps_its_first_day(published):
    published.reconcile()
    published.publish(ALLOWANCES, [*COPY[:3], (ZHANG[:-1] + "7", "新", BORN)])
    published.reconcile()
    seen = {row["key"]: row["first_seen"] for row in published.query("FROM store.disputes WHERE field = 'name'")}
    assert seen[LI] < published.now.replace(tzinfo=None)
    changed = [(*COPY[1][:1], "李五", BORN)]
    published.publish(ALLOWANCES, [COPY[0], *changed])
    published.reconcile()
    row = next(row for row in differences(published) if row["field"] == "name")
    assert (row["times"], row["cleared_at"]) == (1, None)
    assert row["first_seen"] < row["last_seen"]


def test_the_list_is_bounded_and_the_oldest_come_first(county):
    county.settings(listed="2")
    people = [(f"15990119500101{number:03}X", "张三", BORN) for number in range(6)]
    county.publish(RESIDENTS, people)
    county.publish(ALLOWANCES, [(key, "李四", day) for key, _, day in people[2:5]])
    secret = token_secret(county.project)

    def listed():
        where = "field = 'name' AND cleared_at IS NULL"
        rows = county.query(f"SELECT token FROM ledger.discrepancies WHERE {where}")
        return {row["token"] for row in rows}

    line = county.lines(county.reconcile())["name"]
    assert line.differing == 3
    assert listed() == {token_of(people[place][0], secret) for place in (2, 3)}
    county.publish(ALLOWANCES, [(key, "李四", day) for key, _, day in people])
    assert county.lines(county.reconcile())["name"].differing == 6
    assert listed() == {token_of(people[place][0], secret) for place in (2, 3)}, "newer ones wait"
    county.publish(ALLOWANCES, [(key, "李四", day) for key, _, day in (people[0], *people[3:])])
    county.reconcile()
    assert listed() == {token_of(people[place][0], secret) for place in (3, 4)}
    county.settings(listed="1")
    county.reconcile()
    assert listed() == {token_of(people[place][0], secret) for place in (3, 4)}, "an open line is not taken off"
    county.settings(listed="1000")
    county.reconcile()
    assert listed() == {token_of(people[place][0], secret) for place in (0, 3, 4, 5)}


def test_who_is_asked(published):
    published.publish(RESIDENTS, [(ZHANG, "张三", date(1950, 1, 2)), (LI, "李四", BORN), (LI, "李四", BORN)])
    published.reconcile()
    asked = {(row["field"], row["kind"]): row["department"] for row in published.query("FROM ledger.corrections")}
    assert asked == {
        ("id_no", "unknown"): "civil_affairs",
        ("id_no", "duplicate"): "public_security",
        ("birthday", "differing"): "public_security",  # the element says corrections: source
    }


def test_what_cannot_be_compared_says_why_once_and_counts_nothing(county):
    assert {line.reason for line in county.reconcile().comparisons} == {"never_published"}
    county.reconcile()
    assert len(county.query("FROM ledger.comparisons")) == 3, "said once"
    county.publish(RESIDENTS, SOURCE)
    lines = county.reconcile().comparisons
    assert {(line.state, line.reason) for line in lines} == {("not_compared", "copy_never_published")}
    assert {line.score for line in lines} == {None}
    assert {line.matched for line in lines} == {None}
    county.publish(ALLOWANCES, COPY)
    assert county.reconcile().compared == 3


def test_a_stale_source_is_not_compared_and_what_was_found_stays(published):
    update = {"cycle": "daily", "due": "08:30", "grace": "2h", "calendar": "everyday"}
    published.write(RESIDENTS, residents_text(update=update))
    first = published.reconcile()
    assert first.compared == 3
    before = differences(published)
    published.now = published.now.replace(day=22)
    published.publish(ALLOWANCES, SOURCE)
    made = published.reconcile()
    assert {(line.state, line.reason) for line in made.comparisons} == {("not_compared", "stale")}
    assert (made.compared, made.closed) == (0, 0)
    assert differences(published) == before
    published.reconcile()
    assert len(published.query("FROM ledger.comparisons")) == 6
    published.publish(RESIDENTS, SOURCE)
    made = published.reconcile()
    assert (made.compared, made.closed) == (3, 2)


def test_a_source_that_is_fresh_again_is_compared_although_its_load_is_the_same(published):
    update = {"cycle": "daily", "due": "08:30", "grace": "2h", "calendar": "everyday"}
    published.reconcile()
    published.write(RESIDENTS, residents_text(update=update))
    published.now = published.now.replace(day=22)
    assert {line.reason for line in published.reconcile().comparisons} == {"stale"}
    published.write(RESIDENTS, residents_text())
    made = published.reconcile()
    assert {line.state for line in made.comparisons} == {"compared"}


def test_a_source_that_cannot_run_is_not_compared(published):
    published.reconcile()
    published.write(RESIDENTS, residents_text(status="retired"))
    assert {line.reason for line in published.reconcile().comparisons} == {"source_unusable"}
    published.write(RESIDENTS, "kind: [\n")
    made = published.reconcile()
    assert {line.reason for line in made.comparisons} == {"source_unusable"}
    assert len(made.comparisons) == 3
    assert len(published.query("FROM ledger.comparisons")) == 6
    published.write(RESIDENTS, residents_text())
    assert published.reconcile().compared == 3


def test_a_broken_copy_keeps_what_was_found(published):
    first = published.reconcile()
    published.write(ALLOWANCES, "kind: [\n")
    made = published.reconcile()
    assert made.comparisons == first.comparisons
    assert len(differences(published)) == 2


def test_what_is_no_copy_any_more_is_withdrawn(published):
    published.reconcile()
    published.write(ALLOWANCES, allowances_text().replace('element: "person_name"', 'type: "string"'))
    made = published.reconcile()
    assert {line.field for line in made.comparisons} == {"id_no", "birthday"}
    assert made.closed == 1
    assert {row["cleared_at"] is None for row in differences(published) if row["field"] == "name"} == {False}
    assert published.query("FROM store.disputes WHERE field = 'name'") == []
    lines = len(published.query("FROM ledger.comparisons"))
    assert published.reconcile().unchanged == 2
    assert len(published.query("FROM ledger.comparisons")) == lines


def test_a_field_that_was_never_published_does_not_keep_the_others_back(published):
    text = allowances_text()
    fields = "  - {name: phone, title: 电话, element: phone}\n"
    phone = 'phone:\n  title: "电话"\n  source: "public_security.residents"\n'
    elements = published.project.elements / "more.yaml"
    elements.write_text(phone, encoding="utf-8")
    published.write(ALLOWANCES, text.replace("fields:\n", "fields:\n" + fields))
    source = residents_text().replace("fields:\n", "fields:\n" + fields.replace("}", ", authoritative: true}"))
    published.write(RESIDENTS, source)
    lines = published.lines(published.reconcile())
    assert (lines["phone"].state, lines["phone"].reason) == ("not_compared", "copy_never_published")
    assert lines["name"].state == "compared"
    assert published.reconcile().unchanged == 4


def test_of_two_at_once_the_later_one_writes(published, monkeypatch):
    real = reconciling.compare
    inner = []

    def overtaken(order):
        monkeypatch.setattr(reconciling, "compare", real)
        inner.append(published.reconcile("later"))
        return real(order)

    monkeypatch.setattr(reconciling, "compare", overtaken)
    with pytest.raises(PlatformError) as caught:
        published.reconcile("earlier")
    assert caught.value.problem.code == "P324"
    assert inner[0].compared == 3
    assert {row["run_id"] for row in published.query("FROM ledger.comparisons")} == {"later"}


def test_a_publication_meanwhile_does_not_swap_the_files(published, monkeypatch):
    real = reconciling.compare

    def published_meanwhile(order):
        published.publish(ALLOWANCES, [])
        published.publish(RESIDENTS, [])
        with open_warehouse(published.project).session() as session:
            for name in (ALLOWANCES, RESIDENTS):
                session.snapshot(load_resource(published.project, name).entry, published.project.shared)
        return real(order)

    monkeypatch.setattr(reconciling, "compare", published_meanwhile)
    lines = published.lines(published.reconcile())
    assert (lines["id_no"].copy_rows, lines["id_no"].copy_load_no, lines["id_no"].source_load_no) == (4, 2, 1)
    monkeypatch.setattr(reconciling, "compare", real)
    assert published.lines(published.reconcile())["id_no"].copy_rows == 0


def test_the_warehouse_is_free_while_the_comparison_runs(published, monkeypatch):
    real, got = reconciling.compare, []

    def asked_meanwhile(order):
        thread = threading.Thread(target=lambda: got.append(published.query("SELECT 1 AS one")))
        thread.start()
        thread.join(20)
        return real(order)

    monkeypatch.setattr(reconciling, "compare", asked_meanwhile)
    published.reconcile()
    assert got == [[{"one": 1}]]


def test_one_link_that_fails_does_not_keep_the_others_from_being_written(tmp_path, monkeypatch):
    other = allowances_text(id="civil_affairs.other", code="307010101/000009", title="另一份")
    other = other.replace('element: "allowance", authoritative: true', 'type: "string"')
    county = make_county(
        tmp_path,
        monkeypatch,
        {RESIDENTS: residents_text(), ALLOWANCES: allowances_text(), "civil_affairs.other": other},
    )
    county.publish(RESIDENTS, SOURCE)
    county.publish(ALLOWANCES, COPY)
    county.publish("civil_affairs.other", COPY)
    real = reconciling.compare

    def fail(order):
        if order.link.entry_id == ALLOWANCES:
            raise PlatformError("P320", entry=order.link.entry_id, source=order.link.source_id, kind="IOException")
        return real(order)

    monkeypatch.setattr(reconciling, "compare", fail)
    with pytest.raises(PlatformError):
        county.reconcile()
    assert {row["entry_id"] for row in county.query("FROM ledger.comparisons")} == {"civil_affairs.other"}
    monkeypatch.setattr(reconciling, "compare", real)
    assert county.reconcile().compared == 3


def test_no_raw_value_is_left_behind(published):
    published.reconcile()
    rooms = published.project.var / "reconcile"
    assert [path.name for path in rooms.iterdir()] == ["rooms.lock"]


SCRIPT = """
import sys
from datetime import datetime
from shuyuan.one_source import reconcile
from shuyuan.project import Project
reconcile(Project.find(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), "killed")
"""


def reconcile_elsewhere(county, crash_at):
    environment = os.environ | {"SHUYUAN_CRASH_AT": crash_at, "PYTHONPATH": os.pathsep.join(sys.path)}
    arguments = [sys.executable, "-c", SCRIPT, str(county.project.root), county.now.isoformat()]
    return subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("crash_at", RECONCILE_POINTS)
def test_killed_at_each_point_the_former_comparison_or_the_new_one_is_whole(published, crash_at):
    published.subject()
    published.reconcile("first")
    former = everything(published)
    published.publish(ALLOWANCES, [*COPY[:1], (LI, "李四", BORN), (WANG, "王五", BORN)])
    killed = reconcile_elsewhere(published, crash_at)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    committed = RECONCILE_POINTS.index(crash_at) > RECONCILE_POINTS.index("lines_written")
    assert (everything(published) == former) is not committed

    again = published.reconcile("again")
    assert (again.compared, again.unchanged) == ((0, 3) if committed else (3, 0))
    lines = published.lines(again)
    assert (lines["id_no"].only_here, lines["name"].differing) == (0, 1)
    states = {(row["field"], row["kind"]): row["state"] for row in published.query("FROM ledger.corrections")}
    assert states == {("id_no", "unknown"): "corrected", ("name", "differing"): "open"}
    copied = pq.read_table(published.project.shared / "person.parquet").to_pylist()
    assert {row["resident_id"]: row["person_name__disputed"] for row in copied} == {
        ZHANG: False,
        LI: False,
        WANG: True,
    }
    rooms = published.project.var / "reconcile"
    assert [path.name for path in rooms.iterdir()] == ["rooms.lock"], "what the killed one left is gone"


def test_the_harm_shows_without_the_transaction(published, monkeypatch):
    """The kill test proves something only if it can fail: without a transaction half of a comparison stays."""
    published.reconcile("first")
    former = everything(published)
    published.publish(ALLOWANCES, SOURCE)

    @contextlib.contextmanager
    def autocommit(self):
        yield

    def die(name):
        if name == "lines_written":
            raise KeyboardInterrupt

    monkeypatch.setattr(DuckDBSession, "transaction", autocommit)
    monkeypatch.setattr(reconciling, "point", die)
    with pytest.raises(KeyboardInterrupt):
        published.reconcile("killed")
    assert everything(published) != former
