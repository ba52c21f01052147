"""``shuyuan request``: handed in, answered, looked at and fetched on the command line."""

import json
import re
from datetime import UTC, datetime

import pytest

from asked_checks import CHECK, SIGNED, WHO, a_row, make_asked, write_form
from checked_county import REGISTER, VEHICLES, number, publish_all
from shuyuan.cli import main
from shuyuan.workdays import local_day

TODAY = str(local_day(datetime.now(UTC)))
ASKED = ("--department", WHO[0], "--by", WHO[1], "--purpose", WHO[2])


@pytest.fixture
def county(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.delenv("SHUYUAN_LANG", raising=False)
    made = make_asked(tmp_path / "center", monkeypatch)
    made.now = datetime.now(UTC).replace(microsecond=0)
    publish_all(
        made,
        {
            REGISTER: [(number(place), "张三", f"H{place}", "02") for place in (1, 2)],
            VEHICLES: [("蒙Z00001", number(2), "正常", 5)],
        },
    )
    return made


@pytest.fixture
def form(tmp_path):
    return write_form(tmp_path / "form.xlsx", [a_row(n, f"A-{n}", **{SIGNED: TODAY}) for n in (1, 2)])


@pytest.fixture
def call(county, capsys):
    def run(*arguments):
        with pytest.raises(SystemExit) as stopped:
            main(["--project", str(county.project.root), "request", *map(str, arguments)])
        said = capsys.readouterr()
        return stopped.value.code, said.out, said.err

    return run


def registered(call, form, *options):
    code, out, _ = call(CHECK, "--file", form, *ASKED, *options)
    assert code == 0
    return re.match(r"已登记：([a-z2-7]{26})（2 件，2 人），内容已加密存放\n", out)[1], out


def test_a_request_is_handed_in_answered_looked_at_and_fetched(call, form, county, tmp_path):
    request_id, _ = registered(call, form)
    assert call("run", request_id)[:2] == (0, "已办结 2 件：通过 1，不通过 1，需人工 0\n")
    code, out, _ = call("list", "--department", WHO[0])
    assert (code, len(out.splitlines())) == (0, 2)
    assert request_id in out
    assert "已办结" in out
    assert call("list", "--department", "taxation")[1] == "还没有核查申请\n"
    code, out, _ = call("show", request_id, "--department", WHO[0])
    assert code == 0
    assert re.search("状态 +已办结", out)
    code, out, _ = call("report", request_id, "--department", WHO[0], "--by", "李办", "--out", tmp_path / "out")
    assert code == 0
    pages = list((tmp_path / "out").glob("*.html"))
    assert len(pages) == 2
    assert not any(number(place) in page.read_text(encoding="utf-8") for page in pages for place in (1, 2))
    read = county.query("SELECT actor FROM ledger.audit WHERE decision = 'read'")
    assert read == [{"actor": "李办"}]


def test_it_may_be_answered_at_once(call, form):
    _, out = registered(call, form, "--run")
    assert out.endswith("已办结 2 件：通过 1，不通过 1，需人工 0\n")


def test_every_fault_is_told_with_its_place_and_nothing_is_kept(call, county, tmp_path):
    rows = [a_row(1, **{"姓名": None, SIGNED: TODAY}), a_row(2, **{SIGNED: None, "身份号码": "159901199001010000"})]
    code, out, err = call(CHECK, "--file", write_form(tmp_path / "form.xlsx", rows), *ASKED)
    assert (code, out) == (1, "")
    for line in (
        "form.xlsx[人员]:2 错误 D705 “姓名”没有填",
        "form.xlsx[人员]:3 错误 D704 “身份号码”不合规则：不是有效的公民身份号码（18 位、出生日期、校验码）",
        "form.xlsx[人员]:3 错误 D709 没有授权：“授权签字日期”没有填，不能核查这个人",
    ):
        assert line in err
    assert "159901199001010000" not in err
    assert call("list", "--department", WHO[0])[1] == "还没有核查申请\n"


def test_one_case_needs_no_column_for_its_number(call, tmp_path):
    row = {
        title: cell for title, cell in a_row(1, **{SIGNED: TODAY}).items() if title not in ("案件编号", "授权书编号")
    }
    form = write_form(tmp_path / "form.xlsx", [row])
    code, out, _ = call(CHECK, "--file", form, *ASKED, "--case", "A-1", "--authorization", "SQ2026-001", "--run")
    assert code == 0
    assert "已办结 1 件：通过 1" in out


def test_what_one_may_not_know_sounds_like_what_is_not_there(call, form):
    request_id, _ = registered(call, form)
    told = {
        call("no_such_check", "--file", form, *ASKED)[2],
        call(CHECK, "--file", form, "--department", "taxation", *ASKED[2:])[2],
        call("show", request_id, "--department", "taxation")[2],
        call("show", "a" * 26, "--department", WHO[0])[2],
        call("run", "a" * 26)[2],
        call("run", "a" * 26, "--trigger")[2],
        call("template", "no_such_check", "--out", form.with_name("x.xlsx"))[2],
    }
    assert len(told) == 1
    assert told.pop().startswith("错误 P430")


def test_before_there_is_an_answer_there_is_no_report(call, form, tmp_path):
    request_id, _ = registered(call, form)
    code, _, err = call("report", request_id, "--department", WHO[0], "--by", "李办", "--out", tmp_path / "out")
    assert code == 1
    assert "P436 这件申请还没有结果（已登记）" in err
    assert not (tmp_path / "out").exists()


def test_without_airflow_a_request_is_registered_and_waits(call, form):
    code, out, err = call(CHECK, "--file", form, *ASKED, "--trigger")
    assert code == 1
    request_id = re.search("[a-z2-7]{26}", out)[0]
    assert f"shuyuan request run {request_id}" in err


def test_run_and_trigger_exclude_each_other(call, form):
    assert call(CHECK, "--file", form, *ASKED, "--run", "--trigger")[0] == 2
    assert call("list", "--department", WHO[0])[1] == "还没有核查申请\n"


def test_the_empty_form_is_written(call, tmp_path):
    code, out, _ = call("template", CHECK, "--out", tmp_path / "form.xlsx")
    assert (code, (tmp_path / "form.xlsx").read_bytes()[:2]) == (0, b"PK")
    assert out.startswith("家庭核查的空表已写入")


def test_json_is_taken_too(call, tmp_path):
    subject = {"name": "张三", "id_no": number(1), "signed_on": TODAY}
    cases = [{"number": "A-1", "authorization": "SQ2026-001", "subjects": [subject]}]
    (tmp_path / "form.json").write_text(json.dumps({"cases": cases}), encoding="utf-8")
    assert "已办结 1 件：通过 1" in call(CHECK, "--file", tmp_path / "form.json", *ASKED, "--run")[1]


def test_help_names_every_verb(call):
    out = call("--help")[1]
    for verb in ("ask", "run", "list", "show", "report", "template"):
        assert re.search(rf"\b{verb}\b", out)
