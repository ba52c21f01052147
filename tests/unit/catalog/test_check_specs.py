"""Checks: read strictly, held against entries, elements and departments, every fault at once and at its place."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from building import entry_text, make_project, yaml_of
from shuyuan.catalog import check_digest, read_catalog, read_checks
from shuyuan.catalog.schema import schema_of
from shuyuan.entry import Check
from shuyuan.entry.check import PLACEHOLDERS, TESTS
from shuyuan.entry.patterns import fitting_text
from shuyuan.problems import Problem
from shuyuan.project import Project

ROOT = Path(__file__).parents[3]
PEOPLE, CARS, SECRET = "public_security.people", "traffic_police.cars", "taxation.incomes"
ELEMENTS = {
    "resident_id": {"title": "公民身份号码", "check": "resident_id", "source": PEOPLE},
    "person_name": {"title": "姓名", "source": PEOPLE, "normal_form": "name"},
    "household": {"title": "户号", "source": PEOPLE},
    "health": {"title": "病史", "level": "L4", "source": PEOPLE},
    "price": {"title": "价格", "type": "decimal(10,2)", "mask": "hide", "source": CARS},
    "role": {"title": "身份", "pattern": "甲方|乙方"},
}
GOOD = """\
kind: Check
title: 演示核查
legal_basis: 《社会救助暂行办法》第五十八条
purpose: 仅供演示
objection: 向民政局提出
may_run: {departments: [civil_affairs]}
authorization: {pattern: "SQ[0-9]{4}", valid_for: 365d}
case:
  - {name: household, title: 户号, element: household, required: false}
subjects:
  - {name: person_name, title: 姓名, element: person_name}
  - {name: id_card_no, title: 公民身份号码, element: resident_id}
  - {name: role, title: 身份, element: role, required: false}
key: id_card_no
sources:
  people:
    entry: public_security.people
    by: {id_no: id_card_no}
    use: [name, household]
  home:
    entry: public_security.people
    by: {household: people.household}
    use: [id_no]
  cars:
    entry: traffic_police.cars
    by: {owner_id: id_card_no}
    where: [{field: sold, in: ["false"]}]
    use: [kind, price, bought_on, sold]
    newest_by: bought_on
  boats:
    entry: transport.boats
    planned: 尚未接入
    by: {owner_id: id_card_no}
rules:
  - {id: unknown, title: 户籍, source: people, absent: {}, then: review, words: 户籍里没有}
  - {id: name, title: 姓名, source: people, differs: {field: name, from: person_name}, then: fail, words: 姓名不符}
  - {id: others, title: 同户, source: home, outside: {fields: [id_no], among: id_card_no}, then: review, words: '还有 {count} 人'}
  - {id: cars, title: 车辆, source: cars, only: {role: [甲方]}, count: {over: cars, where: [{field: kind, in: ["01"]}]}, then: fail, words: '有 {count} 辆，限 {limit} 辆'}
  - {id: price, title: 车价, source: cars, sum: {field: price, over: 50000, per: case}, then: review, words: '合计超过 {limit} 元'}
  - {id: bought, title: 新车, source: cars, recent: {field: bought_on, within: 365d}, then: note, words: '{days} 天内买了车'}
  - {id: boats, title: 船, source: boats, exists: {}, then: note, words: 名下有船}
parameters:
  - {name: cars, value: 1, from: 2026-01-01, basis: 演示参数}
outcomes: {pass: 符合, fail: 不符合, review: 需复核, unavailable: 无法核查}
retention: {request: 90d, answer: 30d}
"""  # noqa: E501


def listing(id, number, fields, **more):
    facts = {"id": id, "code": f"307010101/{number:06}", "title": f"资源{number}号", "fields": fields}
    return entry_text(**facts, source={"path": f"/out/{number}.csv"}, load={"key": [fields[0]["name"]]}, **more)


def project(root: Path, *, cars: dict | None = None, **checks: str) -> Project:
    own = {"authoritative": True}
    people = [
        {"name": "id_no", "title": "证件号码", "element": "resident_id", "required": True, **own},
        {"name": "name", "title": "姓名", "element": "person_name", **own},
        {"name": "household", "title": "户号", "element": "household", **own},
        {"name": "health", "title": "病史", "element": "health", "mask": "hide", **own},
        {"name": "note", "title": "备注"},
    ]
    vehicles = [
        {"name": "plate", "title": "号牌", "required": True},
        {"name": "owner_id", "title": "所有人证件号", "element": "resident_id"},
        {"name": "owner_name", "title": "所有人", "element": "person_name"},
        {"name": "kind", "title": "种类", "codes": "kinds"},
        {"name": "price", "title": "价格", "element": "price", **own},
        {"name": "bought_on", "title": "登记日期", "type": "date"},
        {"name": "sold", "title": "已转出", "type": "boolean", "format": "是/否"},
    ]
    none = {"type": "none", "condition": None, "basis": "《中华人民共和国保守国家秘密法》"}
    incomes = [{"name": "id_no", "title": "证件号码", "element": "resident_id", "required": True}]
    entries = {
        PEOPLE: listing(PEOPLE, 1, people),
        CARS: listing(CARS, 2, vehicles, **(cars or {})),
        SECRET: listing(SECRET, 3, incomes, sharing=none),
        "civil_affairs.aid": listing("civil_affairs.aid", 4, [{"name": "number", "title": "编号", "required": True}]),
    }
    tables = {"kinds": "code,name,aliases\n01,小型汽车,轿车|小车\n07,摩托车,\n"}
    made = make_project(root, entries, elements=yaml_of(ELEMENTS), code_tables=tables)
    made.check_specs.mkdir()
    for name, text in checks.items():
        (made.check_specs / f"{name}.yaml").write_text(text, encoding="utf-8")
    return made


def problems(made: Project) -> list[Problem]:
    return [one for one in read_catalog(made).problems if one.location and "check_specs" in one.location.file]


def after(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def test_a_good_check(tmp_path):
    made = project(tmp_path, demo=GOOD)
    assert read_catalog(made).problems == ()
    check = read_checks(made)["demo"]
    assert check.inputs.keys() == {"household", "person_name", "id_card_no", "role"}
    assert [rule.test for rule in check.rules] == ["absent", "differs", "outside", "count", "sum", "recent", "exists"]
    assert [rule.per_case for rule in check.rules] == [False, False, False, False, True, False, False]
    assert check.rules[3].condition.where[0].is_in == ("01",)
    assert check.authorization.signed
    assert Draft202012Validator(schema_of(Check)).is_valid(json.loads(json.dumps(yaml.safe_load(GOOD), default=str)))


def test_no_checks_at_all(tmp_path):
    assert read_checks(project(tmp_path)) == {}
    made = make_project(tmp_path / "bare")
    assert read_checks(made) == {}
    assert read_catalog(made).problems == ()


CASES = [
    # entries
    (("entry: traffic_police.cars", "entry: traffic_police.car"), "E355", "25:12", CARS),
    (("entry: traffic_police.cars", f"entry: {SECRET}"), "E356", "25:12", "不予共享"),
    # fields
    (("by: {owner_id: id_card_no}\n    where", "by: {owner: id_card_no}\n    where"), "E357", "26:10", "owner"),
    (("use: [kind, price", "use: [kinds, kind, price"), "E357", "28:11", "kind"),
    (("newest_by: bought_on", "newest_by: 登记日期"), "E122", "29:16", "newest_by"),
    (("use: [name, household]", "use: [household]"), "E358", "36:60", "name"),
    (("use: [kind, price, bought_on, sold]", "use: [price, bought_on, sold]"), "E358", "38:97", "kind"),
    (("use: [id_no]", "use: [id_no, health]"), "E374", "23:18", "health"),
    # ways to match
    (("by: {id_no: id_card_no}", "by: {id_no: id_card}"), "E359", "18:17", "id_card_no"),
    (("by: {household: people.household}", "by: {household: persons.household}"), "E364", "22:21", "people"),
    (("by: {household: people.household}", "by: {household: people.note}"), "E358", "22:21", "note"),
    (("by: {household: people.household}", "by: {household: home.id_no}"), "E360", "22:21", "home → home"),
    (("by: {id_no: id_card_no}", "by: {id_no: person_name}"), "E361", "18:17", "person_name"),
    (("by: {owner_id: id_card_no}\n    where", "by: {plate: id_card_no}\n    where"), "E361", "26:17", "—"),
    (("by: {owner_id: id_card_no}\n    where", "of: case\n    by: {owner_id: id_card_no}\n    where"), "E376", "27:20", ""),  # noqa: E501
    # the key and the items
    (("key: id_card_no", "key: id_card"), "E362", "14:6", "id_card_no"),
    (("key: id_card_no", "key: person_name"), "E363", "14:6", "person_name"),
    (("element: resident_id}", "element: resident_id, required: false}"), "E363", "14:6", "id_card_no"),
    (("title: 户号, element: household", "title: 户号, element: households"), "E315", "9:43", "household"),
    (("- {name: household, title: 户号", "- {name: household, title: 姓名"), "E377", "11:32", "case[1].title"),
    # rules
    (("source: people, absent", "source: peple, absent"), "E364", "35:38", "people"),
    (("id: name,", "id: unknown,"), "E377", "36:10", "rules[1].id"),
    (("absent: {},", "absent: {}, exists: {},"), "E380", "35:5", "rules[1]"),
    (("exists: {}, then", "then"), "E380", "41:5", "rules[7]"),
    (("words: 名下有船", "words: ''"), "E139", "41:73", "words"),
    ((", words: 名下有船", ""), "E118", "41:5", "words"),
    (("then: note, words: 名下有船", "then: warn, words: 名下有船"), "E113", "41:60", "then"),
    (("from: person_name}", "from: name}"), "E379", "36:72", "person_name"),
    (("differs: {field: name,", "differs: {field: household,"), "E361", "36:60", "household"),
    (("among: id_card_no}", "among: household}"), "E376", "37:77", ""),
    (("outside: {fields: [id_no]", "outside: {fields: [household]"), "E358", "37:62", "household"),
    (("only: {role: [甲方]}", "only: {roles: [甲方]}"), "E379", "38:48", "role"),
    (("only: {role: [甲方]}", "only: {role: [丙方]}"), "E378", "38:55", "丙方"),
    (("recent: {field: bought_on", "recent: {field: kind"), "E368", "40:59", "日期"),
    (("sum: {field: price", "sum: {field: kind"), "E368", "39:55", "文本"),
    (("{field: sold, in: [", "{field: sold, at_least: 1, in: ["), "E368", "27:37", "真假"),
    (("{field: sold, in: [\"false\"]}", "{field: price, in: [\"1\"]}"), "E368", "27:32", "小数"),
    (("{field: sold, in: [\"false\"]}", "{field: sold}"), "E381", "27:13", "sold"),
    (("in: [\"false\"]", "in: [\"否\"]"), "E378", "27:32", "否"),
    (("in: [\"01\"]", "in: [轿车]"), "E378", "38:108", "轿车"),
    # parameters
    (("over: cars", "over: car"), "E365", "38:75", "cars"),
    (("value: 1,", "value: 一辆,"), "E366", "43:25", "一辆"),
    (("over: 50000", "over: 2026-01-01"), "E366", "39:68", "数"),
    (("over: cars", "over: 1"), "E375", "43:12", "cars"),
    (("from: 2026-01-01", "from: 2999-01-01"), "E367", "43:34", "2999-01-01"),
    # words
    (("'{days} 天内买了车'", "'{day} 天内买了车'"), "E369", "40:104", "{days}"),
    (("'{days} 天内买了车'", "'{days 天内买了车'"), "E369", "40:104", "{"),
    (("words: 户籍里没有", "words: '{count} 条'"), "E369", "35:79", "{count}"),
    (("'合计超过 {limit} 元'", "'合计 {sum} 元'"), "E370", "39:108", "price"),
    # settings
    (("departments: [civil_affairs]", "departments: [civil_affair]"), "E371", "6:25", "civil_affairs"),
    (('"SQ[0-9]{4}"', '"S^Q"'), "E372", "7:26", "S^Q"),
    (('"SQ[0-9]{4}"', '"[0-9]*"'), "E372", "7:26", ""),
    (("answer: 30d", "answer: 91d"), "E373", "45:35", "91"),
    (("answer: 30d", "answer: 30d, purpose_ends: 2020-01-31"), "E913", "45:54", "2020-01-31"),
    (("entry: transport.boats", f"entry: {CARS}"), "E912", "32:14", CARS),
    # what nothing uses
    (("  - {id: boats", "  #"), "E375", "30:3", "boats"),
    (("use: [id_no]", "use: [id_no, name]"), "E375", "23:18", "name"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "code", "place", "says"), CASES)
def test_what_checks_get_wrong(tmp_path, change, code, place, says):
    made = project(tmp_path, demo=after(GOOD, change))
    found = problems(made)
    assert code in [one.code for one in found]
    one = next(one for one in found if one.code == code)
    assert str(one.location) == f"include/check_specs/demo.yaml:{place}"
    assert says in f"{one.message} {one.nearest} {' '.join(one.allowed)}"
    assert "⟨" not in one.message
    assert one.excerpt
    warned = code in ("E912", "E913")
    assert one.severity == ("warning" if warned else "error")
    harmless = all(two.severity == "warning" or two.code in ("E355", "E356") for two in found)
    assert ("demo" in read_checks(made)) == harmless


def test_every_fault_at_once(tmp_path):
    text = after(
        GOOD,
        ("key: id_card_no", "key: id_card"),
        ("over: cars", "over: car"),
        ("'{days} 天内买了车'", "'{day} 天'"),
        ("[civil_affairs]", "[civil, affairs]"),
        ("answer: 30d", "answer: 91d"),
    )
    assert sorted(one.code for one in problems(project(tmp_path, demo=text))) == [
        *("E362", "E365", "E369", "E371", "E371", "E373"),
    ]


def test_a_wrong_file_hides_only_itself(tmp_path):
    made = project(tmp_path, good=GOOD, wrong=GOOD + "colour: red\n", torn="kind: [")
    (made.check_specs / "Bad-Name.yaml").write_text(GOOD)
    (made.check_specs / "deep").mkdir()
    (made.check_specs / "deep" / "one.yaml").write_text(GOOD)
    assert list(read_checks(made)) == ["good"]
    assert {one.location.file.rpartition("/")[2]: one.code for one in problems(made)} == {
        **{"Bad-Name.yaml": "E136", "one.yaml": "E135", "wrong.yaml": "E115", "torn.yaml": "E104"}
    }


@pytest.mark.parametrize("status", ["draft", "retired"])
def test_an_entry_that_is_not_in_use_hides_no_check(tmp_path, status):
    made = project(tmp_path, cars={"status": status}, demo=GOOD)
    assert [one.code for one in problems(made)] == ["E356"]
    assert "demo" in read_checks(made)


def test_sources_that_wait_for_each_other_are_told_once(tmp_path):
    text = after(
        GOOD,
        ("by: {id_no: id_card_no}", "by: {id_no: home.id_no}"),
        ("use: [id_no]", "use: [id_no, household]"),
    )
    circles = [one for one in problems(project(tmp_path, demo=text)) if one.code == "E360"]
    assert [one.facts["circle"] for one in circles] == ["people → home → people"]


def test_the_digest_is_of_what_is_said(tmp_path):
    made = project(tmp_path, demo=GOOD, same=f"# 说明\n{GOOD}cases_at_most: 10000\n", other=GOOD.replace("90d", "91d"))
    digests = {name: check_digest(check) for name, check in read_checks(made).items()}
    assert digests["demo"] == digests["same"] != digests["other"]
    assert len(digests["demo"]) == 64


def test_a_new_check_is_a_copied_file(tmp_path):
    """Another id, another rule, another department: read and linted without a line of Python."""
    rule = '  - {id: motorcycle, title: 摩托车, source: cars, exists: {where: [{field: kind, in: ["07"]}]}, '
    copied = after(
        GOOD,
        ("title: 演示核查", "title: 摩托车核查"),
        ("[civil_affairs]", "[traffic_police]"),
        ("parameters:\n", rule + "then: note, words: 有摩托车}\nparameters:\n"),
    )
    made = project(tmp_path, demo=GOOD, motorcycles=copied)
    assert problems(made) == []
    checks = read_checks(made)
    assert checks["motorcycles"].rules[-1].id == "motorcycle"
    assert checks["motorcycles"].may_run.departments == ("traffic_police",)
    assert len(checks["demo"].rules) == len(checks["motorcycles"].rules) - 1


SPECS = sorted((ROOT / "include" / "check_specs").glob("*.yaml"))


def test_the_checks_of_the_demo_are_usable():
    made = Project(ROOT)
    assert read_checks(made).keys() == {path.stem for path in SPECS} >= {"low_income", "real_estate"}
    assert [one for one in problems(made) if one.severity == "error"] == []


def test_the_epidemic_check_has_an_end():
    check = read_checks(Project(ROOT))["epidemic"]
    assert isinstance(check.retention.purpose_ends, date)
    assert check.retention.request <= timedelta(days=14)


def test_what_is_not_connected_is_said_and_can_never_pass():
    """A real estate case is not passed while nobody can say that the tax is paid."""
    check = read_checks(Project(ROOT))["real_estate"]
    planned = {name for name, lookup in check.sources.items() if lookup.planned}
    ruled = {rule.source: rule.then for rule in check.rules if rule.source in planned}
    assert planned == ruled.keys()
    assert ruled["tax_payments"] == ruled["online_contracts"] == "review"


def test_every_test_has_its_placeholders():
    assert tuple(PLACEHOLDERS) == TESTS


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("SQ[0-9]{4}-[0-9]{6}", True),
        ("(A|B)?[^0-9]+x*", True),
        ("a^b", False),
        ("$a", False),
        ("(^a|b)$c", False),
        ("^[一-龥]{2}$", True),
        (".", True),
    ],
)
def test_a_text_that_fits(pattern, fits):
    assert (fitting_text(pattern) is not None) == fits


def test_the_example_of_the_page_is_right(tmp_path):
    page = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    for folder in ("include", "expectations"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    made = Project(tmp_path)
    (made.check_specs / "motorcycles.yaml").write_text(page.partition("```yaml\n")[2].partition("```")[0])
    assert [one for one in problems(made) if one.severity == "error"] == []
    assert read_checks(made)["motorcycles"].title == "摩托车核查"
