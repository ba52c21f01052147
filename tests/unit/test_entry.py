"""The models: what they accept, what they refuse, and what the schema tells an editor."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from building import DEPARTMENT, ENTRY, changed
from shuyuan.catalog.schema import FILES, schema_of
from shuyuan.entry import (
    CsvFormat,
    DatabaseSource,
    Department,
    Element,
    Entry,
    Field,
    Gate,
    GxExpectation,
    SftpSource,
    Untyped,
    with_date,
)
from shuyuan.entry.patterns import why_unsafe
from shuyuan.entry.values import Model

EATEN = {"on", "off", "yes", "no", "y", "n", "true", "false", "null", "~"}


def entry(**changes):
    return Entry.model_validate(changed(ENTRY, changes))


def test_what_an_entry_derives():
    one = entry()
    assert (one.department, one.resource) == ("civil_affairs", "low_income_households")
    assert one.table == "civil_affairs__low_income_households"
    assert one.field("person_name").source_name == "XM"
    assert one.field("monthly_amount").decimal == (10, 2)
    assert one.field("monthly_amount").kind == "decimal"
    assert Field(name="a", title="b").source_name == "a"
    with pytest.raises(KeyError):
        one.field("nothing")


def test_frozen_and_closed():
    one = entry()
    with pytest.raises(ValidationError):
        one.title = "x"
    with pytest.raises(ValidationError):
        entry(tile="x")


def test_defaults():
    one = entry(update={"grace": None})
    assert one.update.grace == timedelta(hours=2)
    assert one.quality.gate.shrink_within == 0.2
    assert one.level == "L2"
    assert CsvFormat(type="tsv").delimiter == "\t"
    assert CsvFormat(type="tsv", delimiter="|").delimiter == "|"
    assert CsvFormat(type="csv", null=("-",)).null == CsvFormat(type="csv", nulls=("-",)).null == ("-",)


@pytest.mark.parametrize("value", ["{{ ds }}", "a {% if %}", "{# x #}"])
@pytest.mark.parametrize("key", ["title", "summary", "legal_basis", "matter"])
def test_no_templates(key, value):
    with pytest.raises(ValidationError):
        entry(**{key: value})


def test_no_template_hides_in_arguments():
    with pytest.raises(ValidationError):
        GxExpectation.model_validate({"type": "expect_x", "kwargs": {"a": [{"b": "{{ x }}"}]}})


@pytest.mark.parametrize("text", ["0123", "true", "2026-01-01", "~"])
def test_unquoted_text_is_refused(text):
    with pytest.raises(ValidationError):
        entry(owner={"steward": Untyped(text)})
    assert entry(owner={"steward": text}).owner.steward == text


def test_arguments_get_their_types_back():
    given = {
        "column": "a",
        "min_value": Untyped("0"),
        "max_value": Untyped("1.5"),
        "strict": Untyped("true"),
        "value_set": ["01", Untyped("2")],
        "none": Untyped("null"),
    }
    kwargs = GxExpectation.model_validate({"type": "expect_x", "kwargs": given}).kwargs
    assert kwargs == {
        "column": "a",
        "min_value": 0,
        "max_value": 1.5,
        "strict": True,
        "value_set": ["01", 2],
        "none": None,
    }
    with pytest.raises(ValidationError):
        GxExpectation.model_validate({"type": "expect_x", "kwargs": {"value": Untyped("0123")}})


@pytest.mark.parametrize(
    "word", ["x'; DROP TABLE share; --", "a b", "A", "1a", "a-b", "ａ", "a\n", "", "a" * 64, 'a"b', "a;b"]
)
def test_identifiers_hold_no_sql(word):
    with pytest.raises(ValidationError):
        Field(name=word, title="x")
    with pytest.raises(ValidationError):
        entry(load={"key": [word]})


@pytest.mark.parametrize("table", ["a; DROP TABLE b", "a b", "a.b.c", "(SELECT 1)", "a--", "a\n", "表", "a'b", '"a"'])
def test_a_source_table_is_a_name(table):
    with pytest.raises(ValidationError):
        DatabaseSource(type="database", connection="c", table=table)


@pytest.mark.parametrize("path", ["/a/../b", "../a", "a", "/a/..", "/*/a.csv", "\\\\host\\a", "/a\\..\\b", ""])
def test_paths_stay_inside(path):
    with pytest.raises(ValidationError):
        SftpSource(type="sftp", connection="c", path=path, format={"type": "csv"})


def test_dates_in_paths():
    assert with_date("/o/{date:%Y%m%d}/a_{date:%y}.csv", date(2026, 9, 1)) == "/o/20260901/a_26.csv"


@pytest.mark.parametrize("value", ["20260901", "0", "1693526400", "2026-9-1", "2026-02-30", "2026-09-01T00:00:00"])
def test_days_are_written_one_way(value):
    with pytest.raises(ValidationError):
        entry(published_on=value)


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "101", "６０"])
def test_scores_are_finite(value):
    with pytest.raises(ValidationError):
        Gate(block_below=value)


SAFE = [
    r"[0-9]{17}[0-9X]",
    "[0-9]+",
    "(男|女)",
    "^[A-Z]{2}$",
    r"a\.b",
    "[^,]*",
    "(?:ab){1,3}",
    r"[0-9]+(\.[0-9]+)?",
    r"\\d",
    "[一-龥·]{2,30}",
    "(J|L)[0-9]{6}-[0-9]{4}",
    "(?P<a>x)",
    "([0-9]{1,3},)*[0-9]",
]
UNSAFE = {
    r"\d+": "class",
    r"[\d]": "class",
    r"\w": "class",
    r"a\s": "class",
    "(a+)+$": "nested",
    "(a*)*": "nested",
    "([a-z]+[0-9])*": "nested",
    "(a|b+)+": "nested",
    "(?=a)": "look",
    "(?<!a)b": "look",
    r"(a)\1": "reference",
    "(?i)a": "flags",
    "(?i:a)": "flags",
    "a++": "look",
    "(?>a)": "look",
    "(": "broken",
    "[": "broken",
    "a{1001}": "repeat",
    r"a\b": "escape",
    r"\Aa": "escape",
    r"a\Z": "escape",
    "\\u4e00": "escape",
    "a{,3}": "escape",
    "[[:alpha:]]": "escape",
    r"\p{Han}": "escape",
    "(?P=a)": "broken",
    "*": "broken",
}


@pytest.mark.parametrize("pattern", SAFE)
def test_safe_patterns(pattern):
    assert why_unsafe(pattern) is None
    assert Field(name="a", title="b", pattern=pattern).pattern == pattern


@pytest.mark.parametrize("pattern", UNSAFE)
def test_unsafe_patterns(pattern):
    assert why_unsafe(pattern) == UNSAFE[pattern]
    with pytest.raises(ValidationError):
        Element(title="x", pattern=pattern)


@pytest.mark.parametrize("pattern", SAFE)
def test_duckdb_reads_safe_patterns(pattern):
    duckdb = pytest.importorskip("duckdb")
    assert duckdb.execute("SELECT regexp_full_match('', ?)", [pattern]).fetchone()[0] == bool(re.fullmatch(pattern, ""))


def keys_of(model, seen=None):
    """Every key of a model and of all models below it, as YAML has it."""
    schema = schema_of(model)
    for node in [schema, *schema.get("$defs", {}).values()]:
        yield from node.get("properties", {}).items()


@pytest.mark.parametrize("model", FILES.values(), ids=FILES)
def test_every_key_has_a_chinese_title_and_description(model):
    for key, node in keys_of(model):
        assert re.search(r"[\u4e00-\u9fff]", node.get("title", "")) or node["title"] == "GX 期望", key
        assert node.get("description"), key


@pytest.mark.parametrize("model", FILES.values(), ids=FILES)
def test_no_key_is_eaten_by_yaml(model):
    for key, _ in keys_of(model):
        assert key.lower() not in EATEN
        assert re.fullmatch(r"[a-z][a-z0-9_]*[a-z0-9]|[a-z]", key)


@pytest.mark.parametrize("model", FILES.values(), ids=FILES)
def test_the_schemas_are_schemas(model):
    Draft202012Validator.check_schema(schema_of(model))


def test_the_schema_takes_what_the_model_takes():
    validator = Draft202012Validator(schema_of(Entry))
    assert validator.is_valid(ENTRY)
    assert validator.is_valid(changed(ENTRY, {"api_version": 1}))
    assert not validator.is_valid(changed(ENTRY, {"update": {"cycle": "dayly"}}))
    assert not validator.is_valid(changed(ENTRY, {"extra": "x"}))
    assert Draft202012Validator(schema_of(Department)).is_valid(DEPARTMENT)


def test_models_share_one_base():
    def below(kind):
        for one in kind.__subclasses__():
            yield one
            yield from below(one)

    for model in below(Model):
        assert model.model_config["extra"] == "forbid"
        assert model.model_config["frozen"]
        assert model.__doc__
