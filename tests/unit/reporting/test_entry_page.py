"""资源: who uses an entry, where its data goes, how it stood in the period."""

import re
from dataclasses import replace
from datetime import date

import pytest

import synthetic_comparisons as made
from made_reports import report_of
from shuyuan.entry import Demand, Subject
from shuyuan.indicators import assess
from shuyuan.reporting import entries, figures, make_report
from shuyuan.reporting.entries import entries_page
from shuyuan.reporting.entry_page import entry_page
from shuyuan.reporting.lineage import USERS_DRAWN, User, draw_lineage, find_users
from shuyuan.reporting.site import render_pages
from synthetic_ledger import Ledger, build, catalog

ENTRY = "natural_resources.real_estate"


@pytest.fixture(scope="module")
def report():
    resources = catalog()
    return report_of(resources, build(resources))


def agreed(last, entry=ENTRY):
    steps = [
        {"step": "file", "on": date(2026, 11, 2), "by": "某科"},
        {"step": last, "on": date(2026, 11, 4), "by": "甲"},
    ]
    if last in ("refuse", "supplement"):
        steps[1]["why"] = "理由"
    return Demand.model_validate(
        {"kind": "Demand", "id": "civil_affairs.ask", "title": "不动产核验", "provider": "natural_resources",
         "entry": entry, "purpose": "低保核查", "use": "verification", "legal_basis": "某条例",
         "until": date(2027, 1, 1), "steps": steps}
    )  # fmt: skip


def test_the_tiles_are_the_standings(report):
    page, standing = entry_page(report, report.by_id[ENTRY]), report.standings.entries[ENTRY]
    values = [tile.value for tile in page["tiles"]]
    assert values[3].startswith(figures.score(standing.quality))
    assert values[4] == figures.percent(standing.fresh.value)


def test_the_due_dates_that_were_not_met_are_listed_and_only_those(report):
    page, rows = entry_page(report, report.by_id[ENTRY]), report.standings.entries[ENTRY].fresh.rows
    assert {one.due.state for one in page["dues"]} == {"late"}
    assert len(page["dues"]) == sum(due.state not in ("on_time", "waiting") for due in rows) > 0


def test_the_fill_rate_is_of_the_rule_that_asks_it(report):
    page = entry_page(report, report.by_id["social_security.insured"])
    rule = next(one for one in report.facts.of("social_security.insured").rules if one.rule == "id_card_no.required")
    assert page["filled"] == {"id_card_no": figures.percent(100 * (1 - rule.unexpected / rule.evaluated))}


@pytest.mark.parametrize(("last", "used"), [("agree", True), ("refuse", False), ("supplement", False)])
def test_only_an_agreed_demand_is_a_use(report, last, used):
    evidence = replace(report.evidence, demands=(agreed(last),))
    other = make_report(evidence, assess(evidence))
    found = find_users(other, other.by_id[ENTRY], {})
    assert [(one.kind, one.since, one.until) for one in found] == (
        [("demand", date(2026, 11, 4), date(2027, 1, 1))] if used else []
    )


def test_copies_and_subjects_of_a_source_are_its_users():
    resources, ledger = made.catalog(), Ledger.empty()
    made.compare(ledger, resources)
    report = report_of(resources, ledger)
    source_id, copies = next(iter(sorted(report.agreement.copies.copied_from.items())))
    source = report.by_id[source_id]
    element = next(one.element for one in source.entry.fields if one.authoritative and one.element)
    subject = Subject(kind="Subject", title="人", key=element, elements=(element,))
    users = find_users(report, source, {"person": subject})
    holders = {copy.holder.entry.id for copy in copies}
    assert {one.link for one in users if one.kind == "copy"} == {f"entries/{name}.html" for name in holders}
    assert [one.who for one in users if one.kind == "subject"] == ["share.person"]


def test_the_drawing_names_source_table_and_users_and_escapes_them(report):
    resource = report.by_id[ENTRY]
    users = [User("copy", "某局", f"<b>{number}</b>", "x", f"entries/a.b{number}.html") for number in range(9)]
    drawing = draw_lineage(resource, users, 1234)
    assert "share.natural_resources__real_estate" in drawing
    assert "1,234" in drawing
    assert "<b>" not in drawing
    assert drawing.count("<rect") == 4 + USERS_DRAWN
    assert f"另有 {9 - USERS_DRAWN + 1} 个使用方" in drawing
    assert '<a href="../entries/a.b0.html">' in drawing
    assert "还没有登记的使用方" in draw_lineage(resource, [], None)


def test_the_dag_is_text_and_a_link_where_its_address_is_known(report):
    plain = entry_page(report, report.by_id[ENTRY])
    assert (plain["dag"], plain["dag_link"]) == (f"catalog.{ENTRY}", "")
    known = make_report(report.evidence, report.standings, dags="https://flow.example/dags/catalog.{entry_id}")
    assert entry_page(known, known.by_id[ENTRY])["dag_link"] == f"https://flow.example/dags/catalog.{ENTRY}"
    pages = dict(render_pages(known))
    assert f'<a href="https://flow.example/dags/catalog.{ENTRY}">' in pages[f"entries/{ENTRY}.html"]


def test_a_long_catalog_is_folded_by_department(report, monkeypatch):
    assert len(entries_page(report)["groups"]) == 1
    monkeypatch.setattr(entries, "FOLDED_FROM", 3)
    page = entries_page(report)
    assert page["folded"]
    assert {name for name, _, _ in page["groups"]} == set(report.members)
    assert sum(len(lines) for _, _, lines in page["groups"]) == page["total"] == 12
    html = dict(render_pages(report))["entries.html"]
    assert html.count("<details") == len(report.members)
    assert len(re.findall(r'href="entries/[a-z_.]+\.html"', html)) == 12
