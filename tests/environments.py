"""An environment with a wheel and what it requires, made in seconds and without a network."""

import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement


@dataclass(frozen=True)
class Environment:
    """A virtual environment, given by its Python."""

    python: Path

    def run(self, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run the Python of the environment, which knows no other package; fail if it fails."""
        variables = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
        return run([str(self.python), *arguments], env=variables, cwd=folder or self.python.parent)


def run(command: list[str], **options) -> subprocess.CompletedProcess[str]:
    """Run a command; show its output if it fails."""
    ran = subprocess.run(command, capture_output=True, text=True, **options)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran


def install(wheel: Path, folder: Path) -> Environment:
    """Install a wheel by pip in a new environment that contains only what the wheel requires.

    The required packages are links to those that are installed here: torch alone has 700 MB.
    """
    run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
    environment = Environment(folder / "bin/python")
    place = environment.run("-c", "import site; print(site.getsitepackages()[0])").stdout.strip()
    for distribution in required(wheel):
        for name in {file.parts[0] for file in distribution.files or []} - {"..", "__pycache__"}:
            link = Path(place, name)
            if not link.exists():
                link.symlink_to(Path(str(distribution.locate_file(name))))
    pip = [sys.executable, "-m", "pip", "--python", str(environment.python)]
    run([*pip, "install", "--quiet", "--no-index", str(wheel)])
    return environment


def required(wheel: Path) -> list[metadata.Distribution]:
    """Installed distributions that a wheel requires, directly or indirectly, without its extras."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        text = archive.read(name).decode()
    marked = [line for line in text.splitlines() if line.startswith("Requires-Dist: ")]
    todo = [Requirement(line.removeprefix("Requires-Dist: ")) for line in marked]
    seen: set[str] = set()
    found: dict[str, metadata.Distribution] = {}
    while todo:
        requirement = todo.pop()
        extras = {"", *requirement.extras}
        marker = requirement.marker
        if str(requirement) in seen or (marker and not marker.evaluate({"extra": ""})):
            continue
        seen.add(str(requirement))
        distribution = metadata.distribution(requirement.name)
        found[requirement.name] = distribution
        for line in distribution.requires or []:
            needed = Requirement(line)
            if needed.marker and any(needed.marker.evaluate({"extra": e}) for e in extras):
                needed.marker = None
            todo.append(needed)
    return list(found.values())
