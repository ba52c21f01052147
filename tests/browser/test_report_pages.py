"""The report in a real browser: no sideways scrolling on a phone, no label over another, A4 on paper."""

import json
import re
import shutil
import subprocess
from html import escape, unescape

import pytest

import synthetic_comparisons as comparisons
from made_reports import report_of
from shuyuan.reporting import build_site
from synthetic_ledger import build, catalog, make_resource

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip
# The page forbids scripts, so the measuring happens in a copy without that rule.
PROBE = """<script>
const boxes = [];
for (const chart of document.querySelectorAll("svg.chart")) {
  const frame = chart.getBoundingClientRect();
  const words = [...chart.querySelectorAll("text")].filter(t => t.textContent);
  const texts = words.map(t => [t.textContent, t.getBoundingClientRect()]);
  for (const [word, a] of texts) {
    if (a.left < frame.left - 1 || a.right > frame.right + 1) boxes.push("cut: " + word);
    for (const [other, b] of texts) {
      const apart = a.right <= b.left || b.right <= a.left || a.bottom - 3 <= b.top || b.bottom - 3 <= a.top;
      if (word !== other && !apart) boxes.push("overlap: " + word + " / " + other);
    }
  }
}
const wide = [...document.querySelectorAll("main, section, .tiles, .card, header, footer, nav")]
  .filter(e => e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.className || e.tagName);
const seen = { width: innerWidth, page: document.documentElement.scrollWidth, boxes: boxes, wide: wide };
parent.document.documentElement.setAttribute("data-probe", JSON.stringify(seen));
</script>"""
# A headless window is never narrower than 500 pixels, a frame is.
FRAME = '<!DOCTYPE html><body><iframe width="{width}" height="1600" frameborder="0" srcdoc="{page}"></iframe></body>'
LONG = "城乡居民基本养老保险待遇领取人员及其供养直系亲属信息（含历年补发、停发、恢复发放和生存认证情况）"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    hostile = [
        make_resource("public_security.long", LONG[:50], department="鄂托克旗" * 8, legal_basis="x" * 400),
        make_resource("public_security.markup", "<script>alert(1)</script>", department="<b>局</b>"),
    ]
    items = next(entry for entry in comparisons.ENTRIES if entry[0] == "housing_fund.accounts")
    copied = [
        *comparisons.catalog(),
        *(comparisons.copy_holder(f"office_{n:02d}.a", LONG[:50], *items[2:]) for n in range(13)),
    ]
    copied.append(comparisons.copy_holder("office_99.markup", "<script>alert(1)</script>", *items[2:]))
    resources = [
        *(one for one in catalog() if one.entry.id not in {each.entry.id for each in copied}),
        *hostile,
        *copied,
    ]
    ledger = build(resources)
    comparisons.compare(ledger, resources, rates=dict.fromkeys(((one.entry.id, "location") for one in copied), 0.25))
    folder = tmp_path_factory.mktemp("report") / "site"
    build_site(report_of(resources, ledger), folder)
    return folder


def chromium(tmp_path, *arguments):
    command = [CHROMIUM, *QUIET, f"--user-data-dir={tmp_path / 'profile'}", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def probe(tmp_path, page, width):
    html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text(encoding="utf-8"))
    copy = tmp_path / "copy.html"
    framed = FRAME.format(width=width, page=escape(html.replace("</body>", PROBE + "</body>")))
    copy.write_text(framed, encoding="utf-8")
    dom = chromium(tmp_path, "--window-size=1400,1700", "--virtual-time-budget=3000", "--dump-dom", copy.as_uri())
    return json.loads(unescape(re.search(r'data-probe="([^"]*)"', dom)[1]))


PAGES = (
    "index.html",
    "timeliness.html",
    "quality.html",
    "departments.html",
    "departments/natural_resources.html",
    "departments/public_security.html",
    "entries.html",
    "problems.html",
    "changes.html",
    "one-source.html",
    "notes.html",
    "entries/housing_fund.accounts.html",
    "entries/market_regulation.companies.html",
    "entries/office_99.markup.html",
    "entries/natural_resources.real_estate.html",
    "entries/public_security.long.html",
    "entries/public_security.markup.html",
)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_the_page_never_scrolls_sideways(site, tmp_path, name, width):
    seen = probe(tmp_path, site / name, width)
    assert seen["width"] == width
    assert seen["page"] <= width
    assert seen["wide"] == []
    assert seen["boxes"] == []


def test_the_guarded_page_is_styled_and_runs_nothing(site, tmp_path):
    injected = (site / "index.html").read_text(encoding="utf-8").replace("</body>", PROBE + "</body>")
    (tmp_path / "guarded.html").write_text(injected, encoding="utf-8")
    dom = chromium(tmp_path, "--dump-dom", (tmp_path / "guarded.html").as_uri())
    assert "data-probe=" not in dom.partition("<body>")[0], "the content policy stops even a script in the page"


@pytest.mark.parametrize("name", ["index.html", "timeliness.html", "quality.html", "one-source.html"])
def test_it_prints_on_a4(site, tmp_path, name):
    chromium(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={tmp_path / 'a4.pdf'}", (site / name).as_uri())
    sizes = re.findall(rb"/MediaBox \[([0-9. ]+)\]", (tmp_path / "a4.pdf").read_bytes())
    assert sizes
    for size in sizes:
        _, _, width, height = (float(number) for number in size.split())
        assert (round(width), round(height)) == (595, 842)
