"""Our results are Great Expectations' results: each rule we ship, ours and on stock GX's pandas engine.

Both sides run the same suite on the same Parquet file; success, every count and percentage and the row keys
must be equal. The frame of the stock side is ``pd.read_parquet`` as it comes.
"""

import json
from datetime import date

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from batches import make_batch, make_entry, make_resource
from identifier_vectors import INVALID, VALID
from shuyuan import quality
from shuyuan.identifiers import REGION_PLACES

DATA_DATE = date(2026, 1, 31)
SEXES = "code,name\n1,男\n2,女\n9,未说明\n"

FIELDS = [
    {"name": "id_card_no", "title": "证件号码", "required": True, "length": 18, "check": "resident_id"},
    {"name": "credit_code", "title": "信用代码", "check": "credit_code"},
    {"name": "person_name", "title": "姓名", "required": True, "pattern": "[一-龥·]{2,20}"},
    {"name": "sex", "title": "性别", "codes": "sex"},
    {"name": "phone", "title": "电话", "pattern": "1[3-9][0-9]{9}|0[0-9]{9,11}"},
    {"name": "people", "title": "人数", "type": "integer", "required": True},
    {"name": "amount", "title": "金额", "type": "decimal(10,2)"},
    {"name": "born_on", "title": "出生日期", "type": "date"},
    {"name": "died_on", "title": "死亡日期", "type": "date"},
    {"name": "created_at", "title": "建档时间", "type": "datetime"},
    {"name": "updated_at", "title": "更新时间", "type": "datetime"},
    {"name": "active", "title": "有效", "type": "boolean"},
    {"name": "address", "title": "住址", "length": 12},
]
RULES = [
    {"rule": "unique", "fields": ["person_name", "born_on"], "effect": "count"},
    {"rule": "unique", "fields": ["phone"]},
    {"rule": "between", "field": "people", "min": "1", "max": "20"},
    {"rule": "between", "field": "amount", "min": "0", "max": "99999.5"},
    {"rule": "between", "field": "born_on", "min": "1900-01-01"},
    {"rule": "between", "field": "created_at", "min": "2000-01-01T00:00:00", "max": "2026-12-31T23:59:59"},
    {"rule": "length", "field": "address", "min": 2},
    {"rule": "pattern", "field": "address", "pattern": ".*[镇村].*"},
    {"rule": "one_of", "field": "sex", "values": ["1", "2"], "effect": "count"},
    {"rule": "one_of", "field": "people", "values": ["1", "2", "3", "4", "5"]},
    {"rule": "not_after", "field": "born_on", "than": "data_date"},
    {"rule": "not_after", "field": "born_on", "than": "died_on"},
    {"rule": "not_after", "field": "created_at", "than": "updated_at"},
    {"rule": "not_after", "field": "died_on", "than": "updated_at"},
    {"rule": "row_count", "min": 3, "max": 100},
]
CLEAN = [
    {
        "id_card_no": "159901195001010016",
        "credit_code": "91350100M000100Y43",
        "person_name": "张三",
        "sex": "1",
        "phone": "13800000000",
        "people": 3,
        "amount": "1200.50",
        "born_on": "1950-01-01",
        "died_on": "2020-02-29",
        "created_at": "2020-03-01T08:00:00",
        "updated_at": "2020-03-02T08:00:00",
        "active": True,
        "address": "乌兰镇1号",
    },
    {
        "id_card_no": "159901195001010024",
        "person_name": "李四",
        "sex": "2",
        "phone": "04770000000",
        "people": 1,
        "amount": "0.00",
        "born_on": "1950-01-01",
        "created_at": "2021-01-01T00:00:00.000001",
        "updated_at": "2021-01-01T00:00:00.000001",
        "active": False,
        "address": "木凯淖尔镇",
    },
    {"id_card_no": "159901198906150041", "person_name": "王五·巴图", "people": 2},
]
DIRTY = [
    *CLEAN,
    {"id_card_no": "159901195001010016", "person_name": "张三", "born_on": "1950-01-01", "people": 5, "sex": "男"},
    {"id_card_no": "15990119500101001６", "person_name": "Bob", "people": 0, "amount": "-0.01", "address": "街"},
    {"id_card_no": "15990119500101A016", "credit_code": "91350100M000100Y44", "person_name": "赵 六", "people": 21},
    {"id_card_no": None, "person_name": None, "people": None, "phone": "１３８００００００００", "sex": ""},
    {"id_card_no": "1599011950010100", "phone": "13800000000", "people": 4, "person_name": "钱", "sex": "9"},
    {
        "id_card_no": "15990119500101001x",
        "credit_code": "i1350100M000100Y43",
        "born_on": "2026-02-01",
        "people": 2,
        "person_name": "孙七",
        "address": "一二三四五六七八九十百千万镇",
        "amount": "99999.51",
    },
    {
        "born_on": "1899-12-31",
        "died_on": "1899-12-30",
        "created_at": "2027-01-01T00:00:00",
        "people": 1,
        "updated_at": "1899-12-29T23:00:00",
        "person_name": "周八",
        "id_card_no": "159901200002290033\n",
    },
    {
        "born_on": "2026-01-31",
        "created_at": "2022-01-01T00:00:00.000001",
        "updated_at": "2022-01-01T00:00:00",
        "person_name": "吴九",
        "people": 1,
        "id_card_no": "𠀀59901195001010016",
        "sex": "1 ",
    },
    {},
    {},
]
UNCAST = {1: ["amount"], 4: ["people", "born_on"], 6: ["created_at", "updated_at", "active"]}
COUNTS = ("success", "element_count", "unexpected_count", "missing_count", "unexpected_percent", "missing_percent")


def entry_of_everything():
    return make_entry(FIELDS, ["id_card_no"], rules=RULES, gate={"block_below": 0})


def our_results(folder, entry, rows, uncast=None):
    resource = make_resource(folder, entry, {"sex": SEXES})
    batch = make_batch(folder, entry, rows, uncast=uncast)
    quality.check(resource, batch, folder, [], DATA_DATE)
    return resource, json.loads((folder / "gx_result.json").read_text(encoding="utf-8"))["results"]


def stock_results(folder, resource):
    """The same suite through GX's own front door: an ephemeral context, a frame, its own validator."""
    import great_expectations as gx

    from shuyuan.quality.planning import plan_rules
    from shuyuan.quality.scan import Scan, session
    from shuyuan.quality.suites import ask_rules, suite_of

    with session(folder / "batch.parquet", folder) as connection:
        types = Scan(connection, folder / "batch.parquet").types
    suite = suite_of("stock", ask_rules(resource, plan_rules(resource.entry, DATA_DATE, []), types))
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
    frame = pd.read_parquet(folder / "batch.parquet")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    form = {"result_format": "SUMMARY", "unexpected_index_column_names": ["_row"], "exclude_unexpected_values": True}
    return batch.validate(suite, result_format=form).to_json_dict()["results"]


def facts(results):
    """Rule id → what must agree. Of compound keys GX asks row keys only of its own pandas engine."""
    found = {}
    for result in results:
        assert not result["exception_info"].get("raised_exception", True), result
        rule = result["expectation_config"]["meta"]["rule"]
        numbers = {name: result["result"].get(name) for name in COUNTS[1:]}
        rows = [row for key in result["result"].get("partial_unexpected_index_list") or () for row in key["_row"]]
        found[rule] = {"success": result["success"], **numbers}
        if "column_list" not in result["expectation_config"]["kwargs"]:
            found[rule]["rows"] = sorted(rows)[:20]
    return found


@pytest.mark.parametrize(("rows", "uncast"), [(CLEAN, None), (DIRTY, UNCAST)], ids=["clean", "dirty"])
def test_every_rule_gives_the_results_of_stock_gx(tmp_path, rows, uncast):
    resource, ours = our_results(tmp_path, entry_of_everything(), rows, uncast)
    mine, stock = facts(ours), facts(stock_results(tmp_path, resource))
    assert mine == stock
    rules = {rule.split(".", 1)[-1] for rule in mine}
    assert {
        "type",
        "required",
        "length",
        "pattern",
        "codes",
        "resident_id",
        "credit_code",
        "between",
        "one_of",
    } <= rules
    if rows is CLEAN:
        assert all(fact["success"] for fact in mine.values())
    else:
        passed = {rule for rule, fact in mine.items() if fact["success"]}
        assert passed <= {"table.row_count", "died_on.type"}, "the dirty rows break every rule of rows"


def test_an_empty_batch_passes_all_rules_of_rows(tmp_path):
    """Stock GX agrees, except that pandas gives an empty column of text no date type and its comparison fails."""
    resource, ours = our_results(tmp_path, entry_of_everything(), [])
    mine = facts(ours)
    assert {rule for rule, fact in mine.items() if not fact["success"]} == {"table.row_count"}
    stock = [result for result in stock_results(tmp_path, resource) if result["success"]]
    assert facts(stock) == {rule: mine[rule] for rule in facts(stock)}
    assert len(stock) >= len(mine) - 3


def test_gx_hands_over_the_whole_suite_at_once(tmp_path, monkeypatch):
    """The engine rests on this: metrics without dependencies arrive in the first call, and in no other."""
    from shuyuan.quality.engine import ScanEngine

    calls = []
    resolve = ScanEngine.resolve_metrics

    def counted(self, metrics_to_resolve, metrics=None, runtime_configuration=None):
        wanted = list(metrics_to_resolve)
        calls.append([metric.metric_name for metric in wanted])
        return resolve(self, wanted, metrics, runtime_configuration)

    monkeypatch.setattr(ScanEngine, "resolve_metrics", counted)
    _, results = our_results(tmp_path, entry_of_everything(), DIRTY, UNCAST)
    assert "table.row_count" in calls[0]
    assert sum(name.endswith("unexpected_index_list") for name in calls[0]) >= len(results) - 3
    assert not any(calls[1:])


TEXTS = ["张三", "1", "2", "3", "", "A", "ａ", "１", "b", "一二三四五六七八九", "a\tb", "159901195001010016", "甲·乙"]
NUMBERS = [-5, 0, 1, 2, 3, 7]
DAYS = ["1950-01-01", "2025-12-31", "2026-01-31", "2026-02-01", "9999-12-31", "0001-01-01"]


def maybe(values):
    return some.one_of(some.none(), some.sampled_from(values))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    some.lists(
        some.fixed_dictionaries(
            {
                "text": maybe(TEXTS),
                "other": maybe(TEXTS),
                "number": maybe(NUMBERS),
                "first": maybe(DAYS),
                "second": maybe(DAYS),
            }
        ),
        min_size=1,
        max_size=12,
    )
)
def test_generated_tables_agree(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("generated")
    entry = make_entry(
        [
            {"name": "text", "title": "文", "required": True, "length": 6, "pattern": "[0-9一-龥]+", "codes": "sex"},
            {"name": "other", "title": "他", "check": "resident_id"},
            {"name": "number", "title": "数", "type": "integer"},
            {"name": "first", "title": "先", "type": "date"},
            {"name": "second", "title": "后", "type": "date"},
        ],
        ["text", "number"],
        rules=[
            {"rule": "unique", "fields": ["other"]},
            {"rule": "unique", "fields": ["first", "second"]},
            {"rule": "between", "field": "number", "min": "0", "max": "3"},
            {"rule": "one_of", "field": "other", "values": ["1", "A", "159901195001010016"]},
            {"rule": "not_after", "field": "first", "than": "second"},
            {"rule": "not_after", "field": "second", "than": "data_date"},
        ],
    )
    resource, ours = our_results(folder, entry, rows)
    assert facts(ours) == facts(stock_results(folder, resource))


IDENTIFIED = [
    {"name": "id_card_no", "title": "证件号码", "check": "resident_id"},
    {"name": "sex", "title": "性别"},
    {"name": "sex_number", "title": "性别（数）", "type": "integer"},
    {"name": "born_on", "title": "出生日期", "type": "date"},
    *({"name": f"a_{check}", "title": check, "check": check} for check in VALID if check != "division_code"),
]
IDENTITY_RULES = [
    *({"rule": "matches_id", "field": name, "id": "id_card_no"} for name in ("sex", "sex_number", "born_on")),
    *({"rule": "known_region", "field": f"a_{check}", "codes": "divisions"} for check in REGION_PLACES),
    *({"rule": "not_excel_damaged", "field": name} for name in ("id_card_no", "a_resident_id", "a_person_name")),
]
REGIONS = "code,name\n159901,甲\n350100,乙\n"
DAMAGED = ["1.59901E+17", "159901195001010000", "159901195001011000", "159901195001012000", "15990119500101300"]


def identified_rows():
    """Each valid and invalid text once, next to sexes and birth dates that agree, contradict or say nothing."""
    texts = {check: [*VALID[check], *INVALID[check], *(DAMAGED if check == "resident_id" else ())] for check in VALID}
    numbers = [*texts["resident_id"], None]
    for place in range(max(map(len, texts.values())) + 3):
        row = {f"a_{check}": found[place] for check, found in texts.items() if place < len(found)}
        row["id_card_no"] = numbers[place * 3 % len(numbers)]
        row["sex"] = ["1", "2", "0", "9", "男", "", None][place % 7]
        row["sex_number"] = [1, 2, 9, None][place % 4]
        row["born_on"] = ["1950-01-01", "1989-06-15", "0950-01-01", "1950-01-10", None][place % 5]
        row.pop("a_division_code", None)
        # Python's $ matches before a last line feed, RE2's does not: of patterns only, ours is the stricter one.
        yield {name: value for name, value in row.items() if not str(value).endswith(("\n", "\x00"))}


def test_every_identifier_rule_gives_the_results_of_stock_gx(tmp_path):
    entry = make_entry(IDENTIFIED, ["id_card_no"], rules=IDENTITY_RULES, gate={"block_below": 0})
    resource = make_resource(tmp_path, entry, {"divisions": REGIONS})
    batch = make_batch(tmp_path, entry, list(identified_rows()))
    quality.check(resource, batch, tmp_path, [], DATA_DATE)
    mine = facts(json.loads((tmp_path / "gx_result.json").read_text(encoding="utf-8"))["results"])
    assert mine == facts(stock_results(tmp_path, resource))
    passed = {rule for rule, fact in mine.items() if fact["success"]}
    assert passed <= {"sex_number.type", "born_on.type", "a_person_name.not_excel_damaged"}
    assert {"sex.matches_id", "a_vin.vin", "a_certificate_number.spelling", "a_credit_code.known_region"} <= set(mine)
