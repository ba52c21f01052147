"""Writing the folder: whole or not at all, and never over anything that is not a report."""

import pytest

from made_reports import report_of
from shuyuan.problems import PlatformError
from shuyuan.reporting import build_site, site
from shuyuan.reporting.pages import PAGES
from synthetic_ledger import Ledger, build, catalog


@pytest.fixture
def report():
    return report_of(catalog(), build(days=2))


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_writes_every_page_and_says_how_many(tmp_path, report):
    number = build_site(report, tmp_path / "a" / "report")
    written = contents(tmp_path / "a" / "report")
    assert len(written) == number + 1, "and the mark that it is a report"
    assert {page.file for page in PAGES} < set(written)
    for page in PAGES:
        if page.leaves is not None:
            assert {page.leaves.file.format(id=key) for key in page.leaves.keys(report)} < set(written)


def test_twice_is_the_same_and_leaves_nothing_behind(tmp_path, report):
    folder = tmp_path / "report"
    build_site(report, folder)
    before = contents(folder)
    (tmp_path / "report.part").mkdir()
    (tmp_path / "report.part" / "left_by_a_killed_run.html").write_text("x")
    build_site(report, folder)
    assert contents(folder) == before
    assert sorted(path.name for path in tmp_path.iterdir()) in (["report"], [".report.lock", "report"])


def test_pages_of_entries_that_left_are_gone(tmp_path, report):
    build_site(report, tmp_path / "report")
    build_site(report_of(catalog()[:1], build(days=2)), tmp_path / "report")
    assert [path.name for path in (tmp_path / "report" / "entries").iterdir()] == [f"{catalog()[0].entry.id}.html"]


def test_a_failed_build_leaves_the_old_report(tmp_path, report, monkeypatch):
    folder = tmp_path / "report"
    build_site(report, folder)
    before = contents(folder)

    def broken(report):
        yield "index.html", "half"
        raise RuntimeError("disk full")

    monkeypatch.setattr(site, "render_pages", broken)
    with pytest.raises(RuntimeError):
        build_site(report, folder)
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
        build_site(report_of([], Ledger.empty()), target)
    assert caught.value.problem.code == "P290"
    assert "papers" in str(caught.value)
    assert (target / "letter.txt" if kind == "folder" else target).read_text() == "mine"
    assert not (tmp_path / "papers.part").exists()


def test_an_empty_folder_may_be_filled(tmp_path):
    (tmp_path / "new").mkdir()
    assert build_site(report_of([], Ledger.empty()), tmp_path / "new") == len(PAGES)
