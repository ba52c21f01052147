"""Who works with checks: one login, one department, one role; whatever is wrong lets nobody in."""

import json

import pytest

from building import department_text, make_project
from shuyuan.catalog import read_catalog
from shuyuan.catalog.check_users import find_check_user, gather_check_users
from shuyuan.project import Project

WANG = {"department": "civil_affairs", "role": "operator"}


@pytest.fixture
def project(tmp_path):
    return make_project(tmp_path, {}, departments={"civil_affairs": department_text()})


def write(project, users, **changes):
    text = json.dumps({"kind": "CheckUsers", "users": users} | changes, ensure_ascii=False)
    project.check_users.write_text(text, encoding="utf-8")


def codes(project):
    return [problem.code for problem in gather_check_users(project)[1]]


def test_who_is_listed_has_one_department_and_one_role(project):
    write(project, {"mz-wang": WANG, "li@example.gov.cn": WANG | {"role": "auditor"}})
    found = find_check_user(project, "mz-wang")
    assert (found.department, found.role) == ("civil_affairs", "operator")
    assert find_check_user(project, "li@example.gov.cn").role == "auditor"
    assert find_check_user(project, "MZ-WANG") is None
    assert find_check_user(project, "") is None


def test_without_the_file_nobody_is_let_in(project):
    assert find_check_user(project, "mz-wang") is None
    assert codes(project) == []


@pytest.mark.parametrize(
    ("users", "code"),
    [
        ({"mz-wang": WANG, "x": WANG | {"department": "civil_afairs"}}, "E382"),
        ({"mz-wang": WANG, "x": WANG | {"role": "boss"}}, None),
        ({"mz-wang": WANG, "a b": WANG}, None),
        ({"mz-wang": {"role": "operator"}}, None),
    ],
)
def test_a_wrong_file_lets_nobody_in_and_lint_says_so(project, users, code):
    write(project, users)
    found = codes(project)
    assert len(found) == 1
    assert code in (None, *found)
    assert find_check_user(project, "mz-wang") is None
    assert found[0] in [problem.code for problem in read_catalog(project).problems]


def test_a_login_written_twice_is_refused(project):
    text = "kind: CheckUsers\nusers:\n  a: {department: civil_affairs, role: operator}\n"
    project.check_users.write_text(text + "  a: {department: civil_affairs, role: auditor}\n", encoding="utf-8")
    assert len(codes(project)) == 1
    assert find_check_user(project, "a") is None


def test_the_file_that_comes_with_the_project_lets_nobody_in():
    from pathlib import Path

    settings, problems = gather_check_users(Project(Path(__file__).parents[3]))
    assert problems == []
    assert settings is not None
    assert settings.users == {}
