"""``include/notices.yaml``: no secret in it, and nobody without a way."""

import pytest

from building import make_project
from shuyuan.catalog import CatalogError, read_catalog
from shuyuan.catalog.notice_settings import gather_notices, read_notices
from shuyuan.project import Project

GOOD = """kind: Notices
channels:
  post:
    type: mail
    connection: notices_smtp
    sender: center@example.gov.cn
  group:
    type: dingtalk
    connection: notices_dingtalk
center:
  channel: post
  to: [center@example.gov.cn]
departments:
  civil_affairs:
    channel: group
stewards:
  mz-jzg:
    channel: post
    to: [office@example.gov.cn]
"""


@pytest.fixture
def project(tmp_path):
    return make_project(tmp_path)


def codes(project, text):
    project.notices.write_text(text, encoding="utf-8")
    return [(one.code, one.location.line) for one in gather_notices(project)[1]]


def test_the_file_may_be_missing(project):
    assert not read_notices(project).active
    assert read_catalog(project).problems == ()


def test_a_good_file(project):
    assert codes(project, GOOD) == []
    assert read_notices(project).stewards["mz-jzg"].to == ("office@example.gov.cn",)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("channel: group", "channel: gruop", [("E337", 15)]),
        ("    to: [office@example.gov.cn]\n", "", [("E338", 18)]),
        ("channel: group\n", "channel: group\n    to: [a@b.cn]\n", [("E339", 16)]),
        ("civil_affairs:", "civil_afairs:", [("E328", 15)]),
        ("center:\n  channel: post\n  to: [center@example.gov.cn]\n", "", [("E329", 2)]),
        ("type: dingtalk", "type: dingding", [("E113", 8)]),
        ("notices_smtp\n", "notices_smtp\n    password: abcdefgh\n", [("E220", 6), ("E115", 6)]),
        ("to: [office@example.gov.cn]", 'to: ["王 <a@b.cn>"]', [("E122", 19)]),
        ("to: [office@example.gov.cn]", 'to: ["a@b.cn\\r\\nBcc: c@d.cn"]', [("E122", 19)]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found_at_its_place(project, old, new, found):
    assert old in GOOD
    made = codes(project, GOOD.replace(old, new))
    assert sorted(made) == sorted(found)
    with pytest.raises(CatalogError):
        read_notices(project)


@pytest.mark.parametrize(
    "address",
    [
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693axxxx-7aoc-4bc4",
        "https://oapi.dingtalk.com/robot/send?access_token=abc",
        "https://open.feishu.cn/open-apis/bot/v2/hook/abc",
    ],
)
def test_a_robots_address_in_the_file_is_a_credential_and_not_shown(project, address):
    project.notices.write_text(GOOD.replace("notices_dingtalk", address), encoding="utf-8")
    found = [one for one in read_catalog(project).problems if one.location.file.endswith("notices.yaml")]
    assert {"E220", "E221"} & {one.code for one in found}
    assert address not in "".join(f"{one} {one.excerpt}" for one in found)


def test_the_file_of_the_project_sends_nothing(monkeypatch):
    from pathlib import Path

    project = Project(Path(__file__).parents[3])
    assert not read_notices(project).active


def test_the_example_in_the_file_is_right(tmp_path, project):
    """With the marks taken off, what the project's own file shows can be used."""
    from pathlib import Path

    shown = (Path(__file__).parents[3] / "include" / "notices.yaml").read_text(encoding="utf-8").splitlines()
    first, last = shown.index("# channels:"), next(at for at, line in enumerate(shown) if "report_url" in line)
    used = [line[2:] if first <= at <= last else line for at, line in enumerate(shown)]
    assert codes(project, "\n".join(used) + "\n") == []
    assert read_notices(project).active
