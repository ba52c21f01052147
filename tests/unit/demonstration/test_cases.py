"""The demonstration's cases: there is one of each kind on any day, and an answer that is not the planted one shows."""

import io
from datetime import date

import pytest
from rich.console import Console

from shuyuan.catalog.checks import read_checks
from shuyuan.checks.answer import CaseAnswer, Line
from shuyuan.cli.demo_checks import print_checks
from shuyuan.demonstration.cases import LOW_INCOME, REAL_ESTATE, Planted, plant_cases
from shuyuan.demonstration.checking import CheckedCase, hold_case
from shuyuan.demonstration.demo import DONE, Result
from shuyuan.demonstration.demo import Line as EntryLine
from shuyuan.identifiers import is_resident_id
from shuyuan.project import Project

KINDS = {
    LOW_INCOME: {"clean", "certificate", "spouse", "car", "homes", "died", "business"},
    REAL_ESTATE: {"seized", "free"},
}
PROJECT = Project.find()


@pytest.mark.parametrize("day", [date(2026, 11, 23), date(2027, 2, 28), date(2029, 12, 31)])
def test_there_is_one_case_of_each_kind_on_any_day(day):
    planted = plant_cases(PROJECT, day)
    found = {check: {one.kind for one in planted if one.check == check} for check in KINDS}
    assert found == KINDS
    families = [one for one in planted if one.check == LOW_INCOME]
    people = [row["id_card_no"] for one in families for row in one.rows]
    assert len(set(people)) == len(people) == 4 * len(families) - 1, "all but the wife who is not declared"
    assert all(is_resident_id(person) for person in people)
    (died,) = (one for one in planted if one.kind == "died")
    assert died.rows[0]["allowance_household"], "a recipient"


def test_every_planted_rule_decides_and_is_one_of_the_check():
    checks = read_checks(PROJECT)
    for one in plant_cases(PROJECT, date(2026, 11, 23)):
        rules = {rule.id: rule.then for rule in checks[one.check].rules}
        verdicts = {rules[rule] for rule in one.met} | ({"review"} if one.undecided else set())
        assert one.conclusion == next((then for then in ("fail", "review") if then in verdicts), "pass")


def an_answer(conclusion, **states):
    lines = tuple(Line(rule, None, state, 1, {}) for rule, state in states.items())
    return CaseAnswer("A-1", {}, (), lines, conclusion)


PLANTED = Planted(LOW_INCOME, "A-1", "car", (), "fail", frozenset({"car"}))


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (an_answer("fail", car="met", homes="clear", deposits="unavailable"), ()),
        (an_answer("pass", car="clear"), ("car",)),
        (an_answer("fail", car="met", homes="met"), ("homes",)),
        (an_answer("fail", car="met", died="unavailable"), ("died",)),
        (an_answer("review", car="met"), ()),
        (None, ()),
    ],
)
def test_what_is_not_as_planted_shows(answer, wrong):
    held = hold_case(read_checks(PROJECT)[LOW_INCOME], PLANTED, answer)
    assert held.wrong == wrong
    assert held.exact is (answer is not None and answer.conclusion == "fail" and not wrong)


def test_the_demonstration_is_not_good_when_a_case_is_not_as_planted(tmp_path):
    line = EntryLine("a.b", "甲", DONE, 3, 3, 0, 100.0, "on_time", None, True)
    right, wrong = CheckedCase("低保核查", "car", "不符合", "不符合"), CheckedCase("低保核查", "car", "不符合", "符合")
    assert Result((line,), tmp_path, 1.0, cases=(right,)).good
    assert not Result((line,), tmp_path, 1.0, cases=(right, wrong)).good


def test_the_table_says_both_conclusions():
    screen = io.StringIO()
    cases = (
        CheckedCase("低保核查", "homes", "不符合", "符合", ("homes",)),
        CheckedCase("低保核查", "clean", "符合", "符合"),
    )
    print_checks(Console(file=screen, width=80, highlight=False), cases)
    assert [line.split() for line in screen.getvalue().splitlines()] == [
        ["核查：2", "件预埋的案件，1", "件的结论和查出的事项与预埋一致"],
        ["核查", "预埋的情形", "结论", "预埋", "与预埋一致"],
        ["低保核查", "有两套住宅", "符合", "不符合", "不一致"],
        ["与预埋不符的规则：homes"],
        ["低保核查", "没有问题的家庭", "符合", "符合", "一致"],
        [],
    ]
