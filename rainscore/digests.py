"""Digests of the code that a script depends on, given to its rule so that edits rerun it.

The digests cover the script, every project module that it imports (directly or not), and every data
file of the package that one of these modules names. The digest of a Python file is taken over its
syntax tree without comments and docstrings, so that touching a file or editing its documentation
changes nothing.
"""

import ast
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = "rainscore"

DATA_FOLDERS = ("data", "report/templates")
"""Folders of the package that hold data files."""


def code_digests(script: Path, root: Path) -> list[str]:
    """Digests of a script and of all project files that it depends on.

    Args:
        script: Python file.
        root: Folder that holds the package.

    Returns:
        Sorted strings `file digest`, with paths relative to `root`.
    """
    root = root.resolve()
    pending, visited = [script.resolve()], set[Path]()
    while pending:
        file = pending.pop()
        if file not in visited:
            visited.add(file)
            if file.suffix == ".py":
                pending.extend(_dependencies(file, root))
    return sorted(f"{file.relative_to(root)} {_digest(file)}" for file in visited)


@cache
def _digest(file: Path) -> str:
    if file.suffix != ".py":
        return hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    return hashlib.sha256(ast.dump(_code(file)).encode()).hexdigest()[:16]


@cache
def _code(file: Path) -> ast.Module:
    """Syntax tree of a Python file without docstrings."""
    return _without_docstrings(ast.parse(file.read_bytes(), filename=str(file)))


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [statement for statement in body if not _is_bare_string(statement)]
            node.body = kept or [ast.Pass()]  # type: ignore[attr-defined]  # any node with a body
    return tree


def _is_bare_string(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


@cache
def _dependencies(file: Path, root: Path) -> tuple[Path, ...]:
    """Project files that a module imports or names, without those that they depend on."""
    files: set[Path] = set()
    for node in _executed(_code(file)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                files |= _module_files(alias.name, root)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            files |= _module_files(node.module, root)
            for alias in node.names:
                files |= _module_files(f"{node.module}.{alias.name}", root)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            files |= _data_files(node.value, root)
    return tuple(sorted(files))


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """Nodes below a node, without what only type checkers read (`if TYPE_CHECKING:`)."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from _executed(child)


def _module_files(module: str, root: Path) -> set[Path]:
    """File of a project module, and the `__init__.py` of each package that contains it."""
    parts = module.split(".")
    if parts[0] != PACKAGE:
        return set()
    path = root.joinpath(*parts)
    files = {root.joinpath(*parts[:i], "__init__.py") for i in range(1, len(parts) + 1)}
    return {f for f in {*files, path.with_suffix(".py")} if f.is_file()}


def _data_files(text: str, root: Path) -> set[Path]:
    """Data files of the package with the given name, if the text is a file name."""
    if not re.fullmatch(r"[\w-]+(\.[\w-]+)+", text):
        return set()
    return {f for d in DATA_FOLDERS if (f := root / PACKAGE / d / text).is_file()}
