"""The report knows the latest comparison of every copy, and nothing of what happened after its moment."""

from datetime import UTC, date, datetime, timedelta

import pytest

import synthetic_comparisons as made
from shuyuan.indicators import read_facts
from shuyuan.indicators.comparison_reading import LISTED
from shuyuan.indicators.measures import dimension_as_of
from synthetic_ledger import NOW, TODAY, Ledger, build

HOLDER = "housing_fund.accounts"


@pytest.fixture(scope="module")
def resources():
    return made.catalog()


@pytest.fixture
def ledger(resources):
    ledger = Ledger.empty()
    made.compare(ledger, resources)
    return ledger


def latest(facts, entry_id, field):
    (found,) = [one for one in facts.one_source.comparisons if (one.entry_id, one.field) == (entry_id, field)]
    return found


def test_each_copy_has_its_latest_line(ledger):
    facts = read_facts(ledger, NOW)
    keys = [one.key for one in facts.one_source.comparisons]
    assert len(keys) == len(set(keys))
    assert {one.compared_at.date() for one in facts.one_source.comparisons} == {TODAY}
    found = latest(facts, HOLDER, "employer_name")
    row = ledger.query(
        "SELECT agreeing, differing, run_id FROM ledger.comparisons"
        " WHERE entry_id = ? AND field = 'employer_name' ORDER BY compared_at DESC LIMIT 1",
        [HOLDER],
    )[0]
    assert (found.agreeing, found.differing, found.run_id) == (row["agreeing"], row["differing"], row["run_id"])


def test_what_cannot_be_compared_says_since_when(ledger):
    facts = read_facts(ledger, NOW)
    broken = latest(facts, "education.students", "person_name")
    assert (broken.state, broken.reason, broken.agreeing, broken.score) == ("not_compared", "stale", None, None)
    assert broken.since == datetime(2026, 11, 12, 2, 10)
    assert broken.last_compared == datetime(2026, 11, 11, 2, 10)
    good = latest(facts, HOLDER, "person_name")
    assert good.since is None
    assert good.last_compared == good.compared_at


def test_never_compared_at_all_has_no_last_comparison(resources):
    ledger = Ledger.empty()
    made.compare(ledger, resources, days=5)
    broken = latest(read_facts(ledger, NOW), "education.students", "person_name")
    assert broken.last_compared is None
    assert broken.since == datetime(2026, 11, 16, 2, 10)


def test_an_earlier_moment_does_not_know_the_later_lines(ledger):
    earlier = read_facts(ledger, datetime(2026, 11, 11, 8, tzinfo=UTC))
    assert latest(earlier, "education.students", "person_name").state == "compared"
    assert max(one.compared_at for one in earlier.one_source.comparisons) == datetime(2026, 11, 11, 2, 10)
    assert all(one.first_seen < datetime(2026, 11, 11, 8) for one in earlier.one_source.discrepancies)
    assert all(one.last_seen <= datetime(2026, 11, 11, 8) for one in earlier.one_source.discrepancies)


def test_differences_are_bounded_and_counted_whole(ledger):
    told = read_facts(ledger, NOW).one_source
    shown = [one for one in told.discrepancies if (one.entry_id, one.field) == (HOLDER, "employer_name")]
    assert len(shown) == LISTED
    assert [one.place for one in shown] == list(range(1, LISTED + 1))
    assert told.listed[HOLDER, "employer_name", "differing", made.COMPANIES] == 30


def test_cleared_differences_are_gone_but_not_before_they_were_cleared(ledger):
    ledger.connection.execute("UPDATE ledger.discrepancies SET cleared_at = TIMESTAMP '2026-11-20 03:00:00'")
    assert read_facts(ledger, NOW).one_source.discrepancies == ()
    assert read_facts(ledger, NOW).one_source.listed == {}
    assert read_facts(ledger, datetime(2026, 11, 20, 2, 30, tzinfo=UTC)).one_source.listed


def correct(ledger, events, **line):
    ledger.connection.execute("DELETE FROM ledger.corrections; DELETE FROM ledger.correction_events")
    shared = {
        "correction_id": "YY2026-000001", "entry_id": HOLDER, "field": "employer_name", "element": "enterprise_name",
        "kind": "differing", "source_id": made.COMPANIES, "department": "housing_fund", "rows_first": 9,
        "rows_now": 4, "opened_at": datetime(2026, 11, 2, 2), "due_on": date(2026, 11, 16), "state": "open",
        "answered_at": None, "answered_by": None, "answer": None, "closed_at": None, "reopened": 0,
    }  # fmt: skip
    ledger.insert("corrections", [shared | line])
    ledger.insert(
        "correction_events",
        [
            {"correction_id": "YY2026-000001", "step": step, "happened_at": at, "action": action, "who": "system",
             "note": note, "rows_then": rows}
            for step, (at, action, rows, note) in enumerate(events, start=1)
        ],
    )  # fmt: skip


OPENED = (datetime(2026, 11, 2, 2), "opened", 9, None)


def at(ledger, day):
    (found,) = read_facts(ledger, datetime(2026, 11, day, 8, tzinfo=UTC)).one_source.corrections
    return found


def test_a_closed_correction_was_open_before(ledger):
    closed = datetime(2026, 11, 18, 2)
    correct(ledger, [OPENED, (closed, "closed", 0, "gone")], state="corrected", closed_at=closed, rows_now=0)
    now, then = at(ledger, 20), at(ledger, 17)
    assert (now.state, now.closed_at, now.rows_now) == ("corrected", closed, 0)
    assert (then.state, then.closed_at, then.rows_now) == ("open", None, 9)


def test_an_answer_was_not_there_before_it_was_given(ledger):
    given = datetime(2026, 11, 12, 2)
    answer = {"answered_at": given, "answered_by": "经办人", "answer": "已核实"}
    correct(ledger, [OPENED, (given, "answered", 7, "已核实")], state="explained", **answer)
    assert (at(ledger, 20).state, at(ledger, 20).answer) == ("explained", "已核实")
    assert (at(ledger, 11).state, at(ledger, 11).answer, at(ledger, 11).rows_now) == ("open", None, 9)


def test_one_that_came_back_was_closed_in_between(ledger):
    gone, back = datetime(2026, 11, 10, 2), datetime(2026, 11, 18, 2)
    correct(
        ledger, [OPENED, (gone, "closed", 0, "gone"), (back, "reopened", 3, "returned")], reopened=1, rows_now=3
    )  # fmt: skip
    assert (at(ledger, 20).closed_at, at(ledger, 20).reopened) == (None, 1)
    then = at(ledger, 15)
    assert (then.closed_at, then.state, then.reopened, then.rows_now) == (gone, "corrected", 0, 0)


def test_one_whose_copy_left_the_catalog_was_not_corrected(ledger):
    gone, back = datetime(2026, 11, 10, 2), datetime(2026, 11, 18, 2)
    correct(ledger, [OPENED, (gone, "closed", 0, "unlinked"), (back, "reopened", 3, "returned")], reopened=1)
    assert at(ledger, 15).state == "explained"


def test_why_it_was_handed_on(ledger):
    correct(ledger, [OPENED, (datetime(2026, 11, 12, 2), "referred", 9, "以户籍为准")])
    assert at(ledger, 20).referral == "以户籍为准"
    assert at(ledger, 11).referral is None


def test_long_closed_corrections_are_not_read(ledger):
    closed = datetime(2026, 10, 2, 2)
    correct(ledger, [OPENED], opened_at=datetime(2026, 9, 2), state="corrected", closed_at=closed)
    assert read_facts(ledger, NOW).one_source.corrections == ()


def test_consistency_is_the_mean_of_the_copies_that_could_be_compared(ledger):
    facts = read_facts(ledger, NOW)
    lines = [one for one in facts.one_source.comparisons if one.entry_id == HOLDER]
    scores = [one.score for one in lines]
    assert {one.indicator for one in lines} == {"0401", "0402"}
    assert dimension_as_of(facts.of(HOLDER), TODAY, "consistency") == pytest.approx(sum(scores) / len(scores))
    assert dimension_as_of(facts.of("education.students"), TODAY, "consistency") is None, "not compared is not 100"
    assert dimension_as_of(facts.of("education.students"), date(2026, 11, 11), "consistency") == 100
    assert not facts.of(HOLDER).scores, "comparisons do not enter the quality score"


def test_the_deliverys_own_consistency_goes_first(resources):
    ledger = build(resources)
    made.compare(ledger, resources)
    sql = "UPDATE ledger.runs SET scores = ? WHERE entry_id = ?"
    ledger.connection.execute(sql, ['{"consistency": 12.5}', HOLDER])
    assert dimension_as_of(read_facts(ledger, NOW).of(HOLDER), TODAY, "consistency") == 12.5


def test_the_last_comparison_before_the_window_still_holds(resources):
    ledger = Ledger.empty()
    made.compare(ledger, resources)
    later = read_facts(ledger, NOW + timedelta(days=60))
    assert dimension_as_of(later.of(HOLDER), later.today, "consistency") is not None
