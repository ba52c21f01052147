from __future__ import annotations

import posixpath
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuyuan.sources.names import RemotePattern

DAY = date(2026, 2, 9)


def pattern(text: str, **more) -> RemotePattern:
    return RemotePattern.of(text, DAY, **more)


def test_the_data_date_is_filled_in_anywhere():
    found = pattern("/out/{date:%Y}/persons_{date:%Y%m%d}_*.csv")
    assert (found.folder, found.name, found.single) == ("/out/2026", "persons_20260209_*.csv", False)
    assert pattern("/persons.csv").single
    assert pattern("/out/低保.csv").raw_path() == "/out/低保.csv".encode()
    assert pattern("/out/低保.csv", encoding="gb18030").raw_path() == "/out/低保.csv".encode("gb18030")


@pytest.mark.parametrize("name", ["p_.csv", "p_1.csv", "p_低保 (2).csv", "p_2026-02-09.csv", "p_（终稿）、𬭎.csv"])
def test_ordinary_names_are_ours(name):
    assert pattern("/out/p_*.csv").allows(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "p_1.CSV",
        "P_1.csv",
        "p_1.csv ",
        "p_1.csv\n",
        "xp_1.csv",
        "p_1.csv.part",
        "p_/1.csv",
        "p_\\1.csv",
        "p_\x001.csv",
        "p_\u202e1.csv",
        "p_\u200b1.csv",
        "p_\ud8001.csv",
        "p_" + "低" * 90 + ".csv",
        "p_$(id).csv",
        "p_<b>.csv",
        "p_`id`.csv",
    ],
)
def test_other_names_are_not(name):
    assert not pattern("/out/p_*.csv").allows(name)


def test_dots_and_brackets_of_a_pattern_mean_themselves():
    assert not pattern("/out/a.csv").allows("abcsv")
    assert not pattern("/out/[ab].csv").allows("a.csv")
    assert pattern("/out/[ab].csv").allows("[ab].csv")


def test_a_star_alone_is_no_way_out():
    everything = pattern("/out/*")
    assert everything.choose([b"..", b".", b"", b"a", b"b/c", b"\xff", "低".encode("gbk")]) == ["a"]


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_what_is_chosen_stays_in_its_folder(raw_names):
    for name in pattern("/out/*").choose(raw_names):
        path = posixpath.normpath(pattern("/out/*").path(name))
        assert posixpath.dirname(path) == "/out"
        assert name.isprintable()
