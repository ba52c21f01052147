"""The bulletin's sentences are chosen by the numbers, and say no more than they do."""

from dataclasses import replace
from datetime import date

import pytest
from specimen import due, empty, judged, parts, standing, told, whole, with_dues

from shuyuan.entry import Assessment, Demand
from shuyuan.indicators import Indicator
from shuyuan.indicators.standing import Reply, RuleCount
from shuyuan.reporting.documents.bulletin import write_bulletin
from shuyuan.reporting.documents.sections.overall import compare_scores
from shuyuan.reporting.documents.sections.quality import rule_words
from shuyuan.reporting.documents.sections.ranking import ranking
from shuyuan.reporting.documents.sections.replies import reply_state


def test_who_rose_who_fell_and_by_which_component() -> None:
    up = standing("甲", score=91.0, last_score=88.5, components=parts(fresh=90.0, quality=91.0))
    down = standing("乙", rank=2, score=70.0, last_score=80.0, last_rank=1, components=parts(response=10.0))
    before = [standing("甲", components=parts()), standing("乙", components=parts())]

    said = told(ranking(judged(up, down, before=before)))

    assert "得分上升的部门 1 个：甲局由 88.5 到 91.0，主要是数据更新鲜活率由 80.0 到 90.0。" in said
    assert "得分下降的部门 1 个：乙局由 80.0 到 70.0，主要是响应及时率由 80.0 到 10.0。" in said


def test_the_component_that_counts_most_is_named_not_the_one_that_moved_most() -> None:
    up = standing("甲", score=91.0, last_score=88.5, components=parts(used=75.0, quality=97.0))

    said = told(ranking(judged(up, before=[standing("甲")])))

    assert "主要是数据质量分由 90.0 到 97.0" in said


def test_without_last_month_s_components_no_cause_is_named() -> None:
    said = told(ranking(judged(standing("甲", score=91.0, last_score=88.5))))

    assert "甲局由 88.5 到 91.0。" in said
    assert "主要是" not in said


def test_nobody_rose() -> None:
    one, two = standing("甲", score=80.0), standing("乙", rank=2, score=79.0, last_score=79.0)

    said = told(ranking(judged(one, two)))

    assert "没有部门得分上升。" in said
    assert "得分下降的部门 1 个：甲局由 85.0 到 80.0。" in said


def test_all_rose() -> None:
    one, two = standing("甲", score=90.0), standing("乙", rank=2, score=86.0)

    said = told(ranking(judged(one, two)))

    assert "上月和本月都有排名的 2 个部门得分全部上升" in said
    assert "没有部门得分下降。" in said


def test_one_department_alone_is_not_called_all() -> None:
    assert "得分上升的部门 1 个" in told(ranking(judged(standing("甲", score=90.0))))


def test_nothing_moved() -> None:
    said = told(ranking(judged(standing("甲"), standing("乙", rank=1))))

    assert "得分均与上月持平" in said
    assert "甲局、乙局得分 85.0，并列第 1。" in said


def test_a_first_month_compares_nothing() -> None:
    said = told(write_bulletin(judged(standing("甲", last_rank=None, last_score=None))))

    assert "没有上月也参加排名的部门，本期不比较升降。" in said
    assert "上月没有足够的数据，不作比较。" in said
    assert "上升的" not in said


def test_who_had_too_few_samples_last_month_neither_rose_nor_fell() -> None:
    said = told(ranking(judged(standing("甲", score=90.0, last_score=10.0, last_rank=None))))

    assert "上升" not in said.replace("升降", "")


def test_a_change_is_the_difference_of_the_printed_scores() -> None:
    assert compare_scores(92.79, 91.9) == "全旗共享得分 92.7，比上月的 91.9 上升 0.8 分。"
    assert compare_scores(92.71, 92.79) == "全旗共享得分 92.7，与上月持平。"
    assert "下降 0.1 分" in compare_scores(92.69, 92.7)


def test_unranked_departments_are_named_with_their_reason() -> None:
    few = standing("乙", rank=None, unranked="few_samples", fresh=Indicator.of(2, 3))
    none = standing("丙", rank=None, unranked="nothing_to_share", fresh=Indicator.of(0, 0))

    said = told(ranking(judged(standing("甲"), few, none)))

    assert "不排名的部门，样本不足（应到少于 5 批）：乙局 3 批；不参评（没有应共享的信息资源）：丙局。" in said
    assert "| 乙局 |" not in said


def test_nobody_ranked() -> None:
    said = told(ranking(judged(standing("甲", rank=None, unranked="few_samples"))))

    assert "本期没有部门达到排名的条件，不排名。" in said
    assert "排名第 1" not in said


def test_lights_name_the_red_and_yellow_with_their_two_numbers() -> None:
    red = standing("乙", rank=2, light="red", fresh=Indicator.of(2, 10), quality=None)

    said = told(ranking(judged(standing("甲"), red)))

    assert "绿牌 1 个，黄牌 0 个，红牌 1 个。" in said
    assert "红牌：乙局（鲜活率 20.0%，质量分 —）。" in said
    assert "黄牌：" not in said


def test_an_empty_ledger_says_so_everywhere() -> None:
    said = told(write_bulletin(empty()))

    assert "目录里还没有已发布的信息资源，本期没有可以统计的内容。" in said
    assert "本期没有需要部门整改的事项。" in said
    assert "100%" not in said
    assert "{" not in said


def test_our_own_outages_are_named_as_ours() -> None:
    days = (due("jia.a", 3, "on_time"), due("jia.a", 4, "excluded", "platform"), due("jia.a", 5, "no_change"))

    said = told(write_bulletin(with_dues(judged(standing("甲")), *days)))

    assert "因平台自身故障，11月4日共 1 批受影响，责任在平台，不计入任何部门：甲局的信息 1 批。" in said
    assert "不计入的 1 批：平台自身故障 1 批。" in said
    assert "无变化申报 1 批，按时计入：甲局的信息 1 批。" in said
    assert "应到 2 批，按时 2 批，数据更新鲜活率 100%" in said
    assert "本期没有迟到和缺报。" in said


def test_what_is_overdue_is_listed_the_most_missing_first() -> None:
    days = [due("jia.a", 3, "late"), due("yi.a", 3, "missing"), due("yi.a", 4, "missing"), due("yi.a", 5, "waiting")]
    report = judged(standing("甲"), standing("乙", rank=2))

    said = told(write_bulletin(with_dues(report, *days)))

    assert "缺报 2 批，迟到 1 批，涉及 2 个信息资源：" in said
    assert said.index("乙局 | 乙局的信息 | 2 | 2 | 0 | 11月4日") < said.index("甲局 | 甲局的信息 | 1 | 0 | 1 | 11月3日")


def test_overdue_questions_are_listed_and_answered_ones_are_not() -> None:
    late = Reply("demand", "yi.x", "jia", "jia.a", date(2026, 11, 2), date(2026, 11, 9), None, "overdue", False)
    done = replace(late, id="yi.y", answered_on=date(2026, 11, 5), state="agreed", timely=True)
    replies = Indicator.of(1, 2, (late, done))
    demand = {
        "kind": "Demand", "id": "yi.x", "title": "低保核查用的户籍信息", "provider": "jia", "purpose": "核查",
        "use": "verification", "legal_basis": "办法", "steps": [{"step": "file", "date": "2026-11-02", "by": "乙局"}],
    }  # fmt: skip
    report = judged(standing("甲", response=replies), response=replies)
    report = replace(report, evidence=replace(report.evidence, demands=(Demand.model_validate(demand),)))

    said = told(write_bulletin(report))

    assert "共享需求应答复 2 件，按期答复 1 件，响应及时率 50.0%。" in said
    assert "逾期未答复 1 件：" in said
    assert "需求 | yi.x | 甲局 | 低保核查用的户籍信息 | 11月9日 | 逾期未答复" in said
    assert "yi.y" not in said


@pytest.mark.parametrize(
    ("state", "answered", "timely", "words"),
    [
        ("open", None, None, "待答复"),
        ("overdue", None, False, "逾期未答复"),
        ("supplement", None, None, "待补正，暂停计时"),
        ("withdrawn", None, None, "已撤回"),
        ("withdrawn", 5, None, "已撤回"),
        ("agreed", 5, True, "11月5日按期答复"),
        ("refused", 12, False, "11月12日超期答复"),
    ],
)
def test_the_state_of_a_question_in_words(state: str, answered: int | None, timely: bool | None, words: str) -> None:
    day = date(2026, 11, answered) if answered else None
    reply = Reply("demand", "yi.x", "jia", None, date(2026, 11, 2), date(2026, 11, 9), day, state, timely)

    assert reply_state(reply) == words


def test_the_white_list_is_printed() -> None:
    line = {
        "entry": "jia.a",
        "from": "2026-11-01",
        "until": "2026-11-10",
        "why": "系统割接",
        "approval": "旗政办〔2026〕3号",
    }
    old = line | {"from": "2026-01-01", "until": "2026-01-10", "why": "早已过去"}
    rules = Assessment.model_validate({"exempt": [line, old]})
    report = judged(standing("甲"))

    said = told(write_bulletin(replace(report, evidence=replace(report.evidence, assessment=rules))))

    assert "系统割接 | 旗政办〔2026〕3号" in said
    assert "早已过去" not in said


def test_quality_weak_points_are_rule_sentences_with_counts() -> None:
    said = told(write_bulletin(whole()))

    assert "审批日期 不应晚于 数据日期 | 1,051,512 | 132,207 | 12.6%" in said
    assert "最弱的是时效性" in said


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("ledger.arrived", "应到的批次应送达"),
        ("ledger.usable", "运行结束后共享表应可用"),
        ("copy.agrees sex yi.a", "“性别”应与数据源“乙局的信息”一致"),
        ("copy.known id_card_no yi.a", "“身份证件号码”应在数据源“乙局的信息”里查得到"),
        ("key.unique", "身份证件号码 不应重复"),
    ],
)
def test_what_the_ledger_measures_is_said_in_words_too(rule: str, words: str) -> None:
    report = judged(standing("甲"), standing("乙", rank=2))

    assert rule_words(report, RuleCount("jia.a", rule, "", "0401", 10, 1)) == words


def test_a_running_month_says_that_it_is_not_final_and_a_finished_one_does_not() -> None:
    report = whole()
    after = replace(report, standings=replace(report.standings, as_of=report.standings.as_of.replace(day=28)))

    assert "不是本月最终结果" in told(write_bulletin(report))
    assert "不是本月最终结果" not in told(write_bulletin(after))


def test_the_trend_ends_with_the_printed_rate() -> None:
    report = whole()
    said = told(write_bulletin(report))
    rate = f"{int(report.standings.county.fresh.value * 10) / 10}%"  # type: ignore[operator]

    assert f"数据更新鲜活率 {rate}" in said
    assert f"最后一点为 {rate}" in said


def test_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHUYUAN_LANG", "en")

    paper = write_bulletin(judged(standing("甲", title="Civil Affairs")))

    assert paper.name == "bulletin_2026-11"
    assert "Civil Affairs is first with 85.0." in told(paper)
    assert "排行" not in told(paper)
