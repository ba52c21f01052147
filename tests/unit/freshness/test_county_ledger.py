"""The made-up county is what it says: whole, the same each time, with every state."""

from county_ledger import build, entry_id, write_catalog
from shuyuan.catalog import read_catalog

TABLES = ("runs", "deliveries", "rule_results", "publications", "freshness", "comparisons", "corrections")


def sums(ledger):
    return {
        name: ledger.query(f"SELECT count(*) AS lines, sum(hash(t)) AS whole FROM ledger.{name} t")[0]
        for name in TABLES
    }


def test_two_builds_are_one_ledger():
    assert sums(build(40, 120)) == sums(build(40, 120))


def test_it_holds_what_it_promises():
    ledger = build(300, 120)
    assert all(found["lines"] for found in sums(ledger).values())
    states = {row["state"] for row in ledger.query("SELECT DISTINCT state FROM ledger.freshness")}
    assert states == {"on_time", "late", "missing", "no_change", "excluded"}
    outcomes = {row["outcome"] for row in ledger.query("SELECT DISTINCT outcome FROM ledger.runs")}
    assert outcomes == {"published", "unchanged", "missing", "blocked", "failed"}
    wrong = "SELECT 1 AS wrong FROM ledger.runs WHERE delivered <> accepted + rejected OR score NOT BETWEEN 0 AND 100"
    assert not ledger.query(wrong)
    current = "SELECT count(*) AS n FROM ledger.publications WHERE superseded_at IS NULL"
    assert ledger.query(current)[0]["n"] == 300


def test_its_catalog_is_right(tmp_path):
    catalog = read_catalog(write_catalog(tmp_path, 70))
    assert not catalog.problems
    assert {one.entry.id for one in catalog.resources} == {entry_id(number) for number in range(70)}
