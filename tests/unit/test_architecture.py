"""The floors of the house, and rules that hold everywhere in it, read from the syntax trees."""

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "plugins" / "shuyuan"
FLOORS = {
    0: {"problems", "language", "workdays", "scoring", "identifiers", "crashpoints", "masking", "normal_forms"},
    1: {"project", "entry", "catalog", "stages"},
    2: {"sources", "formats", "quality", "warehouses", "ledger", "vault"},
    3: {"freshness", "pipeline", "one_source", "indicators", "reporting", "notices", "checks", "demonstration"},
    4: {"orchestration", "cli"},
}
FLOOR_OF = {room: floor for floor, rooms in FLOORS.items() for room in rooms}
ONLY_IN = {
    "airflow": {"orchestration"},
    "celery": {"orchestration"},
    "great_expectations": {"quality"},
    "typer": {"cli"},
    "rich": {"cli"},
    "paramiko": {"sources"},
    "asyncssh": {"demonstration"},
    "sqlalchemy": {"sources", "orchestration"},
    "python_calamine": {"formats"},
    "pandas": {"quality"},
    "opencc": {"normal_forms"},
    "cryptography": {"one_source", "orchestration", "vault"},
    "httpx": {"notices"},
    "smtplib": {"notices"},
}
# Rooms of one floor that may use each other. A warehouse keeps the ledger; reports are shown by the demonstration.
NEIGHBOURS = {
    ("warehouses", "ledger"),
    ("demonstration", "indicators"),
    ("reporting", "indicators"),
    ("notices", "indicators"),
    ("notices", "reporting"),
    ("demonstration", "pipeline"),
    ("catalog", "entry"),
    ("catalog", "project"),
    ("cli", "orchestration"),
    ("problems", "language"),
    ("workdays", "problems"),
    ("normal_forms", "identifiers"),
    ("pipeline", "one_source"),
    ("pipeline", "freshness"),
    ("demonstration", "one_source"),
    ("demonstration", "checks"),
    ("checks", "one_source"),
    ("checks", "reporting"),
}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.name != "__init__.py")


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(tree: ast.AST):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, "imports are absolute"
            if node.module == "shuyuan":
                yield from ((f"shuyuan.{alias.name}", node) for alias in node.names)
            else:
                yield node.module, node


@pytest.fixture(params=MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def module(request):
    return request.param, ast.parse(request.param.read_text(encoding="utf-8"))


def test_every_room_stands_on_a_floor():
    assert {room_of(path) for path in MODULES} <= set(FLOOR_OF)


def test_imports_point_down(module):
    path, tree = module
    here = room_of(path)
    for name, node in imports(tree):
        if not name.startswith("shuyuan."):
            continue
        there = name.split(".")[1]
        if there == here or there == "__version__":
            continue
        assert FLOOR_OF[there] < FLOOR_OF[here] or (here, there) in NEIGHBOURS, (
            f"{path.name}:{node.lineno} imports {name}"
        )


def test_heavy_libraries_stay_in_their_room(module):
    path, tree = module
    for name, node in imports(tree):
        rooms = ONLY_IN.get(name.split(".")[0])
        assert rooms is None or room_of(path) in rooms, f"{path.name}:{node.lineno} imports {name}"


def test_size_and_docstrings(module):
    path, tree = module
    assert ast.get_docstring(tree), "every module says what it is"
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= 500, f"{lines} lines"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.returns is not None, f"{path.name}:{node.lineno} {node.name} has no return type"


def test_no_module_is_named_like_the_standard_library(module):
    path, _ = module
    if path.parent == PACKAGE:
        assert path.stem not in sys.stdlib_module_names


FORBIDDEN_WORDS = (
    "TRUNCATE ",
    'if_exists="replace"',
    "AutoAddPolicy",
    "extractall(",
    "pickle.",
    "eval(",
    "read_csv(path",
)


def test_dangerous_calls_are_absent(module):
    path, tree = module
    code = ast.unparse(_without_docstrings(tree))
    found = [word for word in FORBIDDEN_WORDS if word.lower() in code.lower()]
    assert not found, f"{path.name}: {found}"


def test_no_exception_is_swallowed_in_silence(module):
    path, tree = module
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"{path.name}:{node.lineno} catches everything"
            silent = len(node.body) == 1 and isinstance(node.body[0], ast.Pass)
            everything = ast.unparse(node.type) in ("Exception", "BaseException")
            assert not (silent and everything), f"{path.name}:{node.lineno} hides everything"


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return tree


def test_the_floors_are_drawn_in_the_package_docstring():
    import shuyuan

    for rooms in FLOORS.values():
        for room in rooms:
            assert room in (shuyuan.__doc__ or "")


def test_the_median_module_is_read_in_one_sitting():
    sizes = sorted(path.read_text(encoding="utf-8").count("\n") for path in MODULES)
    assert sizes[len(sizes) // 2] <= 150
