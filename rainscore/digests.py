"""Digests of code, so that an edit reruns exactly what it touches and a touched file nothing.

A script's digest covers it and every project module that it imports, taken over the parsed tree
without comments and docstrings, and every data file of the package that a module names.
"""

import ast
import hashlib
import re
from functools import cache
from pathlib import Path

PACKAGE = "rainscore"


DATA_FOLDERS = ("data", "report/templates")


def code_digests(script: Path, root: Path) -> list[str]:
    """One string `file digest` for the script and each project file it leads to, sorted.

    Args:
        script: A Python file.
        root: The folder that holds the package.
    """
    todo, seen = [script.resolve()], set[Path]()
    while todo:
        file = todo.pop()
        if file not in seen:
            seen.add(file)
            if file.suffix == ".py":
                todo.extend(_leads_to(file, root.resolve()))
    return sorted(f"{file.relative_to(root.resolve())} {_digest(file)}" for file in seen)


@cache
def _digest(file: Path) -> str:
    if file.suffix != ".py":
        return hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    tree = _without_docstrings(ast.parse(file.read_text(), filename=str(file)))
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:16]


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [b for b in body if not _is_bare_string(b)]
            node.body = kept or [ast.Pass()]  # type: ignore[attr-defined]  # any node with a body
    return tree


def _is_bare_string(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


@cache
def _leads_to(file: Path, root: Path) -> tuple[Path, ...]:
    found: set[Path] = set()
    for node in ast.walk(ast.parse(file.read_text(), filename=str(file))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found |= _module_files(alias.name, root)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= _module_files(node.module, root)
            for alias in node.names:
                found |= _module_files(f"{node.module}.{alias.name}", root)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= _data_files(node.value, root)
    return tuple(sorted(found))


def _module_files(module: str, root: Path) -> set[Path]:
    """The file of a project module and the `__init__` of each package above it."""
    parts = module.split(".")
    if parts[0] != PACKAGE:
        return set()
    path = root.joinpath(*parts)
    files = {root.joinpath(*parts[:i], "__init__.py") for i in range(1, len(parts) + 1)}
    return {f for f in {*files, path.with_suffix(".py")} if f.is_file()}


def _data_files(text: str, root: Path) -> set[Path]:
    if not re.fullmatch(r"[\w-]+(\.[\w-]+)+", text):
        return set()
    return {f for d in DATA_FOLDERS if (f := root / PACKAGE / d / text).is_file()}
