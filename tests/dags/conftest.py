"""Every test here reads DAGs from a project of its own; Airflow gets its settings before it is imported."""

import pytest

import airflow_home  # noqa: F401
from building import department_text, entry_text, make_project
from vehicle_entries import vehicle_entry


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of two departments and five entries, one of each status."""
    statuses = ("draft", "confirmed", "published", "suspended", "retired")
    entries = {f"traffic_police.{status}": vehicle_entry(status, status=status) for status in statuses}
    front_end = {"connection": "civil_affairs_frontend", "slots": 3}
    made = make_project(
        tmp_path / "center",
        entries | {"civil_affairs.low_income_households": entry_text(status="published", published_on="2026-01-01")},
        departments={"civil_affairs": department_text(front_end=front_end)},
    )
    monkeypatch.setenv("SHUYUAN_PROJECT", str(made.root))
    monkeypatch.delenv("SHUYUAN_VAR", raising=False)
    return made
