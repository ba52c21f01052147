"""``shuyuan demand``: a demand is filed, answered and listed; files keep what people wrote in them."""

from __future__ import annotations

import json
import string
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from building import entry_text, make_project
from shuyuan.catalog import CatalogError, read_catalog, read_demands
from shuyuan.catalog.demand_writing import append_step, demand_path, scalar, step_text
from shuyuan.catalog.demands import understand_text
from shuyuan.cli import main
from shuyuan.workdays import Calendar, local_day

FIRMS = "market_regulation.firms"
NAME = "civil_affairs.firms"
TODAY = local_day(datetime.now(UTC))
FILED = ("--title", "低保核查", "--entry", FIRMS, "--field", "person_name", "--purpose", "核对", "--basis", "《办法》")


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("SHUYUAN_LANG", raising=False)
    entries = {
        "civil_affairs.aid": entry_text(id="civil_affairs.aid", code="307010101/000001", title="低保"),
        FIRMS: entry_text(id=FIRMS, code="307010101/000002", title="企业", source={"path": "/out/2.csv"}),
    }
    return make_project(tmp_path, entries)


@pytest.fixture
def call(project, capsys):
    def run(*arguments):
        with pytest.raises(SystemExit) as stopped:
            main(["--project", str(project.root), "demand", *arguments])
        said = capsys.readouterr()
        return stopped.value.code, said.out, said.err

    return run


def working_days_ago(count: int) -> date:
    day = TODAY
    while count:
        day -= timedelta(days=1)
        count -= Calendar({}).is_workday(day)
    return day


@pytest.fixture
def filed(project, call):
    def write(ago: int = 0, name: str = NAME):
        assert call("file", name, *FILED, "--by", "旗民政局", "--on", str(working_days_ago(ago)))[0] == 0
        return demand_path(project, name)

    return write


def test_a_filed_demand_is_in_house_style_and_fine(project, filed):
    text = filed().read_text(encoding="utf-8")
    assert text.splitlines()[0] == "# yaml-language-server: $schema=../../demand.schema.json"
    assert text.splitlines()[-1] == f"  - {{step: file, date: {TODAY}, by: 旗民政局}}"
    assert read_catalog(project).problems == ()
    assert [one.id for one in read_demands(project)] == [NAME]


def test_from_filing_to_supply(project, call, filed):
    path = filed(5)
    path.write_text("# 备注不能丢\n" + path.read_text(encoding="utf-8") + "  # 也不能丢\n", encoding="utf-8")
    before = path.read_bytes()
    status, out, _ = call(
        "supplement", NAME, "--by", "旗市场局", "--why", "没有附授权书", "--on", str(working_days_ago(4))
    )
    assert status == 0, out
    for step, ago in (("resubmit", 3), ("agree", 2), ("supplied", 1)):
        status, out, err = call(step, NAME, "--by", "旗市场局", "--on", str(working_days_ago(ago)))
        assert status == 0, err
    assert path.read_bytes().startswith(before)
    (demand,) = read_demands(project)
    assert [one.step for one in demand.steps] == ["file", "supplement", "resubmit", "agree", "supplied"]
    assert sorted(one.name for one in path.parent.iterdir()) == ["firms.yaml"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("supplied", NAME, "--by", "局"), 1, "supplement"),
        (("resubmit", NAME, "--by", "局"), 1, "E346"),
        (("refuse", NAME, "--by", "局"), 1, "E348"),
        (("agree", NAME, "--by", "局", "--on", "2020-01-01"), 1, "E347"),
        (("agree", NAME, "--by", "13800000000"), 1, "E340"),
        (("agree", "civil_affairs.firm", "--by", "局"), 2, NAME),
        (("agree", NAME, "--by", "局", "--on", str(TODAY + timedelta(days=1))), 2, "还没到"),
        (("agree", NAME, "--by", "局", "--on", "昨天"), 2, "昨天"),
        (("file", NAME, *FILED, "--by", "局"), 2, NAME),
        (("file", "civil_affairs.more", "--by", "局"), 2, "--title"),
        (("file", "civil_affairs.More", *FILED, "--by", "局"), 1, "E122"),
    ],
)
def test_what_is_not_possible_changes_nothing(project, call, filed, arguments, code, says):
    before = filed(2).read_bytes()
    status, out, err = call(*arguments)
    assert status == code
    assert says in out + err
    assert demand_path(project, NAME).read_bytes() == before
    assert len(list(project.demands.rglob("*"))) == 2


def test_an_answer_says_whether_it_came_in_time(call, filed):
    filed(3)
    assert "之内" in call("agree", NAME, "--by", "局")[1]
    filed(15, "civil_affairs.late")
    assert "超过" in call("agree", "civil_affairs.late", "--by", "局")[1]


def test_the_list(call, filed):
    filed(15, "civil_affairs.late")
    filed(1, "civil_affairs.new")
    filed(9, "civil_affairs.done")
    call("refuse", "civil_affairs.done", "--by", "局", "--why", "不在职责范围")
    status, out, _ = call("list")
    lines = out.splitlines()
    assert status == 0
    assert [line.split()[2] for line in lines[1:-1]] == [
        "civil_affairs.late",
        "civil_affairs.new",
        "civil_affairs.done",
    ]
    assert "逾期 5 个工作日" in lines[1]
    assert "待答复 2 项，其中逾期 1 项" in lines[-1]
    assert all(cell_len(line) <= 100 for line in lines)
    assert "civil_affairs.done" not in call("list", "--open")[1]
    assert "没有需求" in call("list", "--department", "taxation")[1]
    assert call("list", "--department", "market_regulation")[1] == out
    told = json.loads(call("list", "--format", "json")[1])["demands"]
    assert [(one["id"], one["state"], one["working_days_left"]) for one in told] == [
        ("civil_affairs.late", "overdue", -5),
        ("civil_affairs.new", "open", 9),
        ("civil_affairs.done", "refused", None),
    ]


def test_what_is_to_come_is_not_listed_yet(project, call, filed):
    path = filed()
    path.write_text(path.read_text(encoding="utf-8").replace(str(TODAY), "2099-01-02"), encoding="utf-8")
    assert "没有需求" in call("list")[1]
    assert "2099-01-02 申请" in call("show", NAME)[1]


def test_one_demand(call, filed):
    filed(15)
    status, out, err = call("show", NAME)
    assert status == 0
    for told in ("低保核查", "企业", "姓名", "《办法》", "数据校核", "逾期 5 个工作日"):
        assert told in out
    assert "agree" in err


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("indent", ["", "  ", "    "])
@pytest.mark.parametrize("last", [True, False])
def test_a_step_follows_the_files_own_hand(project, filed, end, indent, last):
    path = filed(3)
    text = path.read_text(encoding="utf-8").replace("  - {", f"{indent}- {{").replace("\n", end)
    path.write_text(text if last else text.removesuffix(end), encoding="utf-8", newline="")
    append_step(project, NAME, "agree", TODAY, "旗市场局")
    after = path.read_bytes().decode()
    assert after == f"{text}{indent}- {{step: agree, date: {TODAY}, by: 旗市场局}}{end}"


def test_steps_elsewhere_are_refused(project, filed):
    path = filed(3)
    path.write_text(path.read_text(encoding="utf-8") + "until: 2099-01-01\n", encoding="utf-8")
    with pytest.raises(CatalogError) as raised:
        append_step(project, NAME, "agree", TODAY, "局")
    assert [one.code for one in raised.value.problems] == ["E349"]


_LETTERS = st.one_of(
    st.sampled_from("，：《》#'\"{}[]&*!|>%@`,:-? yes~0123456789"),
    st.sampled_from(string.printable),
    st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
)
_TEXT = st.text(_LETTERS, min_size=1, max_size=40)


@given(by=_TEXT, why=_TEXT)
def test_whatever_is_said_is_read_back(by, why):
    head = "kind: Demand\nid: a.b\ntitle: 需求\nprovider: c\npurpose: 办事\nuse: basis\nlegal_basis: 法\nsteps:\n"
    file, refuse = (
        step_text("file", date(2026, 11, 2), "局"),
        step_text("refuse", date(2026, 11, 3), f"局{by}", f"理{why}"),
    )
    demand, problems = understand_text(f"{head}  - {file}\n  - {refuse}\n", "b.yaml", "a.b")
    codes = {one.code for one in problems}
    if demand is None:
        assert codes & {"E112", "E125", "E220", "E221"}
        return
    assert codes <= {"E340", "E220", "E221", "E112"}
    assert (demand.steps[1].by, demand.steps[1].why) == (" ".join(f"局{by}".split()), " ".join(f"理{why}".split()))


@pytest.mark.parametrize("text", ["yes", "0123", "2026-11-02", "null", "a: b", "# x", "[x]", "- x", "Li", "x, y"])
def test_what_could_mean_something_else_is_quoted(text):
    assert scalar(text) == f'"{text}"'
