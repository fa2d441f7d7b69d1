"""A real Slurm on the loopback interface of this machine, for tests."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

CONFIG = Path("/etc/slurm")
"""Folder of the configuration: the inner step of a job does not see `SLURM_CONF`."""
TEMPLATES = Path(__file__).parent
NODES = ("n1", "n2", "n3")


def reason_to_skip() -> str:
    """Why the tests cannot start a Slurm on this machine; empty if they can."""
    if os.getuid() != 0:
        return "starting Slurm needs root"
    for program in ("munged", "slurmctld", "slurmd", "sbatch"):
        if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is None:
            return f"{program} is not installed; make test-cluster installs Slurm on Debian"
    if (CONFIG / "slurm.conf").exists() and not _is_ours():
        return f"this machine has a Slurm of its own ({CONFIG / 'slurm.conf'})"
    return ""


def _is_ours() -> bool:
    return "ClusterName=rainscore\n" in (CONFIG / "slurm.conf").read_text()


def _managers(jobs: list[str]) -> list[int]:
    """Processes of Slurm that manage the steps of some jobs."""
    return _processes("cmdline", [f"slurmstepd: [{job}." for job in jobs])


def _members(jobs: list[str]) -> list[int]:
    """Processes of some jobs; all inherit the number of their job in the environment."""
    return _processes("environ", [f"\0SLURM_JOB_ID={job}\0" for job in jobs])


def _processes(file: str, texts: list[str]) -> list[int]:
    """Processes with any of some texts in a file of /proc."""
    found = []
    for path in Path("/proc").glob(f"[0-9]*/{file}"):
        with suppress(OSError):
            content = f"\0{path.read_text(errors='replace')}\0"
            if any(text in content for text in texts):
                found.append(int(path.parent.name))
    return found


def _runs(process: int) -> bool:
    """Whether a process exists and is not a zombie, which no one may collect in a container."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait until a condition holds.

    Raises:
        AssertionError: It did not hold in time; the message names `what`.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"after {seconds} s: {what}"
        time.sleep(0.2)


@dataclass(frozen=True)
class Job:
    """A job of Slurm.

    Attributes:
        number: Its identifier.
        state: Such as RUNNING.
        node: Where it runs or ran.
        start: Time at which it started, in local time.
        comment: Rule and wildcards, as the plugin of Snakemake writes them.
    """

    number: str
    state: str
    node: str
    start: str
    comment: str

    @property
    def is_running(self) -> bool:
        """Whether it ran when it was asked for."""
        return self.state == "RUNNING"


class Slurm:
    """A controller and three nodes; all their files but the configuration are in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("controller", *(f"spool-{node}" for node in NODES)):
            (folder / name).mkdir()
        CONFIG.mkdir(exist_ok=True)
        for name in ("slurm.conf", "gres.conf"):
            text = (TEMPLATES / f"{name}.in").read_text()
            text = text.replace("@HOST@", socket.gethostname().split(".")[0])
            (CONFIG / name).write_text(text.replace("@STATE@", str(folder)))

    def start(self) -> None:
        """Start all daemons and wait until all nodes are idle."""
        (self.folder / "munge.key").write_bytes(os.urandom(1024))
        (self.folder / "munge.key").chmod(0o400)
        paths = [f"--{name}={self.folder / file}" for name, file in {
            "key-file": "munge.key", "socket": "munge.socket", "pid-file": "munged.pid",
            "log-file": "munged.log", "seed-file": "munged.seed",
        }.items()]  # fmt: skip
        subprocess.run(["munged", "--force", *paths], check=True)
        self.start_controller()
        for node in NODES:
            self.start_node(node)

    def stop(self) -> None:
        """End all jobs and daemons, and remove the configuration."""
        with suppress(OSError, subprocess.SubprocessError):
            for node in NODES:
                self.lose_node(node)
        for node in NODES:
            self.stop_node(node)
        self.stop_controller()
        self._kill("munged")
        for name in ("slurm.conf", "gres.conf"):
            (CONFIG / name).unlink(missing_ok=True)

    def start_controller(self) -> None:
        """Start the controller."""
        subprocess.run(["slurmctld"], check=True)

    def stop_controller(self) -> None:
        """End the controller, which saves its state; running jobs go on."""
        self._kill("slurmctld", signal.SIGTERM)

    def jobs(self) -> list[Job]:
        """Jobs of the last minutes, finished ones included."""
        rows = self.query("squeue", "--states=all", "-h", "-o", "%i|%T|%N|%S|%k").splitlines()
        return [Job(*row.split("|", 4)) for row in rows]

    def wait_for_job(self, name: str, state: str = "RUNNING", seconds: float = 600) -> Job:
        """Wait for a job whose comment contains a name to reach a state."""
        found: list[Job] = []

        def reached() -> bool:
            found[:] = [job for job in self.jobs() if name in job.comment and job.state == state]
            return bool(found)

        wait_for(reached, f"no job {name} is {state}: {self.jobs()}", seconds)
        return found[-1]

    @staticmethod
    def cancel(job: Job) -> None:
        """Cancel a job."""
        subprocess.run(["scancel", job.number], check=True)

    def start_node(self, node: str) -> None:
        """Start the daemon of a node and wait until the node accepts jobs."""
        subprocess.run(["slurmd", "-N", node], check=True)
        wait_for(
            lambda: self.query("sinfo", "-h", "-n", node, "-o", "%T") in ("idle", "mixed"),
            f"{node} is not idle",
        )

    def stop_node(self, node: str) -> None:
        """End the daemon of a node, at once and without a farewell to its jobs."""
        self._kill(f"slurmd-{node}")

    def lose_node(self, node: str) -> None:
        """End the daemon of a node and all processes of its jobs, as a power failure does."""
        numbers = [job.number for job in self.jobs() if job.node == node and job.is_running]
        self.stop_node(node)
        # The managers of the steps first: they would report the end of their processes.
        for process in (*_managers(numbers), *_members(numbers)):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def _kill(self, daemon: str, number: int = signal.SIGKILL) -> None:
        path = self.folder / f"{daemon}.pid"
        with suppress(FileNotFoundError, ProcessLookupError, ValueError):
            process = int(path.read_text())
            os.kill(process, number)
            path.unlink()
            wait_for(lambda: not _runs(process), f"{daemon} still runs")

    @staticmethod
    def query(*command: str) -> str:
        """Output of a command of Slurm; empty while Slurm does not answer."""
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        return done.stdout.strip()
