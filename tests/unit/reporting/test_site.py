"""Writing the folder: whole or not at all, and never over anything that is not a report."""

import pytest

from shuyuan.indicators import read_facts
from shuyuan.indicators.facts import Facts
from shuyuan.problems import PlatformError
from shuyuan.reporting import build_site, site
from synthetic_ledger import NOW, Ledger, build, catalog


@pytest.fixture
def facts():
    return read_facts(build(days=2), NOW)


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_writes_every_page_and_says_how_many(tmp_path, facts):
    assert build_site(catalog(), facts, tmp_path / "a" / "report") == 15
    assert len(contents(tmp_path / "a" / "report")) == 15 + 1


def test_twice_is_the_same_and_leaves_nothing_behind(tmp_path, facts):
    folder = tmp_path / "report"
    build_site(catalog(), facts, folder)
    before = contents(folder)
    (tmp_path / "report.part").mkdir()
    (tmp_path / "report.part" / "left_by_a_killed_run.html").write_text("x")
    build_site(catalog(), facts, folder)
    assert contents(folder) == before
    assert sorted(path.name for path in tmp_path.iterdir()) in (["report"], [".report.lock", "report"])


def test_pages_of_entries_that_left_are_gone(tmp_path, facts):
    build_site(catalog(), facts, tmp_path / "report")
    build_site(catalog()[:1], facts, tmp_path / "report")
    assert [path.name for path in (tmp_path / "report" / "entries").iterdir()] == [f"{catalog()[0].entry.id}.html"]


def test_a_failed_build_leaves_the_old_report(tmp_path, facts, monkeypatch):
    folder = tmp_path / "report"
    build_site(catalog(), facts, folder)
    before = contents(folder)

    def broken(resources, facts):
        yield "index.html", "half"
        raise RuntimeError("disk full")

    monkeypatch.setattr(site, "render_pages", broken)
    with pytest.raises(RuntimeError):
        build_site(catalog(), facts, folder)
    assert contents(folder) == before


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_is_not_a_report_is_left_alone(tmp_path, kind):
    target = tmp_path / "papers"
    if kind == "folder":
        target.mkdir()
        (target / "letter.txt").write_text("mine")
    else:
        target.write_text("mine")
    with pytest.raises(PlatformError) as caught:
        build_site([], Facts(NOW), target)
    assert caught.value.problem.code == "P290"
    assert "papers" in str(caught.value)
    assert (target / "letter.txt" if kind == "folder" else target).read_text() == "mine"
    assert not (tmp_path / "papers.part").exists()


def test_an_empty_folder_may_be_filled(tmp_path):
    (tmp_path / "new").mkdir()
    assert build_site([], read_facts(Ledger.empty(), NOW), tmp_path / "new") == 3
