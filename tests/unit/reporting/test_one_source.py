"""The 一数一源 page and what other pages say of copies: complete, traceable, escaped, the same in both languages."""

import dataclasses
import re

import pytest
from test_pages import CSP, EVIL, Skeleton

import synthetic_comparisons as made
from made_reports import report_of
from shuyuan.indicators import read_facts
from shuyuan.reporting.agreement import find_agreement
from shuyuan.reporting.copies import find_copies, keep_copies
from shuyuan.reporting.one_source import DIFFERENCES_SHOWN, one_source_page
from shuyuan.reporting.site import render_pages
from shuyuan.workdays import Calendar
from synthetic_ledger import NOW, Ledger, build

PAGE, HOLDER = "one-source.html", "housing_fund.accounts"


def ledger_of(resources, **how):
    ledger = build(resources, days=3)
    made.compare(ledger, resources, **how)
    return ledger


def pages_of(resources, ledger):
    return dict(render_pages(report_of(resources, ledger)))


@pytest.fixture(scope="module")
def resources():
    return made.catalog()


@pytest.fixture(scope="module")
def ledger(resources):
    return ledger_of(resources)


@pytest.fixture(scope="module")
def pages(resources, ledger):
    return pages_of(resources, ledger)


def section(page, place):
    return re.search(rf'<section id="{place}">.*?</section>', page, re.S)[0]


def text_of(html):
    return " ".join("".join(Skeleton(html).texts).split())


def test_the_tiles_say_what_the_ledger_says(resources, ledger):
    page = one_source_page(find_agreement(resources, read_facts(ledger, NOW), Calendar({})))
    last = ledger.query(
        "SELECT count(*) AS all_lines, sum(CASE WHEN state = 'compared' THEN 1 ELSE 0 END) AS compared,"
        " sum(differing) AS differing, sum(agreeing) AS agreeing FROM ledger.comparisons"
        " WHERE kind = 'attribute' AND compared_at >= DATE '2026-11-20'"
    )[0]
    rows = ledger.query(
        "SELECT sum(matched) AS matched FROM ledger.comparisons"
        " WHERE kind = 'reference' AND compared_at >= DATE '2026-11-20'"
    )[0]["matched"]
    asked = ledger.query("SELECT count(*) AS open FROM ledger.corrections WHERE closed_at IS NULL")[0]["open"]
    values = [tile.value for tile in page["tiles"]]
    assert values[0] == str(len(made.ELEMENTS))
    assert values[1] == f"{int(last['compared'])} / {last['all_lines']}"
    assert values[2] == f"{int(rows):,}"
    assert page["tiles"][3].note.startswith(
        f"{int(last['differing']):,} / {int(last['differing'] + last['agreeing']):,}"
    )
    assert values[4] == str(asked) == str(page["requests_total"])


def test_every_number_leads_to_the_ledger(pages):
    for cell in re.findall(r'<td class="r-(?!none|source)[^>]*title="([^"]*)"', section(pages[PAGE], "matrix")):
        assert "台账：ledger.comparisons run_id=" in cell
    tables = {
        "references": "comparisons", "unknown": "comparisons", "differences": "discrepancies",
        "duplicates": "comparisons", "requests": "corrections", "closed": "corrections",
    }  # fmt: skip
    for place, table in tables.items():
        lines = section(pages[PAGE], place).count("<tr>")
        assert lines, place
        heads = 1
        assert section(pages[PAGE], place).count(f"台账：ledger.{table} ") >= lines - heads, place
    assert "ledger.comparisons run_id=reconcile__2026-11-20" in text_of(section(pages[PAGE], "matrix"))


def test_the_traces_are_rows_of_the_ledger(pages, ledger):
    found = re.findall(
        r"ledger.comparisons run_id=(\S+) entry_id=(\S+) field=(\S+) source_id=(\w+\.\w+)", pages[PAGE]
    )  # fmt: skip
    assert len(set(found)) > 20
    for keys in set(found):
        sql = "SELECT 1 FROM ledger.comparisons WHERE run_id = ? AND entry_id = ? AND field = ? AND source_id = ?"
        assert len(ledger.query(sql, keys)) == 1, keys


def test_what_could_not_be_compared_has_its_reason_and_day(pages):
    text = text_of(section(pages[PAGE], "unknown"))
    for words in ("数据源已过期，新的还没有送到 11月12日 11月11日", "副本从未发布", "数据源最近一次送数未通过校验"):
        assert words in text.replace("11月12日11月11日", " 11月12日 11月11日"), words
    assert "证件号码、姓名、性别、民族" in text, "one line a link, not one an item"


def test_differences_are_masked_short_and_bounded(pages, ledger):
    html = section(pages[PAGE], "differences")
    assert html.count("<code>") == DIFFERENCES_SHOWN
    assert all(len(token) == 8 for token in re.findall(r"<code>(\w+)</code>", html))
    shown = re.search(r"台账列出 ([0-9,]+) 条", text_of(html))[1]
    kept = ledger.query("SELECT count(*) AS kept FROM ledger.discrepancies WHERE kind <> 'duplicate'")[0]["kept"]
    assert shown == f"{kept:,}"
    every = re.findall(r'<td title="(\w+)">', html)
    assert set(every) >= {"employer_name", "address", "legal_person", "wife_name"}, "no copy crowds out the others"


def test_duplicates_are_the_sources_matter(pages):
    cells = re.findall(r"<td[^>]*>(.*?)</td>", section(pages[PAGE], "duplicates"))
    assert [text_of(cell) for cell in cells] == [
        "鄂托克旗市场监督管理局 / 企业登记信息", "统一社会信用代码", "6", "6", "2", "11月15日",
    ]  # fmt: skip


def test_open_corrections_stand_under_the_department_asked(pages, ledger):
    html = section(pages[PAGE], "requests")
    for row in ledger.query("SELECT correction_id, department, closed_at FROM ledger.corrections"):
        if row["closed_at"] is not None:
            assert row["correction_id"] not in html
            assert row["correction_id"] in section(pages[PAGE], "closed")
            continue
        before = html[: html.index(row["correction_id"])]
        title = re.findall(r'<th scope="rowgroup" colspan="8">([^<]*?) <small', before)[-1]
        assert title == made.DEPARTMENTS[row["department"]]
    assert "逾期" in html
    assert "已过 5 个工作日" in html


def test_the_entry_page_names_its_sources_and_comparisons(pages):
    html = pages[f"entries/{HOLDER}.html"]
    text = text_of(section(html, "copies"))
    for words in ("单位名称", "0401", "0402", "reconcile__2026-11-20", "待校核", "差异明细"):
        assert words in text, words
    items = re.search(r'<table class="list items">.*?</table>', html, re.S)[0]
    assert re.search(r"企业登记信息</a></td><td><span class=\"state r-many\"[^>]*>.*?3\.4%", items)
    source = pages[f"entries/{made.COMPANIES}.html"]
    assert "2 份副本" in text_of(re.search(r'<table class="list items">.*?</table>', source, re.S)[0])
    assert "住房公积金缴存信息" in text_of(section(source, "made"))


def test_a_borrowed_definition_is_not_a_copy():
    items = (("id_card_no", "证件号码", "resident_id"), ("person_name", "姓名", "person_name"))
    holder = made.copy_holder("education.students", "在校学生", "id_card_no", items)
    fields = [field.model_copy(update={"copy_": field.name != "person_name"}) for field in holder.entry.fields]
    entry = holder.entry.model_copy(update={"fields": tuple(fields)})
    people = made.copy_holder(*made.ENTRIES[0])
    changed = type(holder)(entry, holder.path, holder.digest, holder.department, holder.elements, holder.project)
    page = pages_of([people, changed], Ledger.empty())["entries/education.students.html"]
    assert "只借用定义，不比对" in page


def with_elements(resources, elements):
    return [dataclasses.replace(resource, elements=elements) for resource in resources]


def test_comparisons_of_what_is_no_copy_any_more_are_forgotten(resources, ledger):
    facts = read_facts(ledger, NOW)
    moved = {
        name: one.model_copy(update={"source": None}) if one.source == made.COMPANIES else one
        for name, one in made.ELEMENTS.items()
    }
    changed = with_elements(resources, moved)
    kept = keep_copies(facts, find_copies(changed, facts))
    assert kept.of(HOLDER).consistency[-1].score != facts.of(HOLDER).consistency[-1].score
    assert {one.source_id for one in kept.one_source.comparisons} == {made.PEOPLE, made.UNITS}
    assert all(key[3] != made.COMPANIES for key in kept.one_source.listed)
    assert any(one.source_id == made.COMPANIES for one in kept.one_source.corrections), "somebody was asked"


def test_a_source_without_a_usable_entry_is_shown_as_such(resources, ledger):
    fewer = [one for one in resources if one.entry.id != made.COMPANIES]
    unread = pages_of(fewer, Ledger.empty())
    text = text_of(section(unread[PAGE], "unknown"))
    assert "数据源的目录项有误或已停用，或其数据读不出来" in text
    assert "market_regulation.companies" in text
    assert f"entries/{made.COMPANIES}.html" not in unread[PAGE], "it has no page to lead to"
    assert made.COMPANIES in unread[f"entries/{HOLDER}.html"]
    reconciled = Ledger.empty()
    made.compare(reconciled, resources, days=1)
    reconciled.connection.execute(
        "UPDATE ledger.comparisons SET state = 'not_compared', reason = 'source_unusable', score = NULL,"
        " agreeing = NULL, differing = NULL WHERE source_id = ?",
        [made.COMPANIES],
    )
    page = pages_of(fewer, reconciled)[PAGE]
    assert "单位信用代码、单位名称、单位法定代表人" in text_of(section(page, "unknown"))
    assert re.search(r"企业名称<small>enterprise_name</small></th>.*?无法比对", section(page, "matrix"))


def test_one_that_was_withdrawn_and_came_back_waits_for_its_comparison(resources):
    ledger = Ledger.empty()
    made.compare(ledger, resources, days=1, reasons=dict.fromkeys([entry[0] for entry in made.ENTRIES], "withdrawn"))
    assert "还没有比对过" in text_of(section(pages_of(resources, ledger)[PAGE], "unknown"))


def test_the_page_is_well_formed_and_guarded(pages):
    for name, page in pages.items():
        skeleton = Skeleton(page)
        assert skeleton.balanced, name
        assert not skeleton.open, name
        assert page.count(CSP) == 1
        assert "<script" not in page
        assert not re.search(r"https?:|//", page), name


def test_data_never_becomes_markup():
    built = []
    for text in ("某" * len(EVIL), EVIL):
        resources = made.catalog(text)
        ledger = ledger_of(resources, days=3)
        for table, columns in {
            "discrepancies": ("copy_value", "source_value"),
            "corrections": ("answered_by", "answer"),
            "comparisons": ("reason",),
        }.items():
            for column in columns:
                sql = f"UPDATE ledger.{table} SET {column} = ? WHERE {column} IS NOT NULL"
                ledger.connection.execute(sql, [text])
        built.append(pages_of(resources, ledger))
    benign, evil = built
    for name, page in evil.items():
        assert Skeleton(page).elements == Skeleton(benign[name]).elements, name
    assert "<script>alert(1)</script>" in "".join(Skeleton(evil[PAGE]).texts), "it is shown as text"


@pytest.mark.parametrize(
    "how", [{"rows": 0, "rates": {}}, {"reasons": dict.fromkeys([e[0] for e in made.ENTRIES], "stale")}]
)
def test_nothing_compared_is_a_dash_and_never_0_or_100(resources, how):
    page = pages_of(resources, ledger_of(resources, days=2, **how))[PAGE]
    assert "一致率" in page
    values = re.findall(r'<p class="label">([^<]*)</p><p class="value[^"]*">([^<]*)</p>', page)
    assert dict(values)["不一致率"] == "—"
    assert ">0%<" not in page
    assert ">100<" not in page


def test_a_catalog_without_copies_says_so():
    page = pages_of([made.copy_holder(*made.ENTRIES[0])], Ledger.empty())[PAGE]
    assert "还没有比对过" in page
    assert 'id="references"' not in page


def test_english_pages_hold_no_chinese_words_of_ours(monkeypatch):
    monkeypatch.setenv("SHUYUAN_LANG", "en")
    monkeypatch.setattr(made, "DEPARTMENTS", {})
    resources = [made.copy_holder(name, name, key, [(one[0], one[0], *one[2:]) for one in items])
                 for name, _, key, items in made.ENTRIES]  # fmt: skip
    plain = {name: one.model_copy(update={"title": name}) for name, one in made.ELEMENTS.items()}
    resources = [
        type(one)(
            one.entry.model_copy(update={"summary": "s", "legal_basis": "l", "owner": None}),
            one.path, one.digest, one.department, plain, one.project,
        )
        for one in resources
    ]  # fmt: skip
    ledger = Ledger.empty()
    made.compare(ledger, resources)
    ledger.connection.execute("UPDATE ledger.corrections SET answer = 'a', answered_by = 'b' WHERE answer IS NOT NULL")
    ledger.connection.execute("UPDATE ledger.discrepancies SET copy_value = 'a*', source_value = 'b*'")
    page = next(page for name, page in render_pages(report_of(resources, ledger)) if name == PAGE)
    said = re.findall("[\u4e00-\u9fff]+", page.partition("<body>")[2])
    assert [word for word in said if word not in ("数源", "大数据中心")] == []


def test_the_same_ledger_and_moment_give_the_same_bytes(resources, pages):
    assert pages_of(list(reversed(resources)), ledger_of(resources)) == pages
