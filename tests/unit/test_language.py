"""The message table: both languages everywhere, the same facts, nothing that no one says."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from shuyuan import language
from shuyuan.language import say, sentences

CODE = re.compile(r"[EDP][0-9]{3}")
PACKAGE = Path(language.__file__).parent
KEYS = sorted(sentences())


def facts(*texts):
    return {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", KEYS)
def test_both_languages(key):
    texts = sentences()[key]
    assert texts["zh"]
    assert texts["en"]
    assert ("zh_next" in texts) == ("en_next" in texts)
    assert set(texts) <= {"zh", "en", "zh_next", "en_next"}


@pytest.mark.parametrize("key", KEYS)
def test_english_needs_no_other_facts(key):
    texts = sentences()[key]
    chinese = facts(texts["zh"], texts.get("zh_next", ""))
    assert facts(texts["en"]) | facts(texts.get("en_next", "")) <= chinese


@pytest.mark.parametrize("key", [key for key in KEYS if CODE.fullmatch(key)])
def test_every_problem_says_what_to_do(key):
    assert sentences()[key]["zh_next"]


@pytest.mark.parametrize("key", KEYS)
def test_english_is_english(key):
    texts = sentences()[key]
    assert not re.search(r"[\u4e00-\u9fff]", texts["en"] + texts.get("en_next", ""))


def test_every_code_in_the_source_has_a_sentence():
    named = set()
    for path in PACKAGE.rglob("*.py"):
        named |= set(re.findall(r'"([EDP][0-9]{3})"', path.read_text(encoding="utf-8")))
    assert named - set(KEYS) == set()


def test_every_entry_problem_is_raised_somewhere():
    source = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    silent = [key for key in KEYS if re.fullmatch(r"E[0-9]{3}", key) and f'"{key}"' not in source]
    assert silent == []


def test_language_follows_the_environment(monkeypatch):
    monkeypatch.delenv("SHUYUAN_LANG", raising=False)
    assert say("severity.error") == "错误"
    monkeypatch.setenv("SHUYUAN_LANG", "en_US.UTF-8")
    assert say("severity.error") == "error"


def test_a_missing_fact_is_shown_by_its_name():
    assert "{entry}" in say("E100")
    assert say("E100", entry="a.b").endswith("a.b")


def test_an_unknown_key_is_a_programming_mistake():
    with pytest.raises(KeyError):
        say("no.such.key")


def test_a_missing_part_is_empty():
    assert say("severity.error", "next") == ""


def test_a_key_defined_twice_is_refused(tmp_path, monkeypatch):
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text('[E100]\nzh = "x"\n', encoding="utf-8")
    monkeypatch.setattr(language, "_TABLES", tmp_path)
    with pytest.raises(ValueError, match="E100"):
        sentences.__wrapped__()
