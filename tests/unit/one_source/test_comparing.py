"""One link: every case by hand, and random tables against an oracle of plain dictionaries."""

import random
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shuyuan.catalog.links import Copied, Link
from shuyuan.normal_forms import normalise
from shuyuan.one_source import comparing
from shuyuan.one_source.comparing import Order, compare
from shuyuan.problems import PlatformError

GLUE = "\x1f"


def order_of(folder, copy, source, key=(("k", "id"),), copied=(("v", "w"),), forms=None, memory="256MB"):
    """``copy`` and ``source`` are columns by name; elements are named after the source's fields."""
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.table(copy), folder / "copy.parquet", row_group_size=50_000)
    pq.write_table(pa.table(source), folder / "source.parquet", row_group_size=50_000)
    elements = tuple(theirs for _, theirs in key)
    link = Link("a.copy", "b.source", key, elements, tuple(Copied(f, s, s) for f, s in copied), "count")
    named = dict.fromkeys((*elements, *(source for _, source in copied)), "exact") | (forms or {})
    return Order(link, folder / "copy.parquet", folder / "source.parquet", named, memory, folder / "out")


def found(folder, *args, **kwargs):
    return compare(order_of(folder, *args, **kwargs))


def counts(findings, field="v"):
    one = findings.attributes[field]
    return {name: getattr(one, name) for name in ("agreeing", "differing", "blank_here", "blank_there")}


def rows(path):
    return sorted(tuple(row.values()) for row in pq.read_table(path).to_pylist()) if path else []


def test_each_case_is_counted_once(tmp_path):
    copy = {"k": ["1", "2", "3", "4", "5", "6", None, "9"], "v": ["a", "b", None, "d", None, "x", "y", "z"]}
    source = {"id": ["1", "2", "3", "4", "5", "7", "8", None], "w": ["a", "B", "c", None, None, "q", "r", "s"]}
    made = found(tmp_path / "a", copy, source)
    assert (made.copy_rows, made.matched, made.only_here, made.only_there, made.source_duplicates) == (8, 5, 2, 2, 0)
    assert counts(made) == {"agreeing": 1, "differing": 1, "blank_here": 1, "blank_there": 1}
    assert rows(made.attributes["v"].disputes) == [("2", "b", "B")]
    assert rows(made.unknown) == [("6", "6", None), ("9", "9", None)]
    assert made.duplicates is None


def test_an_empty_text_is_a_blank(tmp_path):
    made = found(
        tmp_path / "a", {"k": ["1", "2", "3"], "v": ["", "b", ""]}, {"id": ["1", "2", "3"], "w": ["a", "", None]}
    )
    assert counts(made) == {"agreeing": 0, "differing": 0, "blank_here": 1, "blank_there": 1}


@pytest.mark.parametrize(
    ("form", "here", "there", "same"),
    [
        ("name", "買買提•艾力", "买买提·艾力", True),
        ("name", "王 芳", "王芳", True),
        ("name", "王方", "王芳", False),
        ("exact", "王 芳", "王芳", False),
        ("text", "第１２号", "第12号", True),
        ("code", "91-150624ma0n00067e", "91150624MA0N00067E", True),
        ("resident_id", "159901500101001", "159901195001010016", True),
        ("resident_id", "159901500101002", "159901195001010016", False),
    ],
)
def test_values_agree_when_their_normal_forms_do(tmp_path, form, here, there, same):
    made = found(tmp_path / "a", {"k": ["1"], "v": [here]}, {"id": ["1"], "w": [there]}, forms={"w": form})
    assert counts(made)["agreeing"] == int(same)
    assert rows(made.attributes["v"].disputes) == ([] if same else [("1", here, there)])


def test_keys_match_when_their_normal_forms_do_and_are_named_as_the_source_writes_them(tmp_path):
    copy = {"k": ["159901500101001", "15990119500101002４", "159901200002290033"], "v": ["a", "b", "c"]}
    source = {"id": ["159901195001010016", "159901195001010024", "159901198906150041"], "w": ["a", "B", "d"]}
    made = found(tmp_path / "a", copy, source, forms={"id": "resident_id"})
    assert (made.matched, made.only_here, made.only_there) == (2, 1, 1)
    assert rows(made.attributes["v"].disputes) == [("159901195001010024", "b", "B")]
    assert rows(made.unknown) == [("159901200002290033", "159901200002290033", None)]


def test_two_spellings_of_one_key_at_the_source_are_a_duplicate(tmp_path):
    source = {"id": ["159901500101001", "159901195001010016", "159901195001010024"], "w": ["a", "b", "c"]}
    copy = {"k": ["159901195001010016", "159901195001010024"], "v": ["a", "c"]}
    made = found(tmp_path / "a", copy, source, forms={"id": "resident_id"})
    assert (made.matched, made.only_here, made.only_there, made.source_duplicates) == (1, 0, 0, 2)
    assert [key for key, *_ in rows(made.duplicates)] == ["159901195001010016", "159901500101001"]


def test_keys_that_occur_more_than_once_at_the_source_take_no_part(tmp_path):
    copy = {"k": ["1", "2", "2", "3"], "v": ["a", "b", "b", "x"]}
    source = {"id": ["1", "2", "2", "2", "4"], "w": ["a", "b", "c", "b", "d"]}
    made = found(tmp_path / "a", copy, source)
    assert (made.matched, made.only_here, made.only_there, made.source_duplicates) == (1, 1, 1, 3)
    assert counts(made) == {"agreeing": 1, "differing": 0, "blank_here": 0, "blank_there": 0}
    assert rows(made.duplicates) == [("2", None, "2")]


def test_a_key_that_the_copy_repeats_counts_each_row_and_is_disputed_once(tmp_path):
    made = found(tmp_path / "a", {"k": ["1", "1", "1"], "v": ["b", "a", "c"]}, {"id": ["1", "2"], "w": ["a", "x"]})
    assert (made.matched, made.only_there, counts(made)["differing"]) == (3, 1, 2)
    assert rows(made.attributes["v"].disputes) == [("1", "b", "a")]


def test_a_key_of_several_parts(tmp_path):
    copy = {"k": ["1", "1", "2", None], "l": [7, 8, 7, 7], "v": ["a", "b", "c", "d"]}
    source = {"id": ["1", "1", "3"], "no": [7, 8, 7], "w": ["a", "x", "c"]}
    made = found(tmp_path / "a", copy, source, key=(("k", "id"), ("l", "no")))
    assert (made.matched, made.only_here, made.only_there) == (2, 1, 1)
    assert rows(made.attributes["v"].disputes) == [(f"1{GLUE}8", "b", "x")]
    assert rows(made.unknown) == [(f"2{GLUE}7", f"2{GLUE}7", None)]


@pytest.mark.parametrize(
    ("here", "there", "same"),
    [
        (pa.array([Decimal("1.50")], pa.decimal128(10, 2)), pa.array([Decimal("1.500")], pa.decimal128(12, 3)), True),
        (pa.array([5], pa.int64()), pa.array([Decimal("5.00")], pa.decimal128(10, 2)), True),
        (pa.array([10**18 - 1], pa.int64()), pa.array([Decimal(0)], pa.decimal128(38, 38)), False),
        (pa.array(["2000-02-29"]), pa.array([date(2000, 2, 29)]), True),
        (pa.array(["20000229"]), pa.array([date(2000, 2, 29)]), False),
        (pa.array(["05"]), pa.array([5], pa.int64()), False),
        (pa.array([True]), pa.array([True]), True),
    ],
)
def test_different_types(tmp_path, here, there, same):
    made = found(tmp_path / "a", {"k": ["1"], "v": here}, {"id": ["1"], "w": there})
    assert (counts(made)["agreeing"], counts(made)["differing"]) == (int(same), int(not same))


def test_keys_of_different_types_match_as_text(tmp_path):
    made = found(tmp_path / "a", {"k": ["1", "02"], "v": ["a", "b"]}, {"id": [1, 2], "w": ["a", "b"]})
    assert (made.matched, made.only_here, made.only_there) == (1, 1, 1)


def test_a_column_that_was_never_published(tmp_path):
    source = {"id": ["1"], "w": ["a"]}
    made = found(tmp_path / "a", {"k": ["1"]}, source)
    assert (made.lacking, dict(made.attributes), made.matched) == ({"v": "copy_never_published"}, {}, 1)
    assert found(tmp_path / "b", {"k": ["1"], "v": ["a"]}, {"id": ["1"]}).lacking == {"v": "never_published"}
    assert found(tmp_path / "c", {"v": ["a"]}, source) == "copy_never_published"
    assert found(tmp_path / "d", {"k": ["1"], "v": ["a"]}, {"w": ["a"]}) == "never_published"


def test_a_link_without_attributes_still_asks_for_its_keys(tmp_path):
    made = found(tmp_path / "a", {"k": ["1", "2"]}, {"id": ["1", "3"]}, copied=())
    assert (made.matched, made.only_here, made.only_there, dict(made.attributes)) == (1, 1, 1, {})


def test_empty_tables(tmp_path):
    empty = {"k": pa.array([], pa.string()), "v": pa.array([], pa.string())}
    made = found(tmp_path / "a", empty, {"id": ["1"], "w": ["a"]})
    assert (made.copy_rows, made.matched, made.only_there) == (0, 0, 1)
    made = found(tmp_path / "b", {"k": ["1"], "v": ["a"]}, {"id": empty["k"], "w": empty["v"]})
    assert (made.matched, made.only_here, made.only_there) == (0, 1, 0)


def test_hostile_names_and_values(tmp_path):
    copy = {'k"; DROP': ["1'; DROP TABLE odd --"], 'v"': ["'"]}
    source = {"id'": ["1'; DROP TABLE odd --"], "w'": ['"']}
    made = found(tmp_path / "a", copy, source, key=(('k"; DROP', "id'"),), copied=(('v"', "w'"),), forms={"w'": "text"})
    assert counts(made, 'v"')["differing"] == 1


def test_an_engine_failure_names_no_value(tmp_path):
    order = order_of(tmp_path / "a", {"k": ["1"], "v": ["秘密"]}, {"id": ["1"], "w": ["b"]})
    order.source.write_bytes(b"159901195001010016" * 100)
    with pytest.raises(PlatformError) as caught:
        compare(order)
    assert caught.value.problem.code == "P320"
    assert "15990119" not in str(caught.value) + repr(caught.value)
    assert caught.value.__cause__ is None


def random_tables(dice):
    keys = ["1", "2", "3", "4", "5", "６", "6", "a", "A", "a-", None]
    values = ["x", "X", " x", "ｘ", "張", "张", "", None, "y"]

    def table(rows, names):
        size = dice.randint(0, rows)
        return {
            names[0]: pa.array([dice.choice(keys) for _ in range(size)], pa.string()),
            names[1]: pa.array(
                [dice.choice(["p", "q", None][: dice.choice((1, 2, 3))]) for _ in range(size)], pa.string()
            ),
            names[2]: pa.array([dice.choice(values) for _ in range(size)], pa.string()),
            names[3]: pa.array([dice.choice([1, 2, None]) for _ in range(size)], pa.int64()),
        }

    return table(14, ("k", "l", "v", "n")), table(8, ("id", "no", "w", "m"))


def oracle(copy, source, parts, forms):
    """The same counts with dictionaries, one row after the other."""
    mine = list(zip(*(copy[name].to_pylist() for name in ("k", "l")[:parts]), strict=True))
    theirs = list(zip(*(source[name].to_pylist() for name in ("id", "no")[:parts]), strict=True))

    def key(row):
        if any(part is None for part in row):
            return None
        return tuple(normalise(part, forms[name]) for part, name in zip(row, ("id", "no"), strict=False))

    places = {}
    for place, row in enumerate(theirs):
        if key(row) is not None:
            places.setdefault(key(row), []).append(place)
    single = {one: there[0] for one, there in places.items() if len(there) == 1}
    keyed = [(place, key(row)) for place, row in enumerate(mine) if key(row) is not None]
    pairs = [(place, single[one]) for place, one in keyed if one in single]
    expected = {
        "copy_rows": len(mine),
        "matched": len(pairs),
        "only_here": sum(one not in places for _, one in keyed),
        "only_there": len(single.keys() - {one for _, one in keyed}),
        "source_duplicates": sum(len(there) for there in places.values() if len(there) > 1),
        "unknown": sorted({GLUE.join(mine[place]) for place, one in keyed if one not in places}),
        "duplicates": sorted({GLUE.join(theirs[n]) for there in places.values() if len(there) > 1 for n in there}),
    }
    for field, source_field in (("v", "w"), ("n", "m")):
        states = {"agreeing": 0, "differing": 0, "blank_here": 0, "blank_there": 0}
        disputed = set()
        for place, there in pairs:
            a, b = copy[field][place].as_py() or None, source[source_field][there].as_py() or None
            if a is None or b is None:
                state = None if a is b else "blank_here" if a is None else "blank_there"
            else:
                same = normalise(a, forms["w"]) == normalise(b, forms["w"]) if field == "v" else a == b
                state = "agreeing" if same else "differing"
            if state:
                states[state] += 1
            if state == "differing":
                disputed.add(GLUE.join(theirs[there]))
        expected[field] = states | {"disputed": sorted(disputed)}
    return expected


@pytest.mark.parametrize("seed", range(60))
def test_random_tables_against_dictionaries(tmp_path, seed, monkeypatch):
    dice = random.Random(seed)
    copy, source = random_tables(dice)
    parts = dice.choice((1, 2))
    forms = {
        "id": dice.choice(("exact", "text", "code", "name")),
        "no": "exact",
        "w": dice.choice(("exact", "text", "name")),
    }
    if seed % 3 == 0:
        monkeypatch.setattr(comparing, "HASHES_AT_ONCE", 3)
    key = (("k", "id"), ("l", "no"))[:parts]
    made = found(tmp_path / "a", copy, source, key=key, copied=(("v", "w"), ("n", "m")), forms=forms)
    expected = oracle(copy, source, parts, forms)
    for name in ("copy_rows", "matched", "only_here", "only_there", "source_duplicates"):
        assert getattr(made, name) == expected[name], name
    assert [key for key, *_ in rows(made.unknown)] == expected["unknown"]
    assert [key for key, *_ in rows(made.duplicates)] == expected["duplicates"]
    for field in ("v", "n"):
        disputed = [key for key, *_ in rows(made.attributes[field].disputes)]
        assert counts(made, field) | {"disputed": disputed} == expected[field]


def test_keys_whose_hashes_collide_are_still_told_apart(tmp_path, monkeypatch):
    """With hashes of one bit every key collides; the counts must come from the keys themselves."""
    monkeypatch.setattr(comparing, "ALL_BUT_LAST_BIT", 0)
    made = found(tmp_path / "a", {"k": ["1", "2"], "v": ["a", "b"]}, {"id": ["1", "2", "3"], "w": ["a", "x", "c"]})
    assert (made.matched, made.only_there, made.source_duplicates) == (2, 1, 0)


def big_tables(rows):
    keys = [f"159901{number:012}" for number in range(rows)]
    values = [f"{number:040}" for number in range(rows)]
    return SimpleNamespace(
        copy={"k": keys[: rows // 2], "v": [value + "x" for value in values[: rows // 2]]},
        source={"id": keys, "w": values},
    )


def test_memory_is_bounded_by_the_setting_and_the_rest_goes_to_disk(tmp_path):
    """Source, copy and differences are some 130 MB of rows."""
    tables = big_tables(800_000)
    made = found(tmp_path / "a", tables.copy, tables.source, memory="48MB")
    assert (made.matched, counts(made)["differing"]) == (400_000, 400_000)


def test_a_setting_that_is_too_small_says_so(tmp_path):
    tables = big_tables(100_000)
    with pytest.raises(PlatformError) as caught:
        found(tmp_path / "a", tables.copy, tables.source, memory="1MB")
    assert caught.value.problem.code == "P321"
