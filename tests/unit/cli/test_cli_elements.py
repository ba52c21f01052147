"""``shuyuan elements`` and ``shuyuan explain element``: authorities, copies and the last rates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from building import make_project
from copied_elements import HOLDER, SOURCE, copying_project, fill_comparisons
from shuyuan.cli import main
from shuyuan.warehouses import open_warehouse

GOLDEN = Path(__file__).parents[2] / "golden" / "one_source"


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))
    monkeypatch.delenv("SHUYUAN_WAREHOUSE", raising=False)
    monkeypatch.delenv("SHUYUAN_LANG", raising=False)
    return copying_project(tmp_path / "project")


@pytest.fixture
def compared(project):
    with open_warehouse(project).session() as session:
        fill_comparisons(session)
    return project


@pytest.fixture
def call(capsys, monkeypatch):
    def run(project, *arguments, width=80, language="zh"):
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setenv("SHUYUAN_LANG", language)
        with pytest.raises(SystemExit) as stopped:
            main(["--project", str(project.root), *arguments])
        said = capsys.readouterr()
        return stopped.value.code, said.out, said.err

    return run


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [80, 160])
@pytest.mark.parametrize(
    ("name", "arguments"),
    [("elements", ["elements", "--copies"]), ("explain_element", ["explain", "element", "resident_id"])],
)
def test_it_reads_as_agreed(compared, call, name, arguments, width, language):
    status, out, _ = call(compared, *arguments, width=width, language=language)
    assert status == 0
    shown = "".join(f"{line.rstrip()}\n" for line in out.splitlines())
    assert shown == (GOLDEN / f"{name}_{language}_{width}.txt").read_text(encoding="utf-8")
    assert max(cell_len(line) for line in shown.splitlines()) <= width


def test_without_a_warehouse_nothing_was_compared_and_none_is_made(project, call, tmp_path):
    status, out, err = call(project, "elements")
    assert status == 0
    assert {line.split()[-1] for line in out.splitlines()[1:-1]} == {"—"}
    assert "还没有比对过" in err
    call(project, "explain", "element", "person_name")
    assert not (tmp_path / "var").exists()


def test_only_the_newest_comparison_counts(compared, call):
    _, out, _ = call(compared, "elements", "--format", "json")
    found = {one["element"]: one for one in json.loads(out)["elements"]}
    assert found["person_name"]["mismatch_rate"] == pytest.approx(312 / 9_000)
    assert (found["resident_id"]["mismatch_rate"], found["resident_id"]["unknown_rate"]) == (None, 0.0041)
    (address,) = found["resident_address"]["copies"]
    assert (found["resident_address"]["mismatch_rate"], address["last"]["reason"]) == (None, "stale")
    assert address["match"] == ["id_card_no"]
    assert address["last"]["compared_at"] == "2026-12-07T01:00:00+00:00"
    assert found["birth_date"]["copies"] == []
    assert found["birth_date"]["source"] == SOURCE
    assert found["remark"]["source"] is None


def test_a_copy_without_a_way_to_match_says_so(tmp_path, call, compared):
    path = compared.specs / "civil_affairs" / "low_income_households.yaml"
    text = (
        path.read_text(encoding="utf-8")
        .replace('"element": "resident_id", ', "")
        .replace('element: "resident_id", ', "")
    )
    path.write_text(text, encoding="utf-8")
    _, out, _ = call(compared, "explain", "element", "person_name", width=160)
    assert [line.split()[-1] for line in out.splitlines() if line.startswith(HOLDER)] == ["无法匹配"]


def test_an_element_that_nobody_copies(compared, call):
    status, out, _ = call(compared, "explain", "element", "remark")
    assert status == 0
    assert "还没有定" in out
    assert "没有副本" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["explain", "element", "resident_ids"], "resident_id？"),
        (["explain", "D401", "resident_id"], "多余"),
        (["explain", "element"], "element"),
    ],
)
def test_wrong_usage(compared, call, arguments, said):
    status, out, err = call(compared, *arguments)
    assert (status, out) == (2, "")
    assert said in err


def test_a_catalog_without_elements(tmp_path, call):
    status, out, _ = call(make_project(tmp_path), "elements")
    assert status == 0
    assert "共 0 个数据元" in out
