"""``quality.check`` as the pipeline calls it: what is accepted, what is rejected and why."""

import json

import pyarrow.parquet as pq


def test_a_clean_batch_is_accepted_whole(judge, good):
    verdict = judge(good)
    assert (verdict.accepted, verdict.rejected, verdict.rejected_path, verdict.blocked_by) == (3, 0, None, ())
    assert not (judge.folder / "rejected.parquet").exists()
    assert verdict.score == 100
    assert set(verdict.scores) == {"normativity", "completeness", "accuracy"}
    assert all(result.success for result in verdict.results)


def test_rejected_records_carry_their_rules_and_their_texts(judge, good, result_of):
    rows = [
        *good,
        {"id_card_no": "159901195001010017", "person_name": "Bob", "amount": "-3", "born_on": "2000-02-29"},
        {},
    ]
    verdict = judge(
        rows,
        uncast={1: ["amount"]},
        defects=[("record.fields", 'a,"b'), ("record.characters", "\u200b乌兰")],
        rules=[{"rule": "between", "field": "amount", "min": "0", "effect": "count"}],
    )
    rejected = judge.rejected()
    assert {number: row["rules"] for number, row in rejected.items()} == {
        1: ["amount.type"],
        3: ["id_card_no.resident_id", "person_name.pattern"],
        4: ["id_card_no.required"],
        5: ["record.fields"],
        6: ["record.characters"],
    }
    records = {number: json.loads(row["record"]) for number, row in rejected.items()}
    assert records[1] == {"raw": "text"}
    assert records[3] == {
        "id_card_no": "159901195001010017",
        "person_name": "Bob",
        "amount": "-3.00",
        "born_on": "2000-02-29",
    }
    assert records[4] == dict.fromkeys(("id_card_no", "person_name", "amount", "born_on"))
    assert records[5] == {"_raw": 'a,"b'}
    assert [(row["_line"], row["_file"]) for row in rejected.values()] == [(3, 0), (5, 0), (6, 0), (7, 0), (8, 0)]
    assert (result_of(verdict, "amount.between").unexpected, result_of(verdict, "amount.between").evaluated) == (1, 2)
    assert (result_of(verdict, "record.fields").unexpected, result_of(verdict, "record.fields").evaluated) == (1, 7)
    assert result_of(verdict, "record.quotes").success


def test_the_layout_of_the_rejected_file(judge, good):
    judge([*good, {}])
    schema = pq.read_schema(judge.folder / "rejected.parquet")
    assert [(field.name, str(field.type).replace("element", "item")) for field in schema] == [
        ("_row", "int64"),
        ("_file", "int16"),
        ("_line", "int64"),
        ("rules", "list<item: string>"),
        ("record", "string"),
    ]


def test_all_copies_of_a_repeated_key_are_rejected(judge, good, result_of):
    verdict = judge([*good, good[0], good[0]])
    assert result_of(verdict, "key.unique").unexpected == 3
    assert sorted(judge.rejected()) == [0, 3, 4]


def test_null_equals_null_in_a_compound_key(judge, result_of):
    fields = [*judge.fields, {"name": "member", "title": "成员号", "type": "integer"}]
    rows = [{**row, "id_card_no": None} for row in [{"member": 1}, {"member": 1}, {"member": 2}, {}, {}]]
    verdict = judge(rows, fields=[{**fields[0], "required": False}, *fields[1:]], key=("id_card_no", "member"))
    assert (result_of(verdict, "key.unique").evaluated, result_of(verdict, "key.unique").unexpected) == (3, 2)
    assert sorted(judge.rejected()) == [0, 1]


def test_a_very_dirty_batch_keeps_row_numbers_only_and_says_the_same(judge, monkeypatch, good):
    from shuyuan.quality import scan

    rows = [{**good[number % 2], "id_card_no": None if number % 3 else good[2]["id_card_no"]} for number in range(60)]
    judge(rows)
    whole = judge.rejected()
    monkeypatch.setattr(scan, "SAMPLE", 30)
    judge(rows)
    assert judge.rejected() == whole
    assert len(whole) == 60


def test_two_rules_of_one_name_keep_apart(judge, good, result_of):
    rules = [
        {"rule": "between", "field": "amount", "min": "0"},
        {"rule": "between", "field": "amount", "max": "1", "effect": "count"},
    ]
    verdict = judge(good, rules=rules)
    assert result_of(verdict, "amount.between").success
    assert result_of(verdict, "amount.between.2").unexpected == 1
    assert verdict.rejected == 0


def test_numbers_and_dates_have_a_length_and_a_pattern_too(judge, good, result_of):
    fields = [*judge.fields, {"name": "year", "title": "年份", "type": "integer", "length": 4, "pattern": "20[0-9]{2}"}]
    verdict = judge([{**good[0], "year": 2026}, {**good[1], "year": 20261}, {**good[2], "year": 1999}], fields=fields)
    assert {number: row["rules"] for number, row in judge.rejected().items()} == {
        1: ["year.length", "year.pattern"],
        2: ["year.pattern"],
    }
    assert result_of(verdict, "year.type").success


def test_more_fields_than_a_mask_has_bits(judge, good):
    fields = [
        *judge.fields,
        *({"name": f"text_{number}", "title": f"文{number}", "required": True} for number in range(80)),
    ]
    full = {f"text_{number}": "x" for number in range(80)}
    verdict = judge([{**row, **full} for row in good[:2]] + [{**good[2], **full, "text_79": None}], fields=fields)
    assert judge.rejected()[2]["rules"] == ["text_79.required"]
    assert verdict.accepted == 2
