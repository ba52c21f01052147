"""Airflow's settings must stand before its first import; every test here reads DAGs from a project of its own."""

import json
import os
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
os.environ.update(
    {
        "AIRFLOW_HOME": tempfile.mkdtemp(prefix="shuyuan-airflow-"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tempfile.mkdtemp(prefix='shuyuan-airflow-db-')}/airflow.db",
    }
)

import pytest
from building import department_text, entry_text, make_project


def vehicle_entry(name: str, **changes):
    """An entry that reads table ``name`` of the department's SQLite database."""
    return entry_text(
        **{
            "id": f"traffic_police.{name}",
            "code": f"306027/{sum(name.encode()):06d}",
            "title": f"机动车{name}",
            "status": "published",
            "published_on": "2026-01-01",
            "source": None,
            "fields": [
                {"name": "plate", "title": "号牌号码", "type": "string", "required": True, "length": 10},
                {"name": "seats", "title": "核定载客", "type": "integer"},
            ],
            "load": {"key": ["plate"]},
            "update": {"cycle": "daily", "calendar": "everyday"},
        }
        | changes
    ) + f'source: {json.dumps({"type": "database", "connection": "traffic_police_db", "table": name})}\n'


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
