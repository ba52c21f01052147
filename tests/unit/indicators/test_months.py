"""A month that was reported stays as it was reported, whatever the ledger and the catalog say later."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from assessed_county import OVER, change, make_assessed_county
from shuyuan.indicators import months
from shuyuan.indicators.months import freeze_month, is_frozen, read_frozen
from shuyuan.problems import PlatformError
from shuyuan.reporting.writing import prepare_month, write
from shuyuan.warehouses import open_warehouse

LATE = (
    "UPDATE ledger.freshness SET state = 'late', arrived_at = due_at + INTERVAL 3 HOUR WHERE state = 'missing'",
    "UPDATE ledger.freshness SET state = 'missing', arrived_at = NULL WHERE due_at < TIMESTAMP '2026-10-09'",
    "UPDATE ledger.runs SET outcome = 'blocked', score = 1 WHERE started_at < TIMESTAMP '2026-10-20'",
    "UPDATE ledger.rule_results SET unexpected = evaluated",
)


@pytest.fixture
def county(tmp_path, monkeypatch):
    return make_assessed_county(tmp_path, monkeypatch)


def pages(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix not in (".lock",))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def edit_catalog(project):
    path = project.specs / "civil_affairs" / "orphans.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("第2项", "改了名的一项"), encoding="utf-8")
    project.assessment.write_text("kind: Assessment\nsamples: 1\nranking:\n  fresh: 0\n", encoding="utf-8")


def test_a_month_that_is_over_is_the_same_bytes_again(county, tmp_path):
    first = write(county, OVER, "2026-10", tmp_path / "first", pdf=False)
    assert first.frozen
    assert first.period.last == date(2026, 10, 27)
    change(county, *LATE)
    edit_catalog(county)
    again = write(county, datetime(2026, 11, 20, 2, tzinfo=UTC), "2026-10", tmp_path / "again", pdf=False)
    assert again.frozen
    assert pages(tmp_path / "first") == pages(tmp_path / "again")


def test_without_the_frozen_month_it_would_differ(county, tmp_path):
    write(county, OVER, "2026-10", tmp_path / "first", pdf=False)
    change(county, *LATE, "DELETE FROM ledger.months", "DELETE FROM ledger.month_parts")
    write(county, OVER, "2026-10", tmp_path / "again", pdf=False)
    assert pages(tmp_path / "first") != pages(tmp_path / "again")


def test_the_running_period_is_not_frozen(county):
    assert not prepare_month(county, OVER)[1]
    assert not prepare_month(county, OVER, "2026-11")[1]
    with open_warehouse(county).session() as session:
        assert not is_frozen(session, "2026-11")


def test_a_month_is_over_at_eight_on_the_twenty_eighth(county):
    before = datetime(2026, 11, 27, 23, 59, tzinfo=UTC)
    assert not prepare_month(county, before, "2026-11")[1]
    assert prepare_month(county, datetime(2026, 11, 28, 0, 0, tzinfo=UTC), "2026-11")[1]


def test_what_is_read_back_is_what_was_made(county):
    made, frozen = prepare_month(county, OVER, "2026-10")
    with open_warehouse(county).session() as session:
        kept = read_frozen(session, "2026-10", county)
    assert frozen
    assert kept is not None
    assert kept.month == made
    assert kept.state_hash == months.hash_state(made.evidence.records)
    assert any(one.fresh.whole for one in made.standings.departments), "there is something to keep"


def test_the_next_month_starts_from_the_frozen_ranks(county):
    october, _ = prepare_month(county, OVER, "2026-10")
    change(county, *LATE)
    november, _ = prepare_month(county, OVER)
    before = {one.department: (one.rank, one.score) for one in october.standings.departments}
    assert {one.department: (one.last_rank, one.last_score) for one in november.standings.departments} == before


def test_of_two_at_once_the_first_stays(county):
    first, _ = prepare_month(county, OVER, "2026-10")
    with open_warehouse(county).session() as session:
        other = months.Month(first.evidence, first.standings, None)
        freeze_month(session, other, datetime(2026, 11, 25, tzinfo=UTC))
        kept = read_frozen(session, "2026-10", county)
    assert kept is not None
    assert kept.month == first
    assert kept.closed_at == OVER.replace(tzinfo=None)


def test_a_month_of_many_parts(county, monkeypatch):
    monkeypatch.setattr(months, "PART", 100)
    made, _ = prepare_month(county, OVER, "2026-10")
    with open_warehouse(county).session() as session:
        parts = session.query("SELECT count(*) AS n, max(length(content)) AS longest FROM ledger.month_parts")[0]
        kept = read_frozen(session, "2026-10", county)
    assert parts["n"] > 20
    assert parts["longest"] == 100
    assert kept is not None
    assert kept.month == made


@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM ledger.month_parts",
        "UPDATE ledger.month_parts SET content = 'x' || substr(content, 2) WHERE part = 1",
        "UPDATE ledger.months SET snapshot_sha256 = 'x'",
    ],
)
def test_a_month_that_was_changed_is_not_shown(county, harm):
    prepare_month(county, OVER, "2026-10")
    change(county, harm)
    with pytest.raises(PlatformError) as raised:
        prepare_month(county, OVER, "2026-10")
    assert raised.value.problem.code == "P365"
    assert "month_parts" in raised.value.problem.next_step


def test_a_month_of_a_version_that_kept_other_things(county, monkeypatch):
    monkeypatch.setattr(months, "write_text", lambda value: '{"evidence": {"no": "such"}}')
    with pytest.raises(PlatformError) as raised:
        prepare_month(county, OVER, "2026-10")
    assert raised.value.problem.code == "P366"


@pytest.mark.parametrize(("month", "code"), [("2026-13", "P367"), ("november", "P367"), ("2027-03", "P368")])
def test_months_that_are_none(county, month, code):
    with pytest.raises(PlatformError) as raised:
        prepare_month(county, OVER, month)
    assert raised.value.problem.code == code


def test_an_empty_ledger_has_dashes(tmp_path, monkeypatch):
    project = make_assessed_county(tmp_path, monkeypatch)
    change(project, *(f"DELETE FROM ledger.{table}" for table in ("runs", "rule_results", "publications", "freshness")))
    made, _ = prepare_month(project, OVER)
    for one in (*made.standings.departments, made.standings.county):
        assert (one.fresh.value, one.quality, one.response.value, one.rank) == (None, None, None, None)
        assert one.unranked == "few_samples"
    assert made.last is None
