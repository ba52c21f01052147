"""Normal forms: what counts as the same spelling, and what does not."""

import duckdb
import pytest

from shuyuan.normal_forms import FORMS, modern_resident_id, normalise
from shuyuan.one_source.spellings import settled

CHARACTERS = [chr(code) for code in range(0x20, 0x3000, 7)] + list("·•‧∙⋅・．･․.-－—−Ａａ１２　 \t張张買买xX9０乙𠮷𬭎")


@pytest.mark.parametrize(
    ("form", "text", "same"),
    [
        ("exact", "Ａ", "Ａ"),
        ("text", " Ａ　１２ （甲）\t", "A12(甲)"),
        ("name", "買買提•艾力", "买买提·艾力"),
        ("name", "阿依·古丽", "阿依·古丽"),
        ("name", "阿依.古丽", "阿依·古丽"),
        ("name", "阿依・古丽", "阿依·古丽"),
        ("name", "𠮷田", "𠮷田"),
        ("code", "d2143569-x", "D2143569X"),
        ("code", "９１－150624ma0n00067e", "91150624MA0N00067E"),
        ("resident_id", "15990119500101001６", "159901195001010016"),
        ("resident_id", "159901500101001", "159901195001010016"),
        ("resident_id", "15990119890615004x", "15990119890615004X"),
        ("resident_id", "1599015001010", "1599015001010"),
        ("resident_id", "", ""),
    ],
)
def test_forms(form, text, same):
    assert normalise(text, form) == same


@pytest.mark.parametrize("form", ["exact", "text", "code", "resident_id"])
def test_names_that_only_look_alike_stay_apart(form):
    assert normalise("买买提", form) != normalise("買買提", form)


@pytest.mark.parametrize("form", FORMS)
def test_a_normal_form_is_its_own_normal_form(form):
    for one in CHARACTERS:
        for text in (one, f"甲{one}1a", f"159901{one}500101001", f"1599015001010{one}1"):
            once = normalise(text, form)
            assert normalise(once, form) == once, ascii(text)


@pytest.mark.parametrize("form", [form for form in FORMS if form != "exact"])
def test_what_sql_takes_for_settled_is_in_its_normal_form(form):
    texts = [
        f"{left}{one}{right}" for one in CHARACTERS for left in ("", "A", "15990119500101001") for right in ("", "9")
    ]
    texts += [" 5990119500101001", "159901500101001", "159901195001010016", "15990119890615004X", "15990119890615004x"]
    connection = duckdb.connect()
    connection.execute("CREATE TABLE texts AS SELECT unnest(?) AS text", [texts])
    found = connection.execute(f"SELECT text FROM texts WHERE {settled(['text'], [form])}").fetchall()
    assert found, "most texts are settled, or the look is for nothing"
    for (text,) in found:
        assert normalise(text, form) == text, ascii(text)


def test_an_old_number_becomes_the_new_one():
    assert modern_resident_id("159901500101001") == "159901195001010016"
