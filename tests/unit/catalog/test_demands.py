"""The demand catalogue: read strictly, every problem at once, one wrong file hides only itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from building import entry_text, make_project
from shuyuan.catalog import read_catalog, read_demands
from shuyuan.problems import Problem
from shuyuan.project import Project

ROOT = Path(__file__).parents[3]
AID, FIRMS, SECRET = "civil_affairs.aid", "market_regulation.firms", "market_regulation.secret"
GOOD = """\
# a comment stays
kind: Demand
id: civil_affairs.firms
title: 低保核查用市场主体信息
provider: market_regulation
entry: market_regulation.firms
fields: [id_card_no, person_name]
purpose: 核对低保家庭成员是否经营
use: verification
legal_basis: 《社会救助暂行办法》第五十八条
steps:
  - {step: file, date: 2026-11-02, by: 旗民政局}
"""


def project(tmp_path: Path, text: str | None = GOOD, place: str = "civil_affairs/firms.yaml") -> Project:
    entries = {
        AID: entry_text(id=AID, code="307010101/000001", title="低保", source={"path": "/out/1.csv"}),
        FIRMS: entry_text(id=FIRMS, code="307010101/000002", title="企业", source={"path": "/out/2.csv"}),
        SECRET: entry_text(
            id=SECRET,
            code="307010101/000003",
            title="不予共享的资源",
            source={"path": "/out/3.csv"},
            sharing={"type": "none", "condition": None, "basis": "《中华人民共和国保守国家秘密法》"},
        ),
    }
    made = make_project(tmp_path, entries)
    if text is not None:
        path = made.demands / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return made


def problems(made: Project) -> list[Problem]:
    return [one for one in read_catalog(made).problems if one.location and "demand_specs" in one.location.file]


def test_a_good_demand(tmp_path):
    made = project(tmp_path)
    assert read_catalog(made).problems == ()
    (demand,) = read_demands(made)
    assert (demand.id, demand.department, demand.provider) == (
        "civil_affairs.firms",
        "civil_affairs",
        "market_regulation",
    )
    assert str(demand.steps[0].on) == "2026-11-02"


def test_no_demands_at_all(tmp_path):
    assert read_demands(project(tmp_path, None)) == ()


def steps(*lines: str) -> str:
    return GOOD + "".join(f"  - {{{line}}}\n" for line in lines)


@pytest.mark.parametrize(
    ("text", "code", "place", "says"),
    [
        (GOOD.replace("id: civil_affairs.firms", "id: civil_affairs.firm"), "E201", "3:5", "civil_affairs.firms"),
        (GOOD.replace("by: 旗民政局", "by: 15990119500101001X"), "E340", "12:40", ""),
        (GOOD.replace("purpose: 核对", "purpose: 打电话13800000000"), "E340", "8:13", ""),
        (GOOD.replace("provider: market_regulation", "provider: market"), "E341", "5:11", "market"),
        (GOOD.replace("entry: market_regulation.firms", "entry: market_regulation.firm"), "E342", "6:8", "firm"),
        (GOOD.replace("entry: market_regulation.firms", f"entry: {AID}"), "E343", "6:8", "civil_affairs"),
        (
            GOOD.replace("provider: market_regulation", "provider: civil_affairs").replace(FIRMS, AID),
            "E344",
            "5:11",
            "civil_affairs",
        ),
        (GOOD.replace("person_name", "person_nam"), "E345", "7:22", "person_nam"),
        (GOOD.replace("step: file", "step: agree"), "E346", "12:12", "申请"),
        (steps("step: supplied, date: 2026-11-03, by: 局"), "E346", "13:12", "已供给"),
        (steps("step: agree, date: 2026-11-03, by: 局", "step: file, date: 2026-11-04, by: 局"), "E346", "14:12", ""),
        (steps("step: agree, date: 2026-11-01, by: 局"), "E347", "13:25", "2026-11-01"),
        (GOOD.replace("steps:", "until: 2026-11-01\nsteps:"), "E347", "11:8", "2026-11-01"),
        (steps("step: refuse, date: 2026-11-03, by: 局"), "E348", "13:5", "steps[2].why"),
        (steps("step: supplement, date: 2026-11-03, by: 局"), "E348", "13:5", "要求补正"),
        (GOOD + "until: 2027-01-01\n", "E349", "11:1", "steps"),
        (GOOD[: GOOD.index("steps")] + "steps: [{step: file, date: 2026-11-02, by: 局}]\n", "E349", "11:1", "steps"),
        (GOOD.replace(FIRMS, SECRET), "E910", "6:8", SECRET),
        (GOOD.replace("use: verification", "use: curiosity"), "E113", "9:6", "use"),
        (GOOD.replace("use: verification\n", ""), "E118", "1:1", "use"),
        (GOOD.replace("2026-11-02", "2026-02-30"), "E131", "12:24", "date"),
    ],
)  # fmt: skip
def test_what_demands_get_wrong(tmp_path, text, code, place, says):
    (found,) = problems(project(tmp_path, text))
    assert found.code == code
    assert str(found.location) == f"include/demand_specs/civil_affairs/firms.yaml:{place}"
    assert says in found.message
    assert found.severity == ("warning" if code == "E910" else "error")


@pytest.mark.parametrize(
    ("told", "nearest"),
    [
        (("provider: market_regulation", "provider: market_regulations"), "market_regulation"),
        (("entry: market_regulation.firms", "entry: market_regulation.firm"), FIRMS),
        (("person_name", "person_nam"), "person_name"),
        (("person_name", "姓名"), "person_name"),
    ],
)
def test_what_was_probably_meant(tmp_path, told, nearest):
    (found,) = problems(project(tmp_path, GOOD.replace(*told)))
    assert found.nearest == nearest


def test_a_step_out_of_order_names_those_that_are_possible(tmp_path):
    (found,) = problems(project(tmp_path, steps("step: resubmit, date: 2026-11-03, by: 局")))
    assert found.allowed == ("agree", "refuse", "supplement", "withdraw")


def test_all_problems_at_once(tmp_path):
    text = GOOD.replace("market_regulation.firms", "market_regulation.nothing").replace("step: file", "step: agree")
    assert {one.code for one in problems(project(tmp_path, text))} == {"E342", "E346"}


def test_a_personal_number_is_never_shown(tmp_path):
    (found,) = problems(project(tmp_path, GOOD.replace("by: 旗民政局", "by: 15990119500101001X")))
    assert found.excerpt is None
    assert "15990119500101001X" not in str(found)


@pytest.mark.parametrize(
    ("place", "code"),
    [("firms.yaml", "E135"), ("civil_affairs/more/firms.yaml", "E135"), ("civil_affairs/firms.yml", "E135"),
     ("civil_affairs/Firms.yaml", "E136"), ("nobody/firms.yaml", "E341")],
)  # fmt: skip
def test_misplaced_files(tmp_path, place, code):
    text = GOOD.replace("id: civil_affairs.firms", "id: nobody.firms") if code == "E341" else GOOD
    assert code in {one.code for one in problems(project(tmp_path, text, place))}


def test_a_broken_file_hides_only_itself(tmp_path):
    made = project(tmp_path)
    (made.demands / "civil_affairs" / "other.yaml").write_text(GOOD.replace("step: file", "step: agree"))
    (made.demands / "civil_affairs" / "worse.yaml").write_text("kind: [")
    assert [one.id for one in read_demands(made)] == ["civil_affairs.firms"]


def test_a_demand_for_what_the_catalog_lacks_is_kept(tmp_path):
    made = project(tmp_path, GOOD.replace(FIRMS, "market_regulation.gone"))
    assert [one.code for one in problems(made)] == ["E342"]
    assert len(read_demands(made)) == 1


def test_refused_secrets_are_no_news(tmp_path):
    text = GOOD.replace(FIRMS, SECRET) + "  - {step: refuse, date: 2026-11-03, by: 局, why: 不予共享}\n"
    assert problems(project(tmp_path, text)) == []


def test_the_demonstrations_demands_are_fine_and_of_every_kind():
    demands = read_demands(Project(ROOT))
    assert not [one for one in read_catalog(Project(ROOT)).problems if "demand_specs" in str(one.location)]
    assert {step.step for one in demands for step in one.steps} == {
        "file", "agree", "refuse", "supplement", "resubmit", "withdraw", "supplied",
    }  # fmt: skip
    assert any(one.entry is None for one in demands)
