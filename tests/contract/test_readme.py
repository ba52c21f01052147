"""The front door: every command of both READMEs works, and every picture and page that they point to is there."""

import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from shuyuan.demonstration.deliveries import deliver
from shuyuan.demonstration.departments import open_departments
from shuyuan.project import Project

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")
BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)


def commands(readme: str) -> list[str]:
    text = (ROOT / readme).read_text(encoding="utf-8")
    lines = [line.partition("#")[0].strip() for block in BLOCK.findall(text) for line in block.splitlines()]
    return [line for line in lines if line]


CLEAN = (
    "ZSBH,YWLX,NFSFZH,NFXM,NFHYZK,NVFSFZH,NVFXM,NVFHYZK,DJRQ,DJJG,BZ\n"
    "J159901-2020-000001,结婚,159901195001010016,张三,10,159901195001010024,李四,10,2020-05-20,示例旗民政局,\n"
)
"""The delivery without a fault that the READMEs check; its people cannot exist (region 159901)."""

SHELL = [command for command in commands(READMES[0]) if command.startswith(".venv/bin/shuyuan")]
MAKE = [command for command in commands(READMES[0]) if command.startswith("make")]


def test_both_languages_show_the_same_commands():
    assert commands(READMES[0]) == commands(READMES[1])
    assert len(SHELL) + len(MAKE) == len(commands(READMES[0]))


@pytest.mark.parametrize("command", MAKE)
def test_a_make_command_exists(command):
    target = command.split()[1]
    assert re.search(rf"^{target}:.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Front-end machines with the deliveries of the date that the READMEs name."""
    folder = tmp_path_factory.mktemp("readme")
    places = {"SHUYUAN_VAR": str(folder), "SHUYUAN_PROJECT": str(ROOT)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHUYUAN_VAR", str(folder))
        with open_departments(Project(ROOT)) as departments:
            deliver(departments.root, date(2026, 11, 20), 200)
            (folder / "jhdj_20261120.csv").write_text(CLEAN, encoding="utf-8")
            yield os.environ | departments.settings | places


@pytest.mark.parametrize("command", SHELL)
def test_a_shuyuan_command_works(command, environment):
    arguments = command.split()[1:]
    done = subprocess.run(
        [sys.executable, "-m", "shuyuan.cli", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        cwd=environment["SHUYUAN_VAR"],
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("readme", READMES)
def test_every_link_leads_somewhere(readme):
    text = (ROOT / readme).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)\)", text)
    assert targets
    for target in targets:
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("readme", READMES)
def test_every_verb_is_named(readme):
    from shuyuan.cli import VERBS

    text = (ROOT / readme).read_text(encoding="utf-8")
    assert [verb for verb in VERBS if f"`{verb}`" not in text and f"shuyuan {verb}" not in text] == []
