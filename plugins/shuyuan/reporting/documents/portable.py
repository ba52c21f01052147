"""The 通报 as PDF, when LibreOffice is there: its converter, run without a window, with a profile of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

_STAND_INS = {
    "方正小标宋简体": "Noto Serif CJK SC",
    "仿宋": "Noto Serif CJK SC",
    "楷体": "Noto Serif CJK SC",
    "宋体": "Noto Serif CJK SC",
    "黑体": "Noto Sans CJK SC",
}
"""What is drawn where the fonts of official letters are missing, so that headings and text still differ."""

SECONDS = 120
"""How long a conversion may take; the first start of LibreOffice on a small machine takes half a minute."""


def find_office() -> str | None:
    """Where LibreOffice is, if it is."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def convert_to_pdf(paper: Path, office: str, seconds: float = SECONDS) -> Path | None:
    """Write ``paper`` (.docx) as .pdf beside it and return its path; ``None`` when there is none after ``seconds``."""
    with tempfile.TemporaryDirectory(prefix="shuyuan-pdf-") as name:
        work = Path(name)
        # a profile of its own: a second LibreOffice of the same user would hand the work to the first and end
        profile = f"-env:UserInstallation={(work / 'profile').as_uri()}"
        command = [office, profile, "--headless", "--norestore", "--convert-to", "pdf", "--outdir", name]
        fonts = _write_fonts(work / "fonts.conf")
        shutil.copyfile(paper, work / "paper.docx")
        with subprocess.Popen(
            [*command, str(work / "paper.docx")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "FONTCONFIG_FILE": str(fonts)},
        ) as running:
            try:
                running.wait(seconds)
            except subprocess.TimeoutExpired:
                pass
            finally:
                # soffice is a script that starts the program: its group is ours alone, and nothing of it stays
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(running.pid, signal.SIGKILL)
        made = work / "paper.pdf"
        if not made.is_file() or not made.read_bytes().startswith(b"%PDF"):
            return None
        target = paper.with_suffix(".pdf")
        part = target.with_name(f".{target.name}.part")
        shutil.copyfile(made, part)
        part.replace(target)
        return target


def _write_fonts(path: Path) -> Path:
    """A font configuration that adds the stand-ins to the machine's own."""
    known = escape(os.environ.get("FONTCONFIG_FILE", "/etc/fonts/fonts.conf"))
    aliases = "".join(
        f'<alias binding="same"><family>{font}</family><accept><family>{other}</family></accept></alias>'
        for font, other in _STAND_INS.items()
    )
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig>'
        f'<include ignore_missing="yes">{known}</include>{aliases}</fontconfig>',
        encoding="utf-8",
    )
    return path
