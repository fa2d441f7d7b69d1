"""Snakemake with the Slurm profile, in a process that a test can watch and disturb."""

import os
import subprocess
import sys
from pathlib import Path

QUICK = (
    "--slurm-init-seconds-before-status-checks", "2",
    "--latency-wait", "20",
    "--slurm-no-account",
    # Slurm repeats the job of a lost node itself, after two minutes; Snakemake does so at once.
    "--slurm-no-requeue",
    # The jobs of a month are cancelled once, and fail once because the controller is away.
    "--retries", "4",
)  # fmt: skip
"""Options that replace those of the profile, which is meant for a shared cluster."""


class SlurmRun:
    """A running Snakemake.

    Args:
        folder: Copy of the project.
        log: File of its output.
        *arguments: Further arguments.
    """

    def __init__(self, folder: Path, log: str, *arguments: str) -> None:
        self.log = folder / log
        command = [sys.executable, "-m", "snakemake", "--profile", "slurm", *QUICK, *arguments]
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                [*command, "--configfile", "run.yaml"],
                cwd=folder,
                # The copy must import itself, not the checkout that the tests run from.
                env={**os.environ, "PYTHONPATH": str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> str:
        """Output until now."""
        return self.log.read_text(errors="replace")

    def wait(self, seconds: float = 1200) -> int:
        """Wait for the end and return the exit status."""
        return self.process.wait(seconds)

    def kill(self) -> None:
        """End the process at once, if it still runs."""
        self.process.kill()
        self.process.wait()
