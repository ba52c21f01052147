"""``include/check_users.yaml``: read as strictly as entries are. A wrong file lets nobody in."""

from __future__ import annotations

from difflib import get_close_matches

from shuyuan.catalog.demands import department_folders
from shuyuan.catalog.dictionary import label
from shuyuan.catalog.explaining import Finding
from shuyuan.catalog.subjects import read_model
from shuyuan.entry import CheckUser, CheckUsers
from shuyuan.problems import Problem
from shuyuan.project import Project


def find_check_user(project: Project, login: str) -> CheckUser | None:
    """Return what a login may do with checks; ``None`` for who is not listed, and for everybody where a fault is."""
    settings, problems = gather_check_users(project)
    return None if problems or settings is None else settings.users.get(login)


def gather_check_users(project: Project) -> tuple[CheckUsers | None, list[Problem]]:
    """Read ``check_users.yaml`` for the linter; ``None`` where it is missing or wrong."""
    if not project.check_users.is_file():
        return None, []
    document, settings = read_model(project.check_users, label(project, project.check_users), CheckUsers)
    if settings is None:
        return None, document.problems
    known = department_folders(project)
    problems = list(document.problems)
    for login, user in settings.users.items():
        if user.department not in known:
            near = get_close_matches(user.department, known, 1, 0.6)
            facts = {"login": login, "department": user.department}
            path = ("users", login, "department")
            problems.append(Finding("E382", path, facts, nearest=near[0] if near else None).at(document))
    return settings, problems
