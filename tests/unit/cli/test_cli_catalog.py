"""The catalog's verbs: what they print, in which language and format, and how they exit."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from rich.cells import cell_len

from building import ENTRY_ID, department_text, entry_text, make_project
from shuyuan.cli import VERBS, main
from shuyuan.cli.console import crop
from shuyuan.problems import PassingError

BAD = entry_text(update={"cycle": "dayly"}, keyword=["低保"], sharing={"type": "有条件共享"})


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("SHUYUAN_LANG", raising=False)


@pytest.fixture
def call(capsys):
    def run(*arguments):
        with pytest.raises(SystemExit) as stopped:
            main(list(arguments))
        said = capsys.readouterr()
        return stopped.value.code, said.out, said.err

    return run


@pytest.fixture
def bad(tmp_path):
    return make_project(tmp_path, {ENTRY_ID: BAD})


def lint(call, project, *arguments):
    return call("--project", str(project.root), "lint", *arguments)


def test_text(call, bad):
    status, out, err = lint(call, bad)
    file = "include/catalog_specs/civil_affairs/low_income_households.yaml"
    assert status == 1
    shown = out.rpartition("（")[0]
    assert (
        shown
        == f"""{file}:14:9 错误 E113 sharing.type：取值不在允许范围
     14 │   type: "有条件共享"
        │         ^
        = 是不是想写 conditional？

{file}:24:10 错误 E113 update.cycle：取值不在允许范围
     24 │   cycle: "dayly"
        │          ^
        = 是不是想写 daily？

{file}:35:1 错误 E115 keyword：不认识的项
     35 │ keyword: ["低保"]
        │ ^
        = 是不是想写 keywords？

检查 1 个目录项，发现 3 处错误、0 处提醒"""
    )
    assert "shuyuan lint" in err


def test_english(call, bad, monkeypatch):
    monkeypatch.setenv("SHUYUAN_LANG", "en")
    _, out, err = lint(call, bad)
    assert "error E113 update.cycle: the value is not one of those allowed" in out
    assert "Did you mean daily?" in out
    assert "Checked 1 entries: 3 errors, 0 warnings" in out
    assert "Next:" in err


def test_json(call, bad):
    status, out, _ = lint(call, bad, "--format", "json")
    whole = json.loads(out)
    assert status == 1
    assert (whole["entries"], whole["errors"], whole["warnings"]) == (1, 3, 0)
    assert whole["problems"][1] == {
        "file": "include/catalog_specs/civil_affairs/low_income_households.yaml",
        "line": 24,
        "column": 10,
        "severity": "error",
        "code": "E113",
        "message": "update.cycle：取值不在允许范围",
        "next": "换成允许的取值。",
        "allowed": [
            "realtime",
            "daily",
            "weekly",
            "monthly",
            "quarterly",
            "half_yearly",
            "yearly",
            "irregular",
            "other",
        ],
        "nearest": "daily",
    }


def test_github(call, bad):
    _, out, _ = lint(call, bad, "--format", "github")
    file = "include/catalog_specs/civil_affairs/low_income_households.yaml"
    assert out.splitlines()[1] == (
        f"::error file={file},line=24,col=10,title=E113::update.cycle：取值不在允许范围 是不是想写 daily？"
    )
    assert len(out.splitlines()) == 3


def test_github_escapes(call, tmp_path):
    project = make_project(tmp_path, {ENTRY_ID: entry_text(source={"path": "/out/{date:%Q}.csv"})})
    _, out, _ = lint(call, project, "--format", "github")
    assert "%25Y" in out
    assert len(out.splitlines()) == 1


def test_clean(call, tmp_path):
    status, out, err = lint(call, make_project(tmp_path))
    assert status == 0
    assert out.startswith("检查 1 个目录项，没有问题")
    assert "shuyuan run" in err


def test_warnings_do_not_fail(call, tmp_path):
    status, out, _ = lint(call, make_project(tmp_path, {ENTRY_ID: entry_text(related=["100000/000001"])}))
    assert (status, "提醒 E906" in out) == (0, True)


def test_only_some_paths(call, tmp_path):
    project = make_project(
        tmp_path,
        {
            ENTRY_ID: BAD,
            "other.entry": entry_text(
                id="other.entry", title="另一项", code="100000/000001", source={"path": "/x.csv"}
            ),
        },
    )
    assert lint(call, project, "include/catalog_specs/other")[0] == 0
    assert lint(call, project, "other.entry")[0] == 0
    assert lint(call, project, "include/catalog_specs/civil_affairs")[0] == 1
    assert lint(call, project, ENTRY_ID)[0] == 1
    assert lint(call, project, ".")[0] == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("lint", "nowhere"),
        ("lint", "--format", "xml"),
        ("lnt",),
        ("explain", "E000"),
        ("explain", "updat.cycl"),
        ("show",),
        ("--project", "/nowhere", "lint"),
    ],
)
def test_wrong_usage_exits_2(call, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(make_project(tmp_path).root)
    status, out, err = call(*arguments)
    assert (status, out) == (2, "")
    assert err


def test_a_folder_that_is_no_project(call, tmp_path):
    status, _, err = call("--project", str(tmp_path), "lint")
    assert status == 2
    assert "include/catalog_specs" in err


def test_a_verb_nearby_is_offered(call):
    assert "lint" in call("lnt")[2]


def test_an_error_is_a_sentence_not_a_traceback(call, bad):
    status, out, err = call("--project", str(bad.root), "show", ENTRY_ID)
    assert (status, out) == (1, "")
    assert "E113" in err
    assert "shuyuan explain E113" in err
    assert "Traceback" not in err


def test_debug_shows_the_traceback(bad):
    from shuyuan.catalog import CatalogError

    with pytest.raises(CatalogError):
        main(["--debug", "--project", str(bad.root), "show", ENTRY_ID])


def test_what_cannot_be_reached_exits_3(call, monkeypatch, tmp_path):
    def unreachable(project, entry_id):
        raise PassingError("P101")

    monkeypatch.setattr("shuyuan.cli.show.load_resource", unreachable)
    assert call("--project", str(make_project(tmp_path).root), "show", ENTRY_ID)[0] == 3


def test_list(call, tmp_path):
    project = make_project(
        tmp_path, {ENTRY_ID: entry_text(), "b.broken": "x: ["}, departments={"b": department_text(title="乙局")}
    )
    status, out, err = call("--project", str(project.root), "list")
    head, row = out.splitlines()
    assert status == 0
    assert row.split() == [ENTRY_ID, "最低生活保障对象信息", "鄂托克旗民政局", "已确认", "每日", "sftp", "4", "0"]
    assert cell_len(head[: head.index("部门")]) == cell_len(row[: row.index("鄂托克旗")])
    assert "1 个有错误" in err
    assert call("--project", str(project.root), "list", "--department", "鄂托克旗民政局")[1] == out
    assert call("--project", str(project.root), "list", "--department", "b")[1].count("\n") == 1


def test_show(call, tmp_path):
    project = make_project(tmp_path)
    assert call("--project", str(project.root), "show", ENTRY_ID)[1] == entry_text()


def test_show_resolved_names_the_origins(call, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    text = entry_text(fields=[{"name": "id_card_no", "title": "证件", "required": True, "element": "resident_id"}])
    project = make_project(
        tmp_path,
        {ENTRY_ID: text},
        defaults="update:\n  grace: 3h\n",
        elements="resident_id: {title: x, length: 18}\n",
        departments={"civil_affairs": department_text(defaults={"level": "L3"})},
    )
    status, out, _ = call("--project", str(project.root), "show", ENTRY_ID, "--resolved")
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines()}
    assert status == 0
    assert rows["update.grace"] == ["3h", "_defaults.yaml:2:10"]
    assert rows["level"][0] == "L3"
    assert rows["level"][1].startswith("civil_affairs/_department.yaml:")
    assert rows["fields[1].length"] == ["18", "数据元", "resident_id"]
    assert rows["update.wait"] == ["12h", "默认值"]
    assert rows["title"][1] == "本目录项:5:8"


def test_show_resolved_names_what_normalise_adds(call, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    field = {"name": "id_card_no", "title": "证件", "required": True, "element": "resident_id", "normalise": True}
    elements = "resident_id: {title: x, length: 18, normal_form: resident_id}\n"
    project = make_project(tmp_path, {ENTRY_ID: entry_text(fields=[field])}, elements=elements)
    status, out, _ = call("--project", str(project.root), "show", ENTRY_ID, "--resolved")
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines()}
    assert status == 0
    assert rows["fields[2].name"] == ["id_card_no_raw", "normalise：部门交来的原样"]
    assert rows["fields[2].title"][0] == "证件（原样）"
    assert rows["fields[1].normalise"][0] == "true"


def test_explain_a_code(call):
    status, out, _ = call("explain", "e202")
    assert status == 0
    assert "E202" in out
    assert "该谁处理：数据工程师" in out
    assert "怎么办：" in out
    assert "部门" in call("explain", "D401")[1]
    assert "大数据中心" in call("explain", "P101")[1]


def test_explain_a_key(call):
    out = call("explain", "source.sftp")[1]
    assert "前置机文件" in out
    assert "ready_when" in out
    assert "connection*" in out
    assert "daily 每日" in call("explain", "update.cycle")[1]
    assert "必填" in call("explain", "fields.title")[1]


def test_schema_writes_and_checks(call, tmp_path):
    project = make_project(tmp_path)
    (project.root / "docs").mkdir()
    at = ("--project", str(project.root), "schema")
    assert call(*at, "--check")[0] == 1
    assert not (project.root / "include" / "catalog-entry.schema.json").exists()
    assert call(*at)[0] == 0
    assert call(*at, "--check")[0] == 0
    assert json.loads((project.root / "include" / "catalog-entry.schema.json").read_text("utf-8"))["title"] == "目录项"
    (project.root / "docs" / "problems.md").write_text("x", encoding="utf-8")
    status, out, _ = call(*at, "--check")
    assert (status, "docs/problems.md" in out) == (1, True)


def test_help_names_every_verb(call, monkeypatch):
    for language, group in (("zh", "编目"), ("en", "Author")):
        monkeypatch.setenv("SHUYUAN_LANG", language)
        status, out, _ = call("--help")
        assert status == 0
        assert group in out
        for verb in VERBS:
            assert f"\n  {verb} " in out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(call, verb):
    status, out, _ = call(verb, "--help")
    assert status == 0
    assert "Usage: shuyuan" in out


def test_help_and_lint_import_nothing_heavy():
    code = (
        "import sys\nfrom shuyuan.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "heavy = {'airflow', 'great_expectations', 'pandas', 'duckdb', 'pyarrow', 'numpy', 'sqlalchemy', 'paramiko'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))\n"
    )
    for arguments in (["--help"], ["lint"]):
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "HEAVY []"


def test_no_colour_in_a_pipe(bad):
    command = [sys.executable, "-m", "shuyuan.cli", "--project", str(bad.root), "lint"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("width", [20, 40, 68, 108])
@pytest.mark.parametrize("column", [1, 10, 60, 90])
def test_a_long_line_is_cropped_around_its_caret(width, column):
    line = "标题abc" * 20
    shown, caret = crop(line, column, width)
    assert cell_len(shown) <= width
    assert caret < width
    at = 0
    for character in shown:
        if at == caret:
            assert character == line[column - 1]
            break
        at += cell_len(character)
    else:
        pytest.fail("the caret points between characters")
