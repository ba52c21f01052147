"""核对业务: what it counts, what it leaves out, and that it says so when nothing was asked."""

from dataclasses import replace
from datetime import timedelta

import pytest

from made_reports import PERIOD, report_of
from shuyuan.indicators.check_facts import read_check_facts
from shuyuan.reporting.checks_page import checks_page
from shuyuan.reporting.site import render_pages
from synthetic_ledger import NOW, Ledger, build, catalog

AT = NOW.replace(tzinfo=None)
TITLES = {"low_income": "低保家庭经济状况核查", "real_estate": "不动产登记核验"}


def asked(number, check="low_income", back=1, seconds=None, state="registered", counts=(None, None, None), cases=1):
    at = AT - timedelta(days=back)
    return {
        "request_id": f"{number:026d}",
        "check": check,
        "department": "civil_affairs",
        "asked_by": "王某某",
        "asked_at": at,
        "cases": cases,
        "subjects": 3,
        "state": state,
        "delete_request_on": at.date(),
        "delete_answer_on": at.date(),
        "answered_at": None if seconds is None else at + timedelta(seconds=seconds),
        **dict(zip(("passed", "failed", "to_review"), counts, strict=True)),
    }


def read(seq, number, source, *, fields="id_card_no", version="12", decision="answered"):
    return {
        "seq": seq,
        "happened_at": AT - timedelta(days=1),
        "actor": "王某某",
        "role": "operator",
        "department": "civil_affairs",
        "check": "low_income",
        "request_id": f"{number:026d}",
        "case_token": "token-of-a-case",
        "source": source,
        "version": version,
        "fields": fields,
        "decision": decision,
        "previous": "",
        "mac": "",
    }


@pytest.fixture(scope="module")
def made():
    """Three requests of one check: two answered (5 and 9 seconds), one failed; one of another check is waiting."""
    resources, ledger = catalog(), build(days=2)
    ledger.insert(
        "check_requests",
        [
            asked(1, seconds=5, state="answered", counts=(6, 1, 3), cases=10),
            asked(2, back=2, seconds=9, state="deleted", counts=(0, 0, 2), cases=2),
            asked(3, state="failed"),
            asked(4, check="real_estate"),
            asked(5, back=60, seconds=1, state="answered", counts=(1, 0, 0)),
        ],
    )
    homes, households = "natural_resources.real_estate", "public_security.households"
    ledger.insert(
        "audit",
        [
            read(1, 1, None, decision="intent"),
            read(2, 1, homes),
            read(3, 1, households),
            read(4, 1, "finance.deposits", fields=None, version=None),
            read(5, 2, homes, fields=None),
            read(6, 2, households),
        ],
    )
    report = report_of(resources, ledger)
    bounds = PERIOD.bounds[0], AT
    evidence = replace(report.evidence, checks=read_check_facts(ledger.query, *bounds, TITLES))
    return replace(report, evidence=evidence)


def test_requests_are_counted_by_check_and_result(made):
    page = checks_page(made)
    low, real = page["lines"]
    assert (low.title, low.asked, low.answered, low.waiting, low.broken, low.cases) == (
        "低保家庭经济状况核查", 3, 2, 0, 1, 13,
    )  # fmt: skip
    assert (low.passed, low.failed, low.to_review) == ("6", "1", "5")
    assert low.unreviewed == "58.3%"
    assert low.seconds == "7 秒"
    assert (real.asked, real.waiting, real.seconds, real.unreviewed, real.passed) == (1, 1, "—", "—", "—")
    assert page["total"].asked == 4


def test_sources_in_the_way_stand_first(made):
    homes, deposits, households = checks_page(made)["sources"]
    assert (homes.title, homes.requests, homes.unusable, homes.absent, homes.share) == (
        "不动产登记信息",
        2,
        1,
        0,
        "50.0%",
    )
    assert (deposits.title, deposits.known, deposits.absent) == ("finance.deposits", False, 1)
    assert (households.requests, households.unusable, households.absent, households.share) == (2, 0, 0, "0%")


def test_an_answer_that_came_later_is_none_yet():
    ledger = Ledger.empty()
    ledger.insert("check_requests", [asked(1, seconds=86_400 * 2, state="answered", counts=(1, 0, 0))])
    (one,) = read_check_facts(ledger.query, PERIOD.bounds[0], AT, {}).asked
    assert (one.answered_at, one.passed, one.broken) == (None, None, False)


def test_the_page_has_no_officer_no_case_and_no_number_of_a_request(made):
    html = dict(render_pages(made))["checks.html"]
    assert "低保家庭经济状况核查" in html
    for word in ("王某某", "token-of-a-case", "0000000001", "civil_affairs"):
        assert word not in html, word


def test_nothing_asked_is_said():
    resources, ledger = catalog(), build(days=2)
    report = report_of(resources, ledger)
    page = checks_page(report)
    assert page["days"] is None
    assert [tile.value for tile in page["tiles"]] == ["0", "0", "—", "—", "—"]
    html = dict(render_pages(report))["checks.html"]
    assert "本期还没有人发起核查" in html
    assert "还没有答复过的核查" in html
    assert "没有配置核查" in html


def test_every_page_leads_here(made):
    assert all('checks.html"' in html for name, html in render_pages(made) if "/" not in name)
