"""The demonstration's month: the product's figures are those that its ledger and its files give by hand.

The demonstration runs whole, on each warehouse, but for Airflow: its tasks are called one after the other.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from naive_indicators import demand_of, figures
from servers import KINDS
from shuyuan import one_source
from shuyuan.catalog import load_resource
from shuyuan.demonstration.deliveries import deliver
from shuyuan.demonstration.demo import read_lines
from shuyuan.demonstration.departments import open_departments, published_entries
from shuyuan.demonstration.history import write_history
from shuyuan.pipeline import Job, run
from shuyuan.project import Project
from shuyuan.reporting.writing import prepare_month
from shuyuan.sources.connections import connection_from_environment
from shuyuan.warehouses import open_warehouse
from shuyuan.workdays import LOCAL, local_day

PROJECT = Project(Path(__file__).parents[2])
ROWS = 200
RAW = ("freshness", "runs", "rule_results", "publications", "comparisons", "corrections")


def written_entries():
    """The published entries of the catalog, from their YAML files."""
    for path in sorted(PROJECT.specs.glob("*/*.yaml")):
        if not path.name.startswith("_"):
            written = yaml.safe_load(path.read_text(encoding="utf-8"))
            if written["status"] not in ("draft", "retired"):
                yield written


def raw_entry(written):
    grace = str(written["update"].get("grace", "2h"))
    span = {"m": "minutes", "h": "hours", "d": "days"}[grace[-1]]
    return {
        "id": written["id"],
        "department": written["id"].partition(".")[0],
        "shared": written["sharing"]["type"] != "none",
        "grace": timedelta(**{span: int(grace[:-1])}),
    }


def run_entries(entry_ids, day, at):
    """What Airflow would run, one after the other; return the run ids."""
    ids = {entry_id: f"{entry_id}__plain__{at:%Y%m%dT%H%M%S.%f}" for entry_id in entry_ids}
    for entry_id, run_id in ids.items():
        resource = load_resource(PROJECT, entry_id)
        job = Job.open(PROJECT, resource, day, run_id, connection_from_environment, started_at=datetime.now(UTC))
        assert not [step.made for step in run(job) if isinstance(step.made, Exception)]
    return ids


def named_month(day, back):
    """The assessment month of a day, or the one before: from the 28th on it is the next one's."""
    number = day.year * 12 + day.month - 1 + (day.day > 27) - back
    return f"{number // 12}-{number % 12 + 1:02}"


@pytest.fixture(scope="module", params=KINDS)
def demo(request, tmp_path_factory, servers):
    """The demonstration has run; every line of the ledger's tables that figures are made from."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHUYUAN_VAR", str(tmp_path_factory.mktemp("demo")))
        patch.delenv("SHUYUAN_WAREHOUSE", raising=False)
        if request.param != "duckdb":
            patch.setenv("SHUYUAN_WAREHOUSE", servers.empty(request.param))

        today, now, resources = datetime.now(LOCAL).date(), datetime.now(UTC), published_entries(PROJECT)
        with open_departments(PROJECT) as departments:
            for name, value in departments.settings.items():
                patch.setenv(name, value)
            handovers = {one.entry_id: one for one in deliver(departments.root, today, ROWS)}
            ids = run_entries(list(handovers), today, now)
        one_source.reconcile(PROJECT, datetime.now(UTC), "plain")
        assert all(line.expected for line in read_lines(PROJECT, resources, ids, handovers))
        assert write_history(PROJECT, resources, ids, today, datetime.now(UTC)) > 200
        assert write_history(PROJECT, resources, ids, today, datetime.now(UTC)) == 0, "the past is written once"
        with open_warehouse(PROJECT).session() as session:
            lines = {table: session.query(f"SELECT * FROM ledger.{table}") for table in RAW}
        yield lines


@pytest.mark.parametrize("back", [0, 1], ids=["this_month", "last_month"])
def test_every_figure(demo, back):
    now = datetime.now(UTC)
    month = named_month(local_day(now), back)
    entries = list(written_entries())
    sharing = {written["id"]: written["sharing"]["type"] for written in entries}
    files = sorted(PROJECT.demands.glob("*/*.yaml"))
    demands = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in files]
    asked = [demand_of(written, sharing.get(written.get("entry"))) for written in demands]
    by_hand = figures(demo, [raw_entry(one) for one in entries], month, now.replace(tzinfo=None), asked)
    made, _ = prepare_month(PROJECT, now, month)
    assert set(made.standings.entries) == set(by_hand["entries"])
    for entry_id, mine in made.standings.entries.items():
        other = by_hand["entries"][entry_id]
        assert (mine.fresh.part, mine.fresh.whole) == (other["met"], other["due"]), entry_id
        assert {name: one.value for name, one in mine.dimensions.items()} == pytest.approx(other["dimensions"])
        assert mine.quality == pytest.approx(other["quality"])
    for name, other in by_hand["departments"].items():
        mine = made.standings.department(name)
        assert (mine.response.part, mine.response.whole) == (other["timely"], other["asked"]), name
        assert mine.components == pytest.approx({part: other[part] for part in mine.components})
        assert mine.score == pytest.approx(other["score"])
        assert mine.rank == other["rank"]
    assert len([one for one in by_hand["departments"].values() if one["rank"]]) > 3
    assert {one.response.whole > one.response.part for one in made.standings.departments} == {True, False}
