from datetime import date, datetime, timedelta

from shuyuan.indicators import read_facts
from shuyuan.indicators.facts import ArrivalFact, EntryFacts, Facts, PublicationFact, RuleFact, RunFact
from shuyuan.reporting.attention import list_matters, problem_sentence
from synthetic_ledger import NOW, TODAY, build, catalog, make_resource

RESOURCE = make_resource("civil_affairs.people", "某资源", department="民政局")
PUBLISHED = PublicationFact(
    1, "r", "1.0.0", date(2026, 11, 18), "replace", 977, 0, 0, 0, 977, 23, 98.0, datetime(2026, 11, 18)
)


def run(outcome, back, code=None, text=None):
    started = datetime(2026, 11, 20, 1) - timedelta(days=back)
    return RunFact("r", TODAY, started, outcome, code, text, None, None, None, None, {}, {})


def matter(entry):
    (found,) = list_matters([RESOURCE], Facts(NOW, {RESOURCE.entry.id: entry}))
    return found


def test_a_blocked_entry_says_since_when_and_what_stays():
    runs = (
        run("blocked", 0, "D602", "D602 少了 37%"),
        run("missing", 1),
        run("blocked", 2),
        run("published", 3),
        run("blocked", 4),
    )
    found = matter(EntryFacts(runs=runs, publications=(PUBLISHED,)))
    assert (found.code, found.kind, found.what) == ("D602", "批次", "少了 37%")
    assert found.since == date(2026, 11, 18)
    assert found.turn == "民政局"
    assert found.usable == "11月18日 的数据，977 行"


def test_a_platform_fault_is_the_operators_turn():
    found = matter(EntryFacts(runs=(run("failed", 0, "P101", "P101 连不上"),)))
    assert (found.kind, found.turn, found.usable) == ("平台", "平台运维", "尚无数据")


def test_a_missing_delivery_names_its_due_time():
    arrivals = tuple(
        ArrivalFact(datetime(2026, 11, day, 0, 30), date(2026, 11, day), state, None)
        for day, state in ((17, "missing"), (18, "on_time"), (19, "missing"), (20, "missing"))
    )
    found = matter(EntryFacts(arrivals=arrivals, publications=(PUBLISHED,)))
    assert (found.code, found.what, found.since) == ("D101", "应到 11月20日 08:30，仍未到", date(2026, 11, 19))


def test_rejected_rows_name_the_worst_rule_and_the_rest():
    trend = tuple((datetime(2026, 11, day), 1000, failed) for day, failed in ((17, 5), (18, 0), (19, 2), (20, 23)))
    rules = (
        RuleFact("sex.codes", "D405", "sex", "0105", "normativity", "reject", 1000, 1, False, False, None),
        RuleFact("key.unique", "D410", None, "0304", "accuracy", "reject", 1000, 23, False, False, None, trend),
    )
    found = matter(EntryFacts(rules=rules, publications=(PUBLISHED,), runs=(run("published", 0),)))
    assert found.what == "身份证件号码 不应重复：23 行（2.3%）"
    assert found.since == date(2026, 11, 19)
    assert found.usable == "其余 977 行"


def test_nothing_wrong_is_no_matter():
    assert list_matters([RESOURCE], Facts(NOW)) == []


def test_blocked_before_missing_before_rejected():
    resources = catalog()
    weights = [found.weight[0] for found in list_matters(resources, read_facts(build(resources), NOW))]
    assert weights == sorted(weights)
    assert set(weights) == {0, 1, 3}


def test_the_code_is_not_said_twice():
    assert problem_sentence("D203", "a.csv:3 D203 编码不对。 重新导出") == "a.csv:3 编码不对。 重新导出"
    assert problem_sentence(None, None) == ""
