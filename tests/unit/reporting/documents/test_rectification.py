"""Notices and forms: what is the department's own, with counts, days and how to answer; blanks for the rest."""

from dataclasses import replace
from datetime import date, datetime

from specimen import due, empty, hostile, judged, standing, told, whole, with_dues

from shuyuan.entry import Demand
from shuyuan.indicators import Indicator
from shuyuan.indicators.facts import CorrectionFact, OneSourceFacts
from shuyuan.indicators.problems import ProblemFact
from shuyuan.reporting.documents.blocks import Paper, Table
from shuyuan.reporting.documents.findings import list_findings
from shuyuan.reporting.documents.progress import ITEMS, write_forms
from shuyuan.reporting.documents.rectification import write_notices
from shuyuan.reporting.report import Report, make_report

SEEN = datetime(2026, 11, 18, 1, 0)


def problem(kind: str, code: str, what: str, **changes: int) -> ProblemFact:
    return ProblemFact(kind, "jia.a", code, what, SEEN, SEEN, None, changes.pop("times", 1), **changes)  # type: ignore[arg-type]


def having(*problems: ProblemFact, demands: tuple[Demand, ...] = (), corrections: bool = False) -> Report:
    report = judged(standing("甲"), standing("乙", rank=2))
    facts = report.evidence.facts
    if corrections:
        asked = CorrectionFact(
            "YY2026-000007", "jia.a", "sex", "sex", "differing", "yi.a", "jia", 5, 3, SEEN, date(2026, 11, 19), "open",
            None, None, None, None, 0,
        )  # fmt: skip
        answered = replace(asked, correction_id="YY2026-000008", state="explained", answered_at=SEEN)
        facts = replace(facts, one_source=OneSourceFacts(corrections=(asked, answered)))
    evidence = replace(report.evidence, problems=problems, demands=demands, facts=facts)
    return make_report(evidence, report.standings)


def notices(report: Report) -> dict[str, Paper]:
    return {paper.name: paper for paper in write_notices(report)}


def a_demand(*steps: tuple[str, str]) -> Demand:
    written = [{"step": step, "date": day, "by": "乙局", "why": "材料不全"} for step, day in steps]
    return Demand.model_validate(
        {
            "kind": "Demand", "id": "yi.x", "title": "低保核查用的户籍信息", "provider": "jia", "entry": "jia.a",
            "purpose": "核查", "use": "verification", "legal_basis": "办法", "steps": written,
        }
    )  # fmt: skip


def test_a_notice_has_what_is_wrong_how_much_since_when_and_until_when() -> None:
    rule = problem("rule", "D406", "id_card_no.resident_id", rows=12, evaluated=4000)

    found = notices(having(rule, problem("missing", "D101", "", times=2)))
    said = told(found["整改通知单_甲局_2026-11"])

    assert list(found) == ["整改通知单_甲局_2026-11"]
    assert "以下 2 项需要整改" in said
    assert "2 | 甲局的信息\njia.a | D406 身份证件号码 应为有效的公民身份号码 | 12（0.30%） | 11月18日 | 12月2日" in said
    assert "| 2 批 | 11月18日 | 11月19日（已逾期）" in said
    assert "下次交付通过校验即自动销号" in said
    assert "疑义清单（xlsx）里填" not in said, "only what concerns the department is explained"


def test_what_is_ours_is_nobody_s_finding() -> None:
    ours = problem("failed", "P301", "仓库无法写入")

    assert not notices(having(ours))
    days = [due("jia.a", 3, "missing"), due("jia.a", 4, "excluded", "platform")]
    said = told(next(write_notices(with_dues(having(problem("missing", "D101", "")), *days))))
    assert "另有 1 批因平台自身故障受影响，责任在平台，不需要你单位整改。" in said
    assert "P301" not in said


def test_open_corrections_are_asked_for_with_the_way_back_and_answered_ones_are_not() -> None:
    said = told(next(write_notices(having(corrections=True))))

    assert "YY2026-000007" in said
    assert "11月19日（已逾期）" in said
    assert "shuyuan answer --from" in said
    assert "YY2026-000008" not in said


def test_a_demand_waits_for_its_provider_until_it_is_answered() -> None:
    filed = having(demands=(a_demand(("file", "2026-11-17")),))
    agreed = having(demands=(a_demand(("file", "2026-11-17"), ("agree", "2026-11-18")),))
    returned = having(demands=(a_demand(("file", "2026-11-17"), ("supplement", "2026-11-18")),))

    assert "yi.x 低保核查用的户籍信息 | 1 件 | 11月17日 | 12月1日" in told(next(write_notices(filed)))
    assert not notices(agreed)
    assert not notices(returned)


def test_late_deliveries_are_told_without_a_date_to_mend() -> None:
    said = told(next(write_notices(with_dues(having(), due("jia.a", 3, "late"), due("jia.a", 4, "late")))))

    assert "晚于期限送达，最近一次应到 11月4日 08:30，实到 11月4日 13:30 | 2 批 | 11月3日 | 下期起" in said


def test_a_department_keeps_its_number_whoever_else_has_findings() -> None:
    alone = next(write_notices(having(demands=(a_demand(("file", "2026-11-17")),))))
    numbers = {paper.name: paper.subtitle for paper in write_notices(whole())}

    assert alone.subtitle == "整改〔2026-11〕第 01 号"
    assert numbers["整改通知单_鄂托克旗公安局_2026-11"].endswith("第 05 号")
    assert len(set(numbers.values())) == len(numbers)


def test_nothing_to_mend_makes_no_notice() -> None:
    assert not notices(empty())
    assert not notices(having())


def test_findings_are_ordered_by_what_is_to_be_mended_first() -> None:
    rule = problem("rule", "D406", "id_card_no.resident_id", rows=12, evaluated=4000)
    blocked = problem("blocked", "D602", "D602 行数比上次少")

    found = list_findings(having(rule, blocked, corrections=True))["jia"]

    assert [one.kind for one in found] == ["blocked", "correction", "rule"]
    assert found[0].what == "行数比上次少"


def test_the_form_has_the_eight_matters_in_order_and_room_to_write() -> None:
    paper = next(write_forms(judged(standing("甲"))))
    table = next(block for block in paper.blocks if isinstance(block, Table))

    assert paper.name == "月度进度表_甲局_2026-11"
    assert [row[0] for row in table.rows] == [
        "制定推动方案", "召开会议", "制度建立", "签订协议", "申报计划", "对接情况", "接入数量", "存在问题",
    ]  # fmt: skip
    assert len(table.rows) == len(ITEMS)
    assert all(row[2] == "" for row in table.rows)
    assert all(row[1] == "平台没有这方面的记录" for row in table.rows[:4])


def test_the_form_knows_what_ledger_and_demands_know() -> None:
    said = told(next(write_forms(having(problem("missing", "D101", ""), demands=(a_demand(("file", "2026-11-17")),)))))
    asker = told(list(write_forms(having(demands=(a_demand(("file", "2026-11-17")),))))[1])
    filled = {paper.subtitle: told(paper) for paper in write_forms(whole())}["鄂托克旗公安局　2026年11月"]

    assert "本期应到 10 批，按时 8 批，鲜活率 80.0%。" in said
    assert "向本部门提出的需求 1 件：低保核查用的户籍信息（已申请，待答复）。" in said
    assert "需整改 2 项：缺报 1 项、需求 1 项。" in said
    assert "本部门提出的需求 1 件：低保核查用的户籍信息（已申请，待答复）。" in asker
    assert "已发布 2 个信息资源" in filled
    assert "请于 11月28日 前报送大数据中心" in said


def test_a_department_without_anything_gets_a_form_that_says_so() -> None:
    report = judged(standing("甲", fresh=Indicator.of(0, 0), linked=Indicator.of(0, 0), entries=()))

    said = told(next(write_forms(report)))

    assert "目录中没有应共享的信息资源。" in said
    assert "本期没有已到期的批次。" in said
    assert "还没有发布出数据的信息资源。" in said
    assert "平台没有发现需要整改的事项。" in said


def test_hostile_titles_make_names_that_any_system_takes() -> None:
    names = [paper.name for paper in (*write_notices(hostile()), *write_forms(hostile()))]

    assert len({name.casefold() for name in names}) == len(names)
    for name in names:
        assert not set(name) & set('<>:"/\\|?*\n\r\t\0')
        assert len(name.encode()) < 250
