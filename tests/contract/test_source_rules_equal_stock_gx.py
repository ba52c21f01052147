"""The one-source rules are Great Expectations' own results, too: ours by DuckDB, and stock GX's pandas engine.

Both sides hold the same batch against the same Parquet file of a source; success, every count and percentage and
the row keys must be equal.
"""

import json
from datetime import date, datetime
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from batches import make_batch, make_entry, make_resource
from shuyuan import quality
from shuyuan.catalog.links import Copied, Link
from shuyuan.catalog.resources import Resource
from shuyuan.entry import Element
from shuyuan.quality import SourceRows

DATA_DATE = date(2026, 1, 31)
COUNTS = ("element_count", "unexpected_count", "missing_count", "unexpected_percent", "missing_percent")
KEYS = {"person": Element(title="证件号码", normal_form="text"), "town": Element(title="镇")}
ATTRIBUTES = {
    "name": Element(title="姓名", normal_form="name"),
    "born": Element(title="出生日期", type="date"),
    "amount": Element(title="金额", type="decimal(10,2)"),
    "people": Element(title="人数", type="integer"),
    "active": Element(title="有效", type="boolean"),
    "seen": Element(title="时间", type="datetime"),
    "code": Element(title="号码", normal_form="code"),
}
ELEMENTS = {**KEYS, **ATTRIBUTES}
FIELDS = [
    {"name": "id_card_no", "title": "证件号码"},
    {"name": "town", "title": "镇"},
    {"name": "name", "title": "姓名"},
    {"name": "born", "title": "出生日期", "type": "date"},
    {"name": "amount", "title": "金额", "type": "decimal(10,2)"},
    {"name": "people", "title": "人数", "type": "integer"},
    {"name": "active", "title": "有效", "type": "boolean"},
    {"name": "seen", "title": "时间", "type": "datetime"},
    {"name": "code", "title": "号码"},
]
ENTRY = make_entry(FIELDS, ["id_card_no"], gate={"block_below": 0, "allow_empty": True})
SCHEMA = pa.schema(
    {
        "person_id": pa.string(),
        "person_town": pa.string(),
        "name": pa.string(),
        "born": pa.date32(),
        "amount": pa.decimal128(12, 3),
        "people": pa.int64(),
        "active": pa.bool_(),
        "seen": pa.timestamp("us"),
        "code": pa.string(),
        "_load_no": pa.int64(),
    }
)
SOURCE = [
    {
        "person_id": "1",
        "person_town": "a",
        "name": "张三",
        "born": date(1950, 1, 1),
        "amount": Decimal("1200.500"),
        "people": 3,
        "active": True,
        "seen": datetime(2026, 1, 1, 8),
        "code": "DB-7",
    },
    {"person_id": "2", "person_town": "a", "name": "阿依努尔·买买提", "people": 1},
    {"person_id": "3", "person_town": "b"},
    {"person_id": "4", "person_town": "c", "name": "李四"},
    {"person_id": "4", "person_town": "c", "name": "李五"},
    {"person_id": None, "person_town": "d", "name": "无名"},
    {"person_id": "５", "person_town": "a", "name": "吴十"},
    {"person_id": "6", "person_town": "a", "name": "郑一"},
    {"person_id": "６", "person_town": "a", "name": "郑一"},
]
BATCH = [
    # Agrees as written, and in another spelling of everything that may be spelt otherwise.
    {"id_card_no": "1", "town": "a", "name": "张三", "born": "1950-01-01", "amount": "1200.50", "active": True},
    {"id_card_no": "2", "town": "a", "name": "阿依努尔．买买提", "people": 1},
    {"id_card_no": "1", "town": "a", "name": "張 三", "code": "ｄｂ７", "seen": datetime(2026, 1, 1, 8)},
    # Contradicts in everything.
    {"id_card_no": "1", "town": "a", "name": "王五", "born": "1950-01-02", "amount": "1200.51", "active": False},
    {"id_card_no": "1", "town": "a", "code": "DB-8", "seen": datetime(2026, 1, 1, 8, 0, 0, 1), "name": "王五"},
    # Nothing there to compare with; nothing here; a key that the source has twice; keys that it has not.
    {"id_card_no": "3", "town": "b", "name": "赵六"},
    {"id_card_no": "2", "town": "a"},
    {"id_card_no": "4", "town": "c", "name": "钱七"},
    {"id_card_no": "9", "town": "a", "name": "张三"},
    {"id_card_no": "1", "town": "b", "name": "孙八", "people": 3},
    {"id_card_no": "1", "town": "a", "people": 4},
    {"id_card_no": None, "town": "a", "name": "周九"},
    # A key in another spelling; one that two keys of the source are, in another spelling; one that is there as written.
    {"id_card_no": "5", "town": "a", "name": "吴拾"},
    {"id_card_no": " 5", "town": "a", "name": "吴十"},
    {"id_card_no": "6 ", "town": "a", "name": "王五"},
    {"id_card_no": "６", "town": "a", "name": "王五"},
    {"id_card_no": "", "town": "a", "name": "周九"},
    {"id_card_no": "1", "town": "a", "name": "", "code": ""},
    {},
]  # fmt: skip


def source_file(folder, rows, schema=SCHEMA):
    path = folder / "source.parquet"
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows], schema=schema), path)
    return path


def link(*key):
    copied = tuple(Copied(name, name, name) for name in ATTRIBUTES)
    return Link(ENTRY.id, "public_security.people", key, tuple(KEYS)[: len(key)], copied, "reject")


BY_PERSON = link(("id_card_no", "person_id"))
BY_PERSON_AND_TOWN = link(("id_card_no", "person_id"), ("town", "person_town"))


def resource_in(folder):
    bare = make_resource(folder, ENTRY)
    return Resource(bare.entry, bare.path, bare.digest, bare.department, ELEMENTS, bare.project)


def our_results(folder, rows, source, used):
    batch = make_batch(folder, ENTRY, rows)
    verdict = quality.check(resource_in(folder), batch, folder, [], DATA_DATE, [SourceRows(used, source)])
    results = json.loads((folder / "gx_result.json").read_text(encoding="utf-8"))["results"]
    return verdict, facts(results)


def stock_results(folder, source, used):
    """The same suite through GX's own front door: an ephemeral context, a frame, its own validator."""
    import great_expectations as gx

    from shuyuan.quality.scan import Scan, session
    from shuyuan.quality.sources import plan_source_rules
    from shuyuan.quality.suites import ask_rules, suite_of

    resource = resource_in(folder)
    with session(folder / "batch.parquet", folder) as connection:
        types = Scan(connection, folder / "batch.parquet").types
    plans, _ = plan_source_rules(resource, [SourceRows(used, source)])
    suite = suite_of("stock", ask_rules(resource, plans, types))
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
    frame = pd.read_parquet(folder / "batch.parquet")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    form = {"result_format": "SUMMARY", "unexpected_index_column_names": ["_row"], "exclude_unexpected_values": True}
    return facts(batch.validate(suite, result_format=form).to_json_dict()["results"])


def facts(results):
    """Rule id → what must agree, of the one-source rules. Of keys of several columns GX gives no row keys here."""
    found = {}
    for result in results:
        assert not result["exception_info"].get("raised_exception", True), result
        configuration = result["expectation_config"]
        if not configuration["meta"]["code"].startswith("D5"):
            continue
        numbers = {name: result["result"].get(name) for name in COUNTS}
        found[configuration["meta"]["rule"]] = {"success": result["success"], **numbers}
        if "column_list" not in configuration["kwargs"]:
            keys = result["result"].get("partial_unexpected_index_list") or ()
            found[configuration["meta"]["rule"]]["rows"] = sorted(row for key in keys for row in key["_row"])
    return found


@pytest.mark.parametrize("used", [BY_PERSON, BY_PERSON_AND_TOWN], ids=["one key field", "two key fields"])
@pytest.mark.parametrize("rows", [BATCH, BATCH[:2], []], ids=["dirty", "clean", "empty"])
def test_every_rule_gives_the_results_of_stock_gx(tmp_path, rows, used):
    source = source_file(tmp_path, SOURCE)
    _, mine = our_results(tmp_path, rows, source, used)
    assert mine == stock_results(tmp_path, source, used)
    failed = {rule for rule, fact in mine.items() if not fact["success"]}
    assert failed == (set(mine) if rows is BATCH else set())


def test_the_counts_of_a_batch_are_those_of_its_rows(tmp_path):
    """What GX cannot say: of how many rows the answer could be known at all."""
    verdict, _ = our_results(tmp_path, BATCH, source_file(tmp_path, SOURCE), BY_PERSON)
    counts = {one.rule: (one.evaluated, one.unexpected) for one in verdict.results if one.code.startswith("D5")}
    assert counts == {
        "id_card_no.known_to_source": (15, 2),  # 19 rows less two without a key and two that the source has twice
        "name.agrees_with_source": (9, 5),
        "born.agrees_with_source": (2, 1),
        "amount.agrees_with_source": (2, 1),
        "people.agrees_with_source": (3, 1),
        "active.agrees_with_source": (2, 1),
        "seen.agrees_with_source": (2, 1),
        "code.agrees_with_source": (2, 1),
    }


def test_types_that_differ_compare_by_their_text(tmp_path):
    schema = pa.schema(
        {
            "person_id": pa.int64(),
            "name": pa.string(),
            "born": pa.string(),
            "amount": pa.string(),
            "people": pa.float64(),
        }
        | {name: pa.string() for name in ("person_town", "active", "seen", "code")}
    )
    source = source_file(
        tmp_path, [{"person_id": 1, "born": "1950-01-01", "amount": "1200.5", "active": "true"}], schema
    )
    verdict, mine = our_results(tmp_path, BATCH, source, BY_PERSON)
    assert mine == stock_results(tmp_path, source, BY_PERSON)
    counts = {one.rule: (one.evaluated, one.unexpected) for one in verdict.results if one.code.startswith("D5")}
    assert counts["id_card_no.known_to_source"] == (17, 10)
    assert counts["born.agrees_with_source"] == (2, 1)
    assert counts["amount.agrees_with_source"] == (2, 1)
    assert counts["active.agrees_with_source"] == (2, 1)


NAMES = ["张三", "張三", "张 三", "张三 ", "阿·里", "阿•里", "阿．里", "Ａ", "A", "", " "]
IDS = ["1", "2", "3", "１", " 1"]
DAYS = [date(1950, 1, 1), date(1950, 1, 2), date(9999, 12, 31)]


def maybe(values):
    return some.one_of(some.none(), some.sampled_from(values))


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    some.lists(
        some.fixed_dictionaries(
            {"id_card_no": maybe(IDS), "town": maybe(["a", "b"]), "name": maybe(NAMES), "born": maybe(DAYS)}
        ),
        min_size=1,
        max_size=12,
    ),
    some.lists(
        some.fixed_dictionaries(
            {"person_id": maybe(IDS), "person_town": maybe(["a", "b"]), "name": maybe(NAMES), "born": maybe(DAYS)}
        ),
        max_size=8,
    ),
    some.sampled_from([BY_PERSON, BY_PERSON_AND_TOWN]),
)
def test_generated_tables_agree(tmp_path_factory, rows, held, used):
    folder = tmp_path_factory.mktemp("generated")
    source = source_file(folder, held)
    _, mine = our_results(folder, rows, source, used)
    assert mine == stock_results(folder, source, used)
