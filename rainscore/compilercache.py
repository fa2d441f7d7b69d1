"""Folder in which Numba keeps compiled functions, where the installation is read-only."""

import logging
import os
import tempfile
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"
"""Environment variable that names the folder to Numba."""


def use_writable_cache(package: Path = Path(__file__).parent) -> None:
    """Choose a folder for temporary files where Numba could write to none of its own.

    Numba's own folders are the `__pycache__` next to each module and the user's cache folder.

    Args:
        package: Folder of the package.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME") or f"{os.environ.get('HOME', '/')}/.cache")
    folders = [f for f in (package, *package.iterdir()) if f.is_dir()]
    if VARIABLE in os.environ or all(map(_is_writable, folders)) or _is_writable(home):
        return
    folder = _private_folder()
    os.environ[VARIABLE] = str(folder)
    logging.getLogger("rainscore").warning(
        "%s and %s are read-only: compiled functions are kept in %s (%s)",
        package, home, folder, VARIABLE,
    )  # fmt: skip


def _is_writable(folder: Path) -> bool:
    """Whether files can be created in a folder, or the folder itself if it does not exist."""
    try:
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
    except PermissionError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def _private_folder() -> Path:
    """Folder of this user for temporary files. Others must not write to it: the cache is code."""
    folder = Path(tempfile.gettempdir()) / f"rainscore-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    state = folder.lstat()
    if folder.is_symlink() or state.st_uid != os.getuid() or state.st_mode & 0o077:
        return Path(tempfile.mkdtemp(prefix="rainscore-"))
    return folder
