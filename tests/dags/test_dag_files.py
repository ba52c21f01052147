"""The DAG files as Airflow reads them: one broken entry hides nothing but itself, shards, one DAG for a task."""

import re
import shutil
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag

from airflow_home import ROOT
from building import department_text, make_project
from shuyuan.orchestration import registering
from shuyuan.orchestration.sentinel import BrokenEntries, explain, raise_for_broken_entries
from shuyuan.problems import Location, Problem
from vehicle_entries import vehicle_entry

ALL = {
    "catalog.civil_affairs.low_income_households",
    "catalog.traffic_police.confirmed",
    "catalog.traffic_police.published",
    "catalog.traffic_police.suspended",
}
OPERATIONS = {"operations.freshness", "operations.monthly", "operations.nightly", "operations.reconcile"}
CONTEXT = "_AIRFLOW_PARSING_CONTEXT_DAG_ID"


@pytest.fixture
def dags(tmp_path):
    """A copy of the DAG files that a test may add shards to."""
    return Path(shutil.copytree(ROOT / "dags", tmp_path / "dags", ignore=shutil.ignore_patterns("__pycache__")))


def read(folder):
    return DagBag(str(folder), bundle_name="dags-folder")


def registered(path):
    namespace = {}
    registering.register_dags(str(path), namespace)
    return set(namespace)


def break_entry(project, name="published"):
    path = project.specs / "traffic_police" / f"{name}.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace('cycle: "daily"', 'cycle: "dialy"'), encoding="utf-8")
    return path


def test_all_files_are_read_without_error(project, dags):
    bag = read(dags)
    assert bag.import_errors == {}
    assert set(bag.dags) == ALL | OPERATIONS


def test_the_files_are_found_by_safe_mode():
    """Airflow skips a file that does not contain both words."""
    for path in (ROOT / "dags").glob("*.py"):
        text = path.read_text(encoding="utf-8").lower()
        assert "airflow" in text
        assert "dag" in text


def test_plugins_are_not_imported_twice():
    assert "shuyuan/" in (ROOT / "plugins" / ".airflowignore").read_text(encoding="utf-8").split()


def test_one_broken_entry_hides_nothing_but_itself(project, dags):
    broken = break_entry(project)
    bag = read(dags)
    assert set(bag.dags) == (ALL - {"catalog.traffic_police.published"}) | OPERATIONS
    ((file, error),) = bag.import_errors.items()
    assert file.endswith("catalog_errors.py")
    line = broken.read_text(encoding="utf-8").splitlines().index('  cycle: "dialy"') + 1
    assert f"traffic_police/published.yaml:{line}:10 E113" in error
    assert "| " + '  cycle: "dialy"' in error
    assert "daily" in error.split("→")[1]


@pytest.mark.parametrize(
    "text", ["", "[1, 2", "kind: Department\n", "kind: CatalogEntry\nid: 1\n", "\t\x00", "a: &a [*a]\n", "x" * 70_000]
)
def test_no_content_of_a_file_hides_the_others(project, dags, text):
    (project.specs / "traffic_police" / "published.yaml").write_text(text, encoding="utf-8")
    assert ALL - {"catalog.traffic_police.published"} == registered(dags / "catalog.py")
    with pytest.raises(BrokenEntries, match=r"published\.yaml"):
        raise_for_broken_entries(str(dags / "catalog_errors.py"))


def test_a_broken_department_hides_its_own_entries_only(project, dags):
    (project.specs / "traffic_police" / "_department.yaml").write_text("title: [", encoding="utf-8")
    assert registered(dags / "catalog.py") == {"catalog.civil_affairs.low_income_households"}


def test_a_fault_of_ours_in_one_entry_hides_it_alone_and_shows(project, dags, monkeypatch):
    from shuyuan.orchestration import building, sentinel

    def build(resource, calendar):
        if resource.entry.resource == "published":
            raise ZeroDivisionError("a value that must not show")
        return building.build_dag(resource, calendar)

    monkeypatch.setattr(registering, "build_dag", build)
    monkeypatch.setattr(sentinel, "build_dag", build)
    assert registered(dags / "catalog.py") == ALL - {"catalog.traffic_police.published"}
    with pytest.raises(BrokenEntries, match=r"published\.yaml P401 .*ZeroDivisionError") as raised:
        raise_for_broken_entries(str(dags / "catalog_errors.py"))
    assert "must not show" not in str(raised.value)


def test_a_right_catalog_raises_nothing(project, dags):
    raise_for_broken_entries(str(dags / "catalog_errors.py"))


def test_the_caret_stands_under_the_place_although_chinese_is_wide():
    problem = Problem("E113", {"key": "周期"}, Location("a.yaml", 3, 5), "名称: x")
    place = explain(problem).splitlines()[-1]
    assert place.index("^") == len("     3 | ") + 6


@pytest.mark.parametrize("count", [2, 3, 5])
def test_shards_divide_the_catalog_exactly(tmp_path, monkeypatch, dags, count):
    entries = {f"traffic_police.r{n:02d}": vehicle_entry(f"r{n:02d}", code=f"306027/{n:06d}") for n in range(40)}
    project = make_project(tmp_path / "many", entries, departments={"traffic_police": department_text()})
    monkeypatch.setenv("SHUYUAN_PROJECT", str(project.root))
    files = [dags / "catalog.py"]
    for number in range(2, count + 1):
        files.append(dags / f"catalog_{number}.py")
        shutil.copy(dags / "catalog.py", files[-1])
    shares = [registered(path) for path in files]
    assert sum(map(len, shares)) == 40
    assert set().union(*shares) == {f"catalog.traffic_police.r{n:02d}" for n in range(40)}
    assert all(shares)


def test_a_tenth_shard_comes_after_the_ninth(dags):
    for number in (2, 9, 10, 11):
        shutil.copy(dags / "catalog.py", dags / f"catalog_{number}.py")
    ids = [f"a.b{n}" for n in range(300)]
    shares = [
        [one for one in ids if registering.shard_of(dags / name)(one)]
        for name in ("catalog.py", "catalog_2.py", "catalog_9.py", "catalog_10.py", "catalog_11.py")
    ]
    assert sorted(one for share in shares for one in share) == sorted(ids)


def test_a_task_builds_its_own_dag_only(project, dags, monkeypatch):
    break_entry(project, "confirmed")
    monkeypatch.setenv(CONTEXT, "catalog.traffic_police.published")
    opened = []
    monkeypatch.setattr(registering, "read_elements", lambda _: opened.append("everything"))
    assert registered(dags / "catalog.py") == {"catalog.traffic_police.published"}
    assert opened == []


def test_a_task_of_a_broken_entry_is_told_why(project, dags, monkeypatch):
    break_entry(project)
    monkeypatch.setenv(CONTEXT, "catalog.traffic_police.published")
    ((_, error),) = read(dags / "catalog.py").import_errors.items()
    assert re.search(r"published\.yaml:\d+:10 E113", error)


@pytest.mark.parametrize("name", ["operations.nightly", "catalog.../etc/passwd", "catalog.a", "catalog.A.b"])
def test_a_task_of_another_dag_builds_nothing_here(project, dags, monkeypatch, name):
    monkeypatch.setenv(CONTEXT, name)
    assert registered(dags / "catalog.py") == set()


def test_the_project_is_the_folder_of_the_dag_file(project, dags, monkeypatch):
    """A versioned checkout must read its own entries."""
    monkeypatch.delenv("SHUYUAN_PROJECT")
    shutil.copytree(project.root / "include", dags.parent / "include")
    assert registered(dags / "catalog.py") == ALL
