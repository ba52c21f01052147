import pytest

from shuyuan.identifiers import CHECKS
from shuyuan.reporting.rule_sentences import rule_sentence
from synthetic_ledger import make_resource

ENTRY = make_resource(
    "civil_affairs.people",
    "某资源",
    quality={
        "rules": [
            {"rule": "between", "field": "monthly_amount", "min": "0", "max": "5000"},
            {"rule": "between", "field": "monthly_amount", "min": "1"},
            {"rule": "length", "field": "id_card_no", "max": 20},
            {"rule": "not_after", "field": "approved_on", "than": "data_date"},
        ],
        "expectations": [{"type": "expect_table_row_count_to_equal", "kwargs": {}}],
    },
).entry


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("record.fields", "每行的列数应一致"),
        ("id_card_no.required", "身份证件号码 不应为空"),
        ("id_card_no.resident_id", "身份证件号码 应为有效的公民身份号码"),
        ("id_card_no.length", "身份证件号码 的长度应不大于 18"),
        ("id_card_no.length.2", "身份证件号码 的长度应不大于 20"),
        ("sex.codes", "性别 应在代码表 sex 里"),
        ("approved_on.type", "审批日期 应为日期"),
        ("monthly_amount.between", "月保障金额 应在 0 到 5000 之间"),
        ("monthly_amount.between.2", "月保障金额 应不小于 1"),
        ("approved_on.not_after.data_date", "审批日期 不应晚于 数据日期"),
        ("sex.matches_id", "性别 应与公民身份号码相符"),
        ("id_card_no.known_region", "身份证件号码 的区划代码应为现行或历史代码"),
        ("id_card_no.not_excel_damaged", "身份证件号码 不应被表格软件损坏"),
        ("person_name.person_name", "姓名 应为汉字姓名，生僻字没有丢失"),
        ("key.unique", "身份证件号码 不应重复"),
        ("unique.sex+person_name", "性别、姓名 不应重复"),
        ("table.shrink", "行数不应骤减"),
        ("gx.1", "Great Expectations 期望：expect_table_row_count_to_equal"),
        ("id_card_no.known_to_source", "身份证件号码 应能在数据源里查到"),
        ("id_card_no+sex.known_to_source.2", "身份证件号码、性别 应能在数据源里查到"),
        ("person_name.agrees_with_source", "姓名 应与数据源一致"),
        ("suite.persons.3", "规则集 persons 第 3 条"),
    ],
)
def test_a_rule_reads_as_a_sentence(rule, sentence):
    assert rule_sentence(ENTRY, rule) == sentence


@pytest.mark.parametrize(
    "rule",
    [
        "gone.required",
        "id_card_no+gone.known_to_source",
        "sex.between",
        "gx.9",
        "gx.x",
        "suite.x",
        "sex.unheard_of",
        "what",
    ],
)
def test_a_rule_that_the_entry_lost_is_named_by_its_id(rule):
    assert rule_sentence(ENTRY, rule) == rule


@pytest.mark.parametrize("check", list(CHECKS))
def test_every_check_reads_as_a_sentence(check):
    assert rule_sentence(ENTRY, f"sex.{check}").startswith("性别 应为")
