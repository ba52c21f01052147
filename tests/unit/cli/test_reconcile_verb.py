"""``shuyuan reconcile`` in the terminal: one line a copy in any width, and what could not be compared says why."""

from types import SimpleNamespace

import pytest
from rich.cells import cell_len

from shuyuan.cli.columns import fit_columns
from shuyuan.cli.reconcile import reconciled_lines

HERE, THERE = "civil_affairs.marriages", "public_security.household_register"
REASONS = ("never_published", "copy_never_published", "stale", "blocked", "source_unusable")


def line(**changes):
    values = {
        "entry_id": HERE,
        "field": "husband_name",
        "kind": "attribute",
        "source_id": THERE,
        "state": "compared",
        "reason": None,
        "matched": 3891,
        "differing": 28,
        "only_here": None,
        "score": 99.28,
    }
    return SimpleNamespace(**values | changes)


def uncompared(reason):
    return line(field=f"wife_{reason}", state="not_compared", reason=reason, matched=None, differing=None, score=None)


def made(*lines, **changes):
    counts = {"compared": 1, "unchanged": 2, "opened": 3, "closed": 4} | changes
    return SimpleNamespace(comparisons=lines, **counts)


def resource(title):
    fields = [SimpleNamespace(name="husband_name", title="男方姓名"), SimpleNamespace(name="husband_id", title="证号")]
    return SimpleNamespace(entry=SimpleNamespace(title=title, fields=fields))


KNOWN = {HERE: resource("婚姻登记信息"), THERE: resource("户籍人口登记信息\x1b[2J")}


@pytest.mark.parametrize("width", [60, 80, 120, 160])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_one_line_a_copy_in_any_width(monkeypatch, width, language):
    monkeypatch.setenv("SHUYUAN_LANG", language)
    lines = reconciled_lines(made(line(), *map(uncompared, REASONS)), KNOWN, width)
    table = lines[:-1]
    assert len(table) == 1 + 1 + len(REASONS)
    assert max(map(cell_len, table)) <= width
    assert "3,891" in table[1]
    assert table[1].endswith("99.28%")
    assert "\x1b" not in "".join(lines)


def test_a_wide_terminal_tells_all():
    header, told, summary = reconciled_lines(made(line()), KNOWN, 160)
    assert header.split() == ["目录项", "信息项", "唯一数据源", "状态", "比对行", "差异", "一致率"]
    assert told.split() == ["婚姻登记信息", "男方姓名", "户籍人口登记信息?[2J", "已比对", "3,891", "28", "99.28%"]
    assert summary == "1 个引用：本次比对 1，无变化 2，无法比对 0；疑义新发起 3，自行关闭 4"


def test_a_narrow_terminal_does_without_the_source():
    assert "户籍" not in "".join(reconciled_lines(made(line()), KNOWN, 80))


def test_of_a_key_the_unknown_ones_count_and_it_comes_before_its_attributes():
    key = line(field="husband_id", kind="reference", differing=None, only_here=41, score=98.96)
    table = reconciled_lines(made(line(), key), KNOWN, 160)
    assert table[1].split()[1] == "证号"
    assert table[1].split()[-2:] == ["41", "98.96%"]


@pytest.mark.parametrize("reason", REASONS)
def test_what_was_not_compared_says_why_and_shows_no_number(reason):
    _, told, summary = reconciled_lines(made(uncompared(reason)), KNOWN, 160)
    assert "无法比对：" in told
    assert told.split()[-3:] == ["–", "–", "–"]
    assert "无法比对 1" in summary


def test_an_entry_that_is_gone_is_called_by_its_id():
    told = reconciled_lines(made(line()), {}, 160)[1]
    assert told.split()[:3] == [HERE, "husband_name", THERE]


def test_a_catalog_without_copies_says_so():
    assert reconciled_lines(made(), KNOWN, 80) == ["目录里没有引用其他目录项的信息项，无需比对"]


def test_only_columns_that_may_be_cut_are_cut_in_turn():
    rows = [{"a": "甲乙丙丁戊己庚", "b": "abcdefghij", "n": "1,000"}, {"a": "甲", "b": "x", "n": "7"}]
    assert fit_columns(rows, 40, (), ("n",)) == [
        "甲乙丙丁戊己庚  abcdefghij  1,000",
        "甲              x               7",
    ]
    assert fit_columns(rows, 28, (("a", 10), ("b", 4)), ("n",))[0] == "甲乙丙丁…   abcdefgh…  1,000"
