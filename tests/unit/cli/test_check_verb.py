"""``shuyuan check``: what it says, in which words, and how it ends."""

import json
import os
from types import SimpleNamespace

import pytest
from rich.cells import cell_len

from copies import HOUSEHOLDS, OTHER, PEOPLE, PERSON, UNKNOWN, household_file, make_copies, publish_people
from shuyuan.cli import main
from shuyuan.cli.folding import fold
from shuyuan.cli.stage_lines import stage_lines
from shuyuan.language import sentences
from shuyuan.pipeline import Step
from shuyuan.problems import PassingError
from shuyuan.stages import RuleResult, Verdict

GOOD = f"1,{PERSON},张三,20260101"
BAD = f"x,{OTHER},欧阳探针,20260102"


@pytest.fixture
def room(tmp_path, monkeypatch):
    for name in ("SHUYUAN_VAR", "SHUYUAN_WAREHOUSE", "SHUYUAN_PROJECT", "SHUYUAN_LANG", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    make_copies(tmp_path / "project")
    return tmp_path


@pytest.fixture
def shuyuan(room, capsys):
    """Run the verb; return the exit code, what it answered and what it said besides."""

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(["--project", str(room / "project"), "check", "--date", "2026-11-20", *map(str, arguments)])
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return run


def test_a_good_file_ends_with_zero(room, shuyuan):
    code, out, err = shuyuan(household_file(room, GOOD), "--as", HOUSEHOLDS)
    assert code == 0
    assert out.splitlines()[-1] == "结论  可以交付：1 行都会入库"
    assert "下一步：按约定的文件名" in err


def test_bad_rows_are_told_by_rule_line_and_remedy(room, shuyuan):
    code, out, err = shuyuan(household_file(room, GOOD, BAD), "--as", HOUSEHOLDS)
    assert code == 1
    lines = [line.strip() for line in out.splitlines()]
    at = lines.index("✕ D401 “户编号”有 1 行不符合规定的类型")
    assert lines[at + 1 : at + 3] == ["隔离  第 3 行", "请按目录规定的类型和写法改正"]
    assert lines[-1] == "结论  1 行会被隔离，其余 1 行会入库；请改正后再交付"
    assert "--annotated" in err


def test_a_blocked_delivery_says_why(room, shuyuan):
    code, out, _ = shuyuan(household_file(room, BAD), "--as", HOUSEHOLDS)
    assert code == 1
    assert "结论  整批会被阻断，一行也不入库：D603 没有可发布的行，已阻断发布。" in out


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "D201"), ("姓名,证件\n欧阳探针,1\n".encode("gb18030"), "D2"), (b"BH,SFZH,XM\n1,1,1\n", "D220")],
    ids=["empty", "wrong encoding", "wrong columns"],
)
def test_a_file_that_cannot_be_read_is_blocked_with_its_reason(room, shuyuan, content, said):
    path = room / "households.csv"
    path.write_bytes(content)
    code, out, err = shuyuan(path, "--as", HOUSEHOLDS, "--annotated", room / "out.xlsx")
    assert code == 1
    assert "整批会被阻断" in out
    assert said in out
    assert "没有批注副本" in err
    assert not (room / "out.xlsx").exists()
    assert "欧阳探针" not in out + err


def test_without_a_warehouse_sources_are_said_not_to_be_compared_and_none_is_made(room, shuyuan):
    _, out, _ = shuyuan(household_file(room, GOOD), "--as", HOUSEHOLDS)
    assert "无法比对  旗公安局“人口基本信息”：本机没有共享库。没有核对：证件号码、户主姓名" in out
    assert not (room / "project" / "var").exists()


def test_with_a_warehouse_the_file_is_held_against_the_sources(room, shuyuan):
    project = make_copies(room / "project")
    publish_people(project, [(PERSON, "张三"), (OTHER, "赵六")])
    files = sorted(path for path in project.var.rglob("*") if path.is_file())
    path = household_file(room, GOOD, f"2,{OTHER},李四,", f"3,{UNKNOWN},王五,")
    code, out, _ = shuyuan(path, "--as", HOUSEHOLDS)
    assert code == 1
    assert "✕ D501 “证件号码”有 1 行在数据源里查不到（数据源：旗公安局“人口基本信息”）" in out
    assert "▲ D502 “户主姓名”有 1 行与数据源不一致（数据源：旗公安局“人口基本信息”）" in out
    assert "已比对  旗公安局“人口基本信息”：证件号码、户主姓名" in out
    assert "无法比对" not in out
    assert sorted(path for path in project.var.rglob("*") if path.is_file()) == files


def test_remarks_alone_do_not_stop_a_delivery(room, shuyuan):
    publish_people(make_copies(room / "project"), [(PERSON, "赵六")])
    code, out, _ = shuyuan(household_file(room, GOOD), "--as", HOUSEHOLDS)
    assert code == 0
    assert "可以交付：1 行都会入库；另有 1 项提示" in out


def test_comparing_can_be_left_out(room, shuyuan):
    publish_people(make_copies(room / "project"), [(OTHER, "赵六")])
    code, out, _ = shuyuan(household_file(room, GOOD), "--as", HOUSEHOLDS, "--no-compare")
    assert code == 0
    assert "按要求没有比对（--no-compare）" in out


def test_a_busy_warehouse_keeps_nobody_from_checking(room, shuyuan, monkeypatch):
    def busy(*_):
        raise PassingError("P302", seconds=1, file="f")

    publish_people(make_copies(room / "project"), [(PERSON, "张三")])
    monkeypatch.setattr("shuyuan.pipeline.file_check.look_around", busy)
    code, out, _ = shuyuan(household_file(room, GOOD), "--as", HOUSEHOLDS)
    assert code == 0
    assert "共享库正忙或打不开" in out


def test_json_says_the_same_for_programs(room, shuyuan):
    publish_people(make_copies(room / "project"), [(PERSON, "李四")])
    path = household_file(room, GOOD, BAD)
    code, out, _ = shuyuan(path, "--as", HOUSEHOLDS, "--format", "json", "--annotated", room / "out.xlsx")
    found = json.loads(out)
    assert code == 1
    assert (found["outcome"], found["delivered"], found["accepted"], found["rejected"]) == ("rejected", 2, 1, 1)
    assert found["files"][0]["name"] == "households.csv"
    rules = {rule["rule"]: rule for rule in found["rules"]}
    assert rules["number.type"]["places"] == [{"file": "households.csv", "line": 3}]
    assert rules["key.unique"]["success"] is True
    assert (rules["person_name.agrees_with_source"]["source"], found["sources"][0]["compared"]) == (PEOPLE, True)
    assert found["annotated"] == str(room / "out.xlsx")
    assert (room / "out.xlsx").exists()


def test_in_json_what_was_not_compared_has_no_success(room, shuyuan):
    _, out, _ = shuyuan(household_file(room, GOOD), "--as", HOUSEHOLDS, "--format", "json")
    rules = {rule["rule"]: rule for rule in json.loads(out)["rules"]}
    assert rules["person_name.agrees_with_source"]["success"] is None
    assert rules["person_name.agrees_with_source"]["not_compared"] == "no_warehouse"


def test_json_tells_a_file_that_cannot_be_read(room, shuyuan):
    path = room / "households.csv"
    path.write_bytes(b"")
    code, out, _ = shuyuan(path, "--as", HOUSEHOLDS, "--format", "json")
    found = json.loads(out)
    assert (code, found["outcome"], found["problem"]["code"], found["delivered"]) == (1, "blocked", "D201", None)


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_value_of_the_file_or_the_source_is_said(room, shuyuan, form):
    publish_people(make_copies(room / "project"), [(PERSON, "探针源"), (OTHER, "赵六")])
    path = household_file(room, GOOD, BAD, "欧阳探针,too,many,fields,here", f"9,{UNKNOWN},钱探针,x")
    _, out, err = shuyuan(path, "--as", HOUSEHOLDS, "--format", form)
    for value in (PERSON, OTHER, UNKNOWN, "张三", "探针", "赵六", "too,many"):
        assert value not in out + err


def test_nothing_is_left_behind(room, shuyuan, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(room / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (room / "tmp").mkdir()
    shuyuan(household_file(room, GOOD, BAD), "--as", HOUSEHOLDS)
    assert list((room / "tmp").iterdir()) == []


def test_the_agreed_file_name_is_told(room, shuyuan):
    _, out, _ = shuyuan(household_file(room, GOOD), "--as", HOUSEHOLDS)
    assert "约定的文件名是 dibao_20261120.csv" in out
    _, out, _ = shuyuan(household_file(room, GOOD, name="dibao_20261120.csv"), "--as", HOUSEHOLDS)
    assert "约定的文件名" not in out


def usage(room):
    file = household_file(room, GOOD)
    database = room / "project" / "include" / "catalog_specs" / "civil_affairs" / "from_table.yaml"
    text = (database.parent / "households.yaml").read_text(encoding="utf-8")
    text = text.replace(f'id: "{HOUSEHOLDS}"', 'id: "civil_affairs.from_table"').replace("低保户信息", "低保户信息表")
    head, _, rest = text.partition("source:\n")
    rest = rest[rest.index("update:") :]
    table = 'source: {type: database, connection: civil_affairs_db, table: "households"}\n'
    database.write_text(head.replace("000012", "000013") + table + rest, encoding="utf-8")
    return {
        "wrong entry": ([file, "--as", "civil_affairs.housholds"], "是不是想写 civil_affairs.households"),
        "hostile entry": ([file, "--as", "../../etc/passwd"], "没有目录项"),
        "a table": ([file, "--as", "civil_affairs.from_table"], "没有约定文件格式"),
        "no file": ([room / "none.csv", "--as", HOUSEHOLDS], "没有文件"),
        "a folder": ([room, "--as", HOUSEHOLDS], "没有文件"),
        "twice": ([file, file, "--as", HOUSEHOLDS], "写了两次"),
        "bad date": ([file, "--as", HOUSEHOLDS, "--date", "2026-13-01"], "YYYY-MM-DD"),
        "bad target": ([file, "--as", HOUSEHOLDS, "--annotated", room / "out.csv"], ".xlsx"),
        "no folder": ([file, "--as", HOUSEHOLDS, "--annotated", room / "no" / "out.xlsx"], "文件夹不存在"),
    }


@pytest.mark.parametrize(
    "case",
    ["wrong entry", "hostile entry", "a table", "no file", "a folder", "twice", "bad date", "bad target", "no folder"],
)
def test_wrong_usage_ends_with_two_and_says_what_is_right(room, shuyuan, case):
    arguments, said = usage(room)[case]
    code, out, err = shuyuan(*arguments)
    assert (code, out) == (2, "")
    assert said in "".join(err.replace("│", "").split()) or said in " ".join(err.replace("│", "").split())


def test_the_annotated_copy_never_replaces_what_is_checked(room, shuyuan):
    path = household_file(room, GOOD, name="households.xlsx")
    other = room / "same.xlsx"
    os.link(path, other)
    for target in (path, other):
        assert shuyuan(path, "--as", HOUSEHOLDS, "--annotated", target)[0] == 2
    assert path.read_text(encoding="utf-8").startswith("BH")


def test_everything_is_said_in_english_too(room, shuyuan, monkeypatch):
    monkeypatch.setenv("SHUYUAN_LANG", "en")
    _, out, err = shuyuan(household_file(room, GOOD, BAD), "--as", HOUSEHOLDS)
    assert "1 rows would be rejected" in out
    assert "next: run again with --annotated" in err


def test_every_reason_has_a_sentence():
    for reason in ("never_published", "stale", "blocked", "source_unusable", "no_warehouse", "busy", "not_asked"):
        assert {"zh", "en"} <= set(sentences()[f"not_compared.{reason}"])


@pytest.mark.parametrize("width", [40, 80, 160])
def test_long_lines_are_folded_and_lose_nothing(width):
    line = "      请与证件或数据源部门核实：本部门的错了请改正，数据源的错了请向数据源部门提出 a.csv 第 1、2 行"
    folded = fold(line, width)
    assert all(cell_len(part) <= width + 2 for part in folded)
    assert "".join("".join(folded).split()) == "".join(line.split())
    assert all(part.startswith("        ") for part in folded[1:])


def test_a_word_that_is_longer_than_the_line_stays_whole():
    assert fold("  " + "x" * 50, 20) == ["  " + "x" * 50]


def test_a_run_does_not_count_what_was_not_compared_as_passed():
    results = [
        RuleResult(
            rule=rule,
            code=code,
            indicator="0401",
            dimension="consistency",
            effect="count",
            evaluated=0,
            unexpected=0,
            success=True,
            observed=observed,
        )
        for rule, code, observed in (("a.agrees_with_source", "D502", "stale"), ("b.required", "D402", None))
    ]
    verdict = Verdict(
        entry_id=HOUSEHOLDS,
        delivered=1,
        accepted=1,
        rejected=0,
        rejected_path=None,
        results=tuple(results),
        scores={},
        score=None,
    )
    resource = SimpleNamespace(entry=SimpleNamespace(fields=()))
    lines = list(stage_lines(resource, Step("check", verdict, 0.0)))
    assert "2 条规则：1 通过  0 有问题" in lines[0]
    assert lines[1].strip() == "1 条与数据源比对的规则无法比对：数据源已过期，新的还没有送到"
