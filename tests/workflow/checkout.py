"""A copy of the project in which Snakemake runs."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from rainscore.paths import CHECKOUT

TINY = Path(__file__).with_name("tiny.yaml")
READ_FRAMES = {
    "simulate_radar",
    "simulate_imerg",
    "regrid_month",
    "measure_world",
    "evaluate_candidates",
    "score_maps",
}
"""Rules that read or write the granules and frames that a manifest lists."""


class Checkout:
    """A copy of the project's files in which Snakemake runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"],
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in listed.stdout.splitlines():
            if (CHECKOUT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(CHECKOUT / name, folder / name)
        self.configure()

    @classmethod
    def existing(cls, folder: Path) -> "Checkout":
        """Copy that was made before."""
        checkout = cls.__new__(cls)
        checkout.folder = folder
        return checkout

    def isolate(self) -> None:
        """Run each job in a folder that contains the declared inputs of its rule only.

        Rules that read granules and frames are left as they are: their manifest is the input, and
        the files that it lists lie next to it.
        """
        for path in (self.folder / "rules").glob("*.smk"):
            head, *rules = re.split(r"^(?= *rule \w+:)", path.read_text(), flags=re.MULTILINE)
            for number, text in enumerate(rules):
                # Every text begins with a rule, so the match is never None.
                if re.match(r" *rule (\w+):", text)[1] not in READ_FRAMES:  # type: ignore[index]  # a rule
                    rules[number] = re.sub(
                        r"^( *)script:\n", r'\1shadow:\n\1    "minimal"\n\g<0>', text, flags=re.M
                    )
            path.write_text(head + "".join(rules))

    def configure(self, **over: dict) -> None:
        """Write the configuration of the run: the tiny one, with the given sections updated."""
        config = yaml.safe_load(TINY.read_text())
        for section, leaves in over.items():
            config.setdefault(section, {}).update(leaves)
        (self.folder / "run.yaml").write_text(yaml.safe_dump(config))

    def snakemake(self, *arguments: str, over: Sequence[str] = ()) -> str:
        """Run Snakemake with further configuration files; return its output, fail if it fails."""
        configured = ("--configfile", "run.yaml", *over)
        command = [sys.executable, "-m", "snakemake", *arguments, *configured]
        # The copy must import itself, not the checkout that the tests run from.
        environment = {**os.environ, "PYTHONPATH": str(self.folder), "OMP_NUM_THREADS": "1"}
        run = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True
        )
        assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-6000:]
        return run.stdout + run.stderr

    def would_run(self) -> dict[str, int]:
        """Rules of a dry run with their numbers of jobs."""
        output = self.snakemake("-n", "--cores", "2")
        if "Nothing to be done" in output:
            return {}
        table = output.split("Job stats:")[1].split("total")[0]
        jobs = {name: int(n) for name, n in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)}
        jobs.pop("all", None)
        return jobs

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that occurs exactly once."""
        path = self.folder / name
        text = path.read_text()
        assert text.count(old) == 1, (name, old, text.count(old))
        path.write_text(text.replace(old, new))
