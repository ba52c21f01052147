"""The element × department matrix: which cell says what, and that not compared is never shown as equal."""

import pytest

import synthetic_comparisons as made
from made_reports import report_of
from shuyuan.indicators import read_facts
from shuyuan.indicators.ratio import Ratio
from shuyuan.reporting.copies import find_copies
from shuyuan.reporting.matrix import ACROSS, SHOWN, mismatch_matrix, rate_state
from shuyuan.reporting.site import render_pages
from synthetic_ledger import NOW, Ledger


def matrix_of(resources, **how):
    ledger = Ledger.empty()
    made.compare(ledger, resources, **how)
    return mismatch_matrix(find_copies(resources, read_facts(ledger, NOW)))


def cell(matrix, element, department):
    title = made.DEPARTMENTS[department]
    (sheet,) = [sheet for sheet in matrix.sheets if title in sheet.departments]
    (row,) = [row for row in sheet.rows if row.element == element]
    return row.cells[sheet.departments.index(title)]


@pytest.fixture(scope="module")
def matrix():
    return matrix_of(made.catalog())


@pytest.mark.parametrize(
    ("part", "whole", "state"),
    [(0, 0, "no_rows"), (0, 5, "agree"), (1, 1000, "few"), (10, 1000, "many"), (9, 1000, "few"), (5, 5, "many")],
)
def test_the_mark_follows_the_rate(part, whole, state):
    assert rate_state(Ratio(part, whole)) == state


@pytest.mark.parametrize(
    ("element", "department", "state", "text"),
    [
        ("enterprise_name", "market_regulation", "source", "数据源"),
        ("enterprise_name", "housing_fund", "many", "3.4%"),
        ("enterprise_name", "civil_affairs", "none", "—"),
        ("person_name", "education", "not_compared", "无法比对"),
        ("sex", "civil_affairs", "agree", "0%"),
        ("legal_representative", "housing_fund", "few", "0.88%"),
    ],
)
def test_every_kind_of_cell(matrix, element, department, state, text):
    found = cell(matrix, element, department)
    assert (found.state, found.text) == (state, text)


def test_a_cell_adds_up_all_copies_of_its_department(matrix):
    found = cell(matrix, "person_name", "civil_affairs")
    assert "一致" in found.hover
    for field in ("person_name", "husband_name", "wife_name"):
        assert f"field={field} " in found.hover
    assert found.hover.count("台账：ledger.comparisons run_id=reconcile__2026-11-20 entry_id=civil_affairs.") == 3


def test_a_copy_in_the_sources_own_department_is_said_beside_it(matrix):
    found = cell(matrix, "person_name", "public_security")
    assert (found.state, found.text, found.note) == ("source", "数据源", "本部门副本 0.07%")


def test_what_could_not_be_compared_is_said_beside_the_rate(matrix):
    (row,) = [row for row in matrix.sheets[0].rows if row.element == "person_name"]
    assert row.total.note == "另 3 份无法比对"
    assert cell(matrix, "person_name", "education").hover.count("无法比对（数据源已过期，新的还没有送到）") == 1


def test_the_worst_element_stands_first(matrix):
    assert [row.element for row in matrix.sheets[0].rows][:2] == ["enterprise_name", "household_address"]


def test_nothing_compared_shows_no_rate_anywhere():
    reasons = {entry[0]: "never_published" for entry in made.ENTRIES}
    matrix = matrix_of(made.catalog(), days=3, reasons=reasons)
    states = {one.state for sheet in matrix.sheets for row in sheet.rows for one in (*row.cells, row.total)}
    assert states == {"not_compared", "source", "none"}


def test_copies_without_rows_are_neither_equal_nor_different():
    matrix = matrix_of(made.catalog(), rows=0, reasons={}, rates={})
    states = {one.state for sheet in matrix.sheets for row in sheet.rows for one in (*row.cells, row.total)}
    assert states == {"no_rows", "source", "none"}


def test_a_ledger_without_comparisons_says_not_reconciled_yet():
    resources = made.catalog()
    matrix = mismatch_matrix(find_copies(resources, read_facts(Ledger.empty(), NOW)))
    found = cell(matrix, "sex", "education")
    assert found.state == "not_compared"
    assert "还没有比对过" in found.hover
    assert "台账里还没有比对记录" in found.hover


def test_a_long_catalog_is_cut_and_split_and_says_so(monkeypatch):
    items = next(entry for entry in made.ENTRIES if entry[0] == "housing_fund.accounts")
    sources = [made.copy_holder(*entry) for entry in made.ENTRIES[:4]]
    many = [made.copy_holder(f"office_{n:02d}.accounts", *items[1:]) for n in range(ACROSS + 3)]
    monkeypatch.setattr("shuyuan.reporting.matrix.SHOWN", 2)
    matrix = matrix_of([*sources, *many], days=1, rates={("office_03.accounts", "location"): 0.5}, reasons={})
    assert (matrix.shown, matrix.total) == (2, 4)
    assert matrix.sheets[0].rows[0].element == "location"
    assert len(matrix.sheets[0].departments) == ACROSS
    named = [name for sheet in matrix.sheets for name in sheet.departments]
    assert len(named) == len(set(named))
    assert SHOWN == 40


def test_the_page_says_that_the_catalog_was_cut(monkeypatch):
    monkeypatch.setattr("shuyuan.reporting.matrix.SHOWN", 2)
    resources, ledger = made.catalog(), Ledger.empty()
    made.compare(ledger, resources)
    page = dict(render_pages(report_of(resources, ledger)))["one-source.html"]
    assert "不一致最多的 2 个数据元，共 7 个" in page
