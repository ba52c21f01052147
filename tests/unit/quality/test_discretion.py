"""No value of the data leaves in a result, a log or an error; nothing is sent; importing the package is cheap."""

import json
import logging
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from shuyuan.language import sentences
from shuyuan.problems import PlatformError

CANARIES = ("159901198906150041", "欧阳探针", "8675309.77", "1989-06-15")
PACKAGE = Path(__file__).parents[3] / "plugins"


def test_no_value_is_in_any_result_log_or_verdict(judge, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    number, name, amount, day = CANARIES
    rows = [{"id_card_no": number, "person_name": name, "amount": amount, "born_on": day}] * 3 + [
        {"id_card_no": number + "9"}
    ]
    foreign = [
        {"type": "expect_column_max_to_be_between", "kwargs": {"column": "amount", "max_value": 1}},
        {
            "type": "expect_column_distinct_values_to_be_in_set",
            "kwargs": {"column": "person_name", "value_set": ["张三"]},
        },
        {
            "type": "expect_column_most_common_value_to_be_in_set",
            "kwargs": {"column": "id_card_no", "value_set": ["1"]},
        },
        {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "person_name", "value_set": ["张三"]}},
        {
            "type": "expect_column_values_to_match_strftime_format",
            "kwargs": {"column": "person_name", "strftime_format": "%Y"},
        },
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "person_name", "min_value": 3}},
        {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "person_name", "min_value": 3}},
        {
            "type": "expect_column_pair_values_to_be_equal",
            "kwargs": {"column_A": "person_name", "column_B": "id_card_no"},
        },
        {
            "type": "expect_select_column_values_to_be_unique_within_record",
            "kwargs": {"column_list": ["person_name", "person_name"]},
        },
    ]
    verdict = judge(rows, expectations=foreign, rules=[{"rule": "between", "field": "amount", "max": "1"}])
    assert verdict.rejected == 4
    written = (judge.folder / "gx_result.json").read_text(encoding="utf-8") + verdict.model_dump_json()
    everything = written + caplog.text + "".join(capfd.readouterr())
    assert [canary for canary in CANARIES if canary in everything] == []
    assert [canary for canary in CANARIES if canary.encode("unicode_escape").decode() in everything] == []
    assert all(canary in str(judge.rejected()) for canary in CANARIES), "the rejected rows are where values belong"


def test_gx_s_own_result_has_row_numbers_and_counts(judge, good):
    judge([*good, *({"person_name": "Bob"} for _ in range(30))])
    found = json.loads((judge.folder / "gx_result.json").read_text(encoding="utf-8"))
    assert found["meta"]["great_expectations_version"]
    assert found["statistics"]["evaluated_expectations"] == len(found["results"])
    by_rule = {result["expectation_config"]["meta"]["rule"]: result for result in found["results"]}
    result = by_rule["person_name.pattern"]["result"]
    assert result["unexpected_count"] == 30
    assert result["partial_unexpected_index_list"] == [{"_row": list(range(3, 23))}]
    assert by_rule["person_name.pattern"]["expectation_config"]["severity"] == "warning"
    assert not any("unexpected_list" in name or "observed" in name for name in result)


def test_an_error_of_the_database_says_its_kind_only(judge, good, monkeypatch):
    from shuyuan.quality.scan import Scan

    def fail(self, questions):
        raise duckdb.ConversionException(f"Could not convert string {CANARIES[1]}")

    monkeypatch.setattr(Scan, "ask", fail)
    with pytest.raises(PlatformError, match=r"P451.*ConversionException") as caught:
        judge(good)
    assert CANARIES[1] not in str(caught.value)
    assert caught.value.__suppress_context__


def test_lost_records_are_never_published(judge, good, monkeypatch):
    from shuyuan.quality import checking

    monkeypatch.setattr(checking, "write_rejected", lambda *_: 99)
    with pytest.raises(PlatformError, match="P452"):
        judge(good)


def test_nothing_is_sent(judge, good, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    foreign = [{"type": "expect_column_mean_to_be_between", "kwargs": {"column": "amount", "min_value": 1}}]
    assert judge(good, expectations=foreign).blocked_by == ()


def test_no_work_files_are_left(judge, good):
    judge([*good, {}])
    assert {path.name for path in judge.folder.iterdir()} == {
        "batch.parquet",
        "rejected.parquet",
        "gx_result.json",
        "project",
    }


def test_importing_the_package_does_not_import_great_expectations():
    heavy = ("great_expectations", "pandas", "duckdb")
    code = f"import sys, shuyuan.quality; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
    )
    assert done.stdout.strip() == "[]"


def test_a_small_batch_costs_a_quarter_of_a_second_at_most(judge, good):
    rules = [{"rule": "between", "field": "amount", "min": str(number)} for number in range(-12, 0)]
    rows = [{**good[0], "id_card_no": None} for _ in range(1000)]
    costs = []
    for _ in range(4):
        start = time.process_time()
        verdict = judge(rows, rules=rules)
        costs.append(time.process_time() - start)
    assert len(verdict.results) >= 20
    assert min(costs) < 0.25, costs


def test_every_rule_code_has_its_sentences():
    codes = [f"D{number}" for number in (*range(301, 304), *range(401, 411), *range(601, 606))]
    known = sentences()
    assert all(
        {"zh", "en", "zh_next", "en_next"} <= set(known[code])
        for code in (*codes, "E294", "E295", "E296", "P451", "P452")
    )
    assert all({"zh", "en"} <= set(known[f"rule.{code}"]) for code in codes)
