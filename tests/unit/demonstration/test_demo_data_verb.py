"""``shuyuan demo-data``."""

from __future__ import annotations

import subprocess
import sys

import pytest


def shuyuan(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "shuyuan.cli", "demo-data", *arguments], capture_output=True, text=True, timeout=120
    )


def test_it_writes_and_says_what_was_planted(tmp_path):
    done = shuyuan(
        "--out", str(tmp_path), "--rows", "300", "--date", "2026-11-20", "--planted",
        "--entry", "civil_affairs.marriages",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "civil_affairs/out/hunyin/jhdj_20261120.ok").exists()
    assert "husband_id.resident_id" in done.stdout
    assert "300" in done.stdout


def test_corrected_copies_are_other_bytes_with_the_same_defects(tmp_path):
    said = []
    for place, more in (("a", ()), ("b", ("--corrected",))):
        arguments = ("--rows", "300", "--date", "2026-11-20", "--planted", "--entry", "taxation.taxpayers")
        done = shuyuan("--out", str(tmp_path / place), *arguments, *more)
        assert done.returncode == 0, done.stderr
        said.append([line for line in done.stdout.splitlines() if line.startswith("    ")])
    assert said[0] == said[1] != []
    name = "taxation/out/swdj/nsrxx_20261120.tsv"
    assert (tmp_path / "a" / name).read_bytes() != (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize(
    "wrong", [("--rows", "10"), ("--entry", "no.such"), ("--date", "2019-12-31"), ("--date", "tomorrow")]
)
def test_wrong_usage_writes_nothing(tmp_path, wrong):
    done = shuyuan("--out", str(tmp_path / "here"), *wrong)
    assert done.returncode == 2
    assert not (tmp_path / "here").exists()
    assert "Traceback" not in done.stderr
