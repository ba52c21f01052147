"""All papers in one folder; the PDF when LibreOffice is there, a line when it is not."""

import os
import shutil
import time
from pathlib import Path

import pytest
from specimen import empty, hostile, whole

from shuyuan.reporting.documents import portable, write_documents, writing
from shuyuan.reporting.documents.portable import convert_to_pdf, find_office


def test_the_papers_of_a_report(tmp_path: Path) -> None:
    written = write_documents(whole(), tmp_path, pdf=False)

    names = [str(path.relative_to(tmp_path)) for path in written]
    assert names[:2] == ["数据共享通报_2026-11.docx", "数据共享通报_2026-11.xlsx"]
    assert "整改通知单/整改通知单_鄂托克旗民政局_2026-11.docx" in names
    assert "月度进度表/月度进度表_鄂托克旗审计局_2026-11.docx" in names
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(written)


def test_a_second_run_changes_no_byte(tmp_path: Path) -> None:
    first = {path: path.read_bytes() for path in write_documents(whole(), tmp_path, pdf=False)}

    assert {path: path.read_bytes() for path in write_documents(whole(), tmp_path, pdf=False)} == first


def test_a_notice_of_an_earlier_run_that_has_no_reason_any_more_goes_and_other_files_stay(tmp_path: Path) -> None:
    folder = tmp_path / "整改通知单"
    folder.mkdir()
    stale, other_month, foreign = (
        folder / name for name in ("整改通知单_旧局_2026-11.docx", "整改通知单_旧局_2026-10.docx", "备注.docx")
    )
    for path in (stale, other_month, foreign):
        path.write_bytes(b"x")

    write_documents(empty(), tmp_path, pdf=False)

    assert not stale.exists()
    assert other_month.exists()
    assert foreign.exists()


@pytest.mark.parametrize("report", [empty, hostile], ids=["empty", "hostile"])
def test_extreme_reports_are_written_whole(tmp_path: Path, report) -> None:
    assert all(path.stat().st_size > 5000 for path in write_documents(report(), tmp_path, pdf=False))


def test_without_libreoffice_a_line_says_so_and_the_rest_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portable.shutil, "which", lambda name: None)
    told: list[str] = []

    written = write_documents(empty(), tmp_path, tell=told.append)

    assert [path.suffix for path in written] == [".docx", ".xlsx"]
    assert told == ["没有找到 LibreOffice（soffice），未生成 PDF；.docx 和 .xlsx 不受影响"]


def test_a_converter_that_gives_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "find_office", lambda: script(tmp_path, "exit 3"))
    told: list[str] = []

    (tmp_path / "out").mkdir()
    old = tmp_path / "out" / "数据共享通报_2026-11.pdf"
    old.write_bytes(b"%PDF of an earlier run")

    written = write_documents(empty(), tmp_path / "out", tell=told.append)

    assert not old.exists()
    assert [path.suffix for path in written] == [".docx", ".xlsx"]
    assert "LibreOffice 没有在" in told[0]


def test_a_converter_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    paper = tmp_path / "a.docx"
    paper.write_bytes(b"x")
    office = script(tmp_path, f"sleep 300 & echo $! > {tmp_path}/child; wait")
    began = time.monotonic()

    assert convert_to_pdf(paper, office, 1) is None

    assert time.monotonic() - began < 20
    child = int((tmp_path / "child").read_text())
    for _ in range(50):
        if not is_running(child):
            break
        time.sleep(0.1)
    assert not is_running(child)
    assert not (tmp_path / "a.pdf").exists()


def test_what_is_no_pdf_is_not_taken_for_one(tmp_path: Path) -> None:
    paper = tmp_path / "a.docx"
    paper.write_bytes(b"x")
    office = script(tmp_path, 'while [ "$1" != --outdir ]; do shift; done; echo sorry > "$2/paper.pdf"')

    assert convert_to_pdf(paper, office, 20) is None


@pytest.mark.skipif(find_office() is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_the_bulletin(tmp_path: Path) -> None:
    written = write_documents(hostile(), tmp_path)

    pdf = next(path for path in written if path.suffix == ".pdf")
    assert pdf.read_bytes().startswith(b"%PDF")
    assert pdf.stat().st_size > 20_000


def script(folder: Path, body: str) -> str:
    path = folder / "office"
    path.write_text(f"#!{shutil.which('bash')}\n{body}\n")
    path.chmod(0o755)
    return str(path)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
