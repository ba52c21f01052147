"""The same ledger gives the same figures on every warehouse, and a frozen month comes back whole from each."""

import pytest

from assessed_county import OVER, make_assessed_county
from servers import KINDS
from shuyuan.indicators import months
from shuyuan.indicators.months import freeze_month, read_frozen
from shuyuan.reporting.writing import prepare_month
from shuyuan.warehouses import open_warehouse


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "duckdb"])
def test_the_figures_are_those_of_the_embedded_warehouse(kind, tmp_path, monkeypatch, servers):
    embedded, _ = prepare_month(make_assessed_county(tmp_path / "here", monkeypatch), OVER)
    on_server = make_assessed_county(tmp_path / "there", monkeypatch, servers.empty(kind))
    there, _ = prepare_month(on_server, OVER)
    assert there.standings == embedded.standings
    assert there.last == embedded.last


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "duckdb"])
def test_a_month_is_frozen_once_and_comes_back_whole(kind, tmp_path, monkeypatch, servers):
    monkeypatch.setattr(months, "PART", 1000)
    project = make_assessed_county(tmp_path, monkeypatch, servers.empty(kind))
    made, frozen = prepare_month(project, OVER, "2026-10")
    with open_warehouse(project).session() as session:
        freeze_month(session, months.Month(made.evidence, made.standings), OVER)
        kept = read_frozen(session, "2026-10", project)
    assert frozen
    assert kept is not None
    assert kept.month == made
    assert kept.state_hash == months.hash_state(made.evidence.records)
