"""The pages hold what they promise, and nothing of the data ever becomes an element, an attribute or a request."""

import posixpath
import re
from html.parser import HTMLParser

import pytest

from made_reports import report_of
from shuyuan import __version__
from shuyuan.reporting.pages import PAGES
from shuyuan.reporting.site import render_pages
from synthetic_ledger import Ledger, build, catalog, make_resource

CSP = "default-src 'none'; style-src 'unsafe-inline' 'self'; img-src data:"
EVIL = "<script>alert(1)</script>\"><img src=x onerror='alert(1)'></title></svg></style>&#60;b&#62;"
VOID = {"meta", "br"}


class Skeleton(HTMLParser):
    """The elements and attribute names of a page in order, its texts and its links."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.elements, self.texts, self.links, self.open, self.balanced = [], [], [], [], True
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.links += [value for name, value in attrs if name in ("href", "src", "action", "srcset", "data", "poster")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        self.balanced = self.balanced and bool(self.open) and self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def pages_of(resources, ledger):
    return dict(render_pages(report_of(resources, ledger)))


@pytest.fixture(scope="module")
def pages():
    resources = catalog()
    return pages_of(resources, build(resources))


def test_there_is_a_page_for_everything(pages):
    assert {page.file for page in PAGES} <= set(pages)
    assert {f"entries/{one.entry.id}.html" for one in catalog()} <= set(pages)
    assert list(pages)[:3] == ["index.html", "timeliness.html", "quality.html"], "in the order of the navigation"


def test_every_page_is_well_formed_and_guarded(pages):
    for name, page in pages.items():
        skeleton = Skeleton(page)
        assert skeleton.balanced, name
        assert not skeleton.open, name
        assert page.count(f'<meta http-equiv="Content-Security-Policy" content="{CSP}">') == 1
        assert page.index("Content-Security-Policy") < page.index("<title>")
        assert page.startswith('<!DOCTYPE html>\n<html lang="zh-CN">')


def test_no_script_and_no_request(pages):
    for name, page in pages.items():
        body = page.replace("http-equiv", "")
        for word in ("http", "//", "<script", "javascript:", "url(", "@import", "<iframe", "<link", "<img", " on"):
            hits = [m.start() for m in re.finditer(re.escape(word), body)]
            if word == " on":
                hits = [name for _, names in Skeleton(page).elements for name in names if name.startswith("on")]
            assert not hits, (name, word)
        for link in Skeleton(page).links:
            assert re.fullmatch(r"#[a-z][a-z0-9_-]*|(\.\./)?([a-z]+/)?[a-z0-9_.-]+\.html(#[a-z][a-z0-9_.-]*)?", link)


def dangling(pages):
    """(page, link) of every link that leads to no page or to no place in it."""
    places = {name: set(re.findall(r'\bid="([^"]+)"', page)) for name, page in pages.items()}
    lost = []
    for name, page in pages.items():
        folder = posixpath.dirname(name)
        for link in Skeleton(page).links:
            target, _, place = link.partition("#")
            where = posixpath.normpath(posixpath.join(folder, target)) if target else name
            if where not in pages or (place and place not in places[where]):
                lost.append((name, link))
    return lost


def test_links_lead_to_pages_and_places(pages):
    assert dangling(pages) == []


def test_no_place_is_named_twice(pages):
    for name, page in pages.items():
        places = re.findall(r'\bid="([^"]+)"', page)
        assert len(places) == len(set(places)), name


def hostile(text):
    field = {"name": "id_card_no", "title": text, "from": text, "type": "string", "required": "true"}
    made = make_resource(
        "civil_affairs.people",
        text[:50],
        department=text,
        summary=text,
        legal_basis=text,
        owner={"office": text},
        sharing={"type": "conditional", "condition": text},
        fields=[field],
        quality={},
    )
    ledger = build([made], volumes={made.entry.id: 1000})
    for table, columns in {
        "runs": ("run_id", "problem", "spec_version"),
        "rule_results": ("run_id", "rule", "observed"),
        "publications": ("run_id", "spec_version"),
    }.items():
        for column in columns:
            kept = f"|| {column}" if column in ("run_id", "rule") else ""
            value = text[:20] if column == "spec_version" else text
            ledger.connection.execute(f"UPDATE ledger.{table} SET {column} = ? {kept}", [value])
    return pages_of([made], ledger)


def test_data_never_becomes_markup():
    benign, evil = hostile("某" * len(EVIL)), hostile(EVIL)
    assert benign.keys() == evil.keys()
    for name, page in evil.items():
        assert Skeleton(page).elements == Skeleton(benign[name]).elements, name
        assert Skeleton(page).balanced
    texts = "".join("".join(Skeleton(page).texts) for page in evil.values())
    assert "<script>alert(1)</script>" in texts, "it is shown as text"


OVERVIEW = """
    已发布资源 鲜活率 综合质量分 阻断批次 未关闭问题 响应及时率 部门总分 六性 规范性 完整性 准确性 一致性 时效性
    可访问性 到达日历 需要关注 该谁处理 仍可使用 信息资源共享排行 目录挂接率 被使用量 绿牌 红牌 该打电话的"""
ENTRY_PAGE = """
    不动产登记信息 307010101/000012 鄂托克旗自然资源局 有条件共享：用于资格核对，一案一授权 《社会救助暂行办法》第九条
    每日，08:30 前，遇休息日顺延 gb18030 阻断 未通过的规则 信息项 ≤18 最近运行 发布记录 全量替换"""


def test_the_overview_answers_its_questions(pages):
    text = "\n".join(Skeleton(pages["index.html"]).texts)
    for word in OVERVIEW.split():
        assert word in text, word
    assert "数据截至 2026-11-20 16:30（北京时间）" in text
    for resource in catalog():
        assert f'href="entries/{resource.entry.id}.html"' in pages["index.html"]


def test_an_entry_page_answers_its_questions(pages):
    page = pages["entries/natural_resources.real_estate.html"]
    text = "\n".join(Skeleton(page).texts)
    for word in ENTRY_PAGE.split():
        assert word in text, word
    assert page.count('class="list runs"') == page.count('class="list publications"') == 1


def test_the_notes_publish_formulas_weights_and_grades(pages):
    text = "\n".join(Skeleton(pages["notes.html"]).texts)
    for word in (
        "÷",
        "权重",
        "0401",
        "0402",
        "无法比对 =",
        "从不改写",
        "比对得分进一致性和质量分",
        "95 分及以上",
        "60 分及以上，不满 75 分",
        "不满 60 分",
        "缺报",
        "已知局限",
        __version__,
    ):
        assert word in text, word


def test_hover_tells_numerator_and_denominator(pages):
    assert re.search(r"<title>截至 11月\d+日 的鲜活率 [0-9.]+%（\d+ / \d+ 次）</title>", pages["index.html"])


@pytest.mark.parametrize("days", [0, 1, 30])
def test_english_pages_hold_no_chinese_words_of_ours(monkeypatch, days):
    monkeypatch.setenv("SHUYUAN_LANG", "en")
    made = make_resource(
        "civil_affairs.people",
        "People",
        department="Bureau",
        summary="s",
        legal_basis="l",
        owner={"office": "o"},
        sharing={"type": "unconditional"},
        fields=[{"name": "id_card_no", "title": "ID"}],
        quality={},
    )
    ledger = build([made], days=days)
    ledger.connection.execute("UPDATE ledger.runs SET problem = 'x'")
    for name, page in pages_of([made], ledger).items():
        assert '<html lang="en">' in page
        chinese = re.findall("[\u4e00-\u9fff]+", "".join(Skeleton(page).texts))
        assert not [word for word in chinese if word not in ("数源", "大数据中心")], name


def test_only_blocked_runs_and_only_missing_ones():
    resources = catalog()[:2]
    for outcome in ("blocked", "missing", "failed"):
        ledger = build(resources, days=3)
        ledger.connection.execute("DELETE FROM ledger.publications")
        ledger.connection.execute(
            "UPDATE ledger.runs SET outcome = ?, problem_code = 'D602', load_no = NULL", [outcome]
        )
        ledger.connection.execute("UPDATE ledger.freshness SET state = 'missing', arrived_at = NULL")
        page = pages_of(resources, ledger)["index.html"]
        assert "尚无数据" in page
        assert ("缺报" if outcome == "missing" else "阻断") in page


def test_nothing_at_all():
    pages = pages_of([], Ledger.empty())
    assert list(pages) == [page.file for page in PAGES]
    assert dangling(pages) == []
    assert "还没有比对过" in pages["one-source.html"]
    assert "目录里还没有资源。" in pages["index.html"]
    assert ">100<" not in pages["index.html"]


def test_rows_of_entries_that_left_the_catalog_are_not_shown(pages):
    resources = catalog()
    fewer = pages_of(resources[:1], build(resources))
    assert "不动产登记信息" not in fewer["index.html"]


def test_the_same_ledger_and_moment_give_the_same_bytes(pages):
    resources = catalog()
    assert pages_of(list(reversed(resources)), build(resources)) == pages
