"""Kill the complete tiny workflow at random moments, and compare its end with an undisturbed run.

`python -m tests.faults.kills --count 50`. All processes of the run get SIGKILL at the same time.
Then the lock is removed with the command that the next start of the run prints, and the run is
started again. The state is kept in the folder, so that the command itself can be interrupted and
resumed.
"""

import argparse
import json
import os
import random
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.workflow.checkout import Checkout

KILLS_PER_RUN = 25
"""Number of kills of a run before it may end."""
UNDISTURBED = "undisturbed"
MEASURED = ("logs", "benchmarks", ".snakemake")
"""Folders with measured times."""
RESUMED = r"^  (\S+ -m snakemake --unlock .*)$"
"""Line of `tools.run` with the command that removes the lock of a killed run."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill runs until the given number is reached; print a summary, return 1 if a file differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50, help="number of kills (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the moments (%(default)s)")
    parser.add_argument(
        "--longest",
        type=float,
        default=6,
        help="longest time from the end of a job to the kill of the next ones [s] (%(default)s)",
    )
    parser.add_argument("--folder", type=Path, default=Path("runs/kills"), help="%(default)s")
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    kills = Kills(options.folder, options.seed, options.longest)
    kills.run(options.count)
    print(kills.summary())
    return 1 if kills.differing() else 0


class Kills:
    """Disturbed runs in a folder, and an undisturbed one.

    Args:
        folder: Folder of the copies of the project and of the state.
        seed: Seed of the moments of the kills.
        longest: Longest time from the end of a job to the kill of those that run then [s].
    """

    def __init__(self, folder: Path, seed: int, longest: float) -> None:
        self.folder, self.seed, self.longest = folder.absolute(), seed, longest
        self.path = self.folder / "state.json"
        self.state: dict[str, Any] = {"digests": {}, "kills": [], "failed": [], "jobs": 0}
        if self.path.exists():
            self.state = json.loads(self.path.read_text())

    def run(self, count: int) -> None:
        """Run undisturbed, then disturb runs until there are `count` kills."""
        if UNDISTURBED not in self.state["digests"]:
            self._finish(UNDISTURBED)
        while len(self.state["kills"]) < count:
            number = len(self.state["digests"])
            self._disturb(f"disturbed{number}", min(number * KILLS_PER_RUN, count))
            self._finish(f"disturbed{number}")

    def _disturb(self, name: str, total: int) -> None:
        """Start and kill a run until there are `total` kills, or until it ends."""
        checkout, words = self._checkout(name), None
        moments = self._moments(name)
        while len(self.state["kills"]) < total:
            number = len(self.state["kills"])
            seconds = random.Random(f"{self.seed} {number}").uniform(0, self.longest)
            jobs = moments[
                min(sum(k["run"] == name for k in self.state["kills"]), len(moments) - 1)
            ]
            if (moment := killed_after(checkout, seconds, jobs=jobs)) is None:
                return
            self.state["kills"].append({"run": name, **moment})
            self._save()
            words = words or printed_command(checkout)
            unlock(checkout, words)

    def _moments(self, name: str) -> list[int]:
        """Numbers of finished jobs after which a run is killed, in order: spread over all jobs."""
        rng = random.Random(f"{self.seed} {name}")
        return sorted(rng.randrange(self.state["jobs"]) for _ in range(KILLS_PER_RUN))

    def _finish(self, name: str) -> None:
        """Run to the end and keep the digests of the results."""
        checkout = self._checkout(name)
        process = start(checkout)
        output, _ = process.communicate()
        if process.returncode:
            self.state["failed"].append({"run": name, "output": output[-2000:]})
        self.state["digests"][name] = digests(checkout.folder / "results")
        if name == UNDISTURBED:
            self.state["jobs"] = finished_jobs(checkout)
        self._save()
        print(f"{name}: status {process.returncode}", flush=True)

    def _checkout(self, name: str) -> Checkout:
        folder = self.folder / name
        return Checkout.existing(folder) if (folder / "run.yaml").exists() else Checkout(folder)

    def _save(self) -> None:
        partial = self.path.with_suffix(".part")
        partial.write_text(json.dumps(self.state, indent=1))
        partial.replace(self.path)

    def differing(self) -> dict[str, list[str]]:
        """Files of each disturbed run that are not those of the undisturbed one."""
        expected = self.state["digests"][UNDISTURBED]
        return {
            name: names
            for name, found in self.state["digests"].items()
            if (names := differing(expected, found))
        }

    def summary(self) -> str:
        """Number of kills, and the files that differ."""
        kills, digests = self.state["kills"], self.state["digests"]
        rules = {rule for kill in kills for rule in kill["rules"]}
        lines = [
            f"{len(kills)} kills of {len(digests) - 1} runs, while {len(rules)} rules ran; "
            f"{len(digests[UNDISTURBED])} files in an undisturbed run"
        ]
        for run, names in self.differing().items():
            lines.append(f"{run}: {len(names)} files differ: {', '.join(names)}")
        lines += [
            f"{failure['run']} failed: {failure['output']}" for failure in self.state["failed"]
        ]
        return "\n".join(lines)


def command(checkout: Checkout, *words: str) -> subprocess.Popen:
    """Start a command in a copy of the project, in a session of its own."""
    return subprocess.Popen(
        words,
        cwd=checkout.folder,
        env={**os.environ, "PYTHONPATH": str(checkout.folder), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def start(checkout: Checkout, *targets: str) -> subprocess.Popen:
    """Start the run as `make run` does."""
    words = [sys.executable, "-m", "tools.run", "--cores", "2", *targets]
    return command(checkout, *words, "--configfile", "run.yaml")


def killed_after(
    checkout: Checkout, seconds: float, *targets: str, jobs: int = 0
) -> dict[str, Any] | None:
    """Kill a run; return the moment, None if the run ended before.

    Args:
        checkout: Copy of the project.
        seconds: Time from the first job of the run, or from the end of `jobs`, to the kill [s].
        targets: Files to make; the default is all.
        jobs: Number of jobs that are finished at the kill, those of earlier starts included.
    """
    log = checkout.folder / "logs/run.log"
    log.unlink(missing_ok=True)
    process = start(checkout, *targets)
    while process.poll() is None and not (log.exists() and "Execute " in log.read_text()):
        time.sleep(0.1)
    while process.poll() is None and finished_jobs(checkout) < jobs:
        time.sleep(0.1)
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=seconds)
        return None
    rules = running_rules(process.pid)
    kill_session(process.pid)
    process.communicate()
    return {"jobs": jobs, "seconds": round(seconds, 1), "rules": rules}


def finished_jobs(checkout: Checkout) -> int:
    """Number of jobs that have finished; each has written its benchmark."""
    return sum(1 for _ in (checkout.folder / "logs").rglob("*.tsv"))


def printed_command(checkout: Checkout, *targets: str) -> list[str]:
    """Command for removing the lock of a killed run, which the next start prints.

    Raises:
        AssertionError: It does not print one.
    """
    process = start(checkout, *targets)
    output, _ = process.communicate()
    printed = re.search(RESUMED, output, re.MULTILINE)
    assert printed, output
    return [str(checkout.folder / printed[1].split()[0]), *shlex.split(printed[1])[1:]]


def unlock(checkout: Checkout, words: list[str]) -> None:
    """Remove the lock of a killed run.

    Raises:
        AssertionError: The command fails.
    """
    process = command(checkout, *words)
    output, _ = process.communicate()
    assert process.returncode == 0, output


def session(leader: int) -> list[int]:
    """Processes of a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # pid (name) state parent group session
            if int(path.read_text().rsplit(")", 1)[1].split()[3]) == leader:
                found.append(int(path.parent.name))
    return found


def kill_session(leader: int) -> None:
    """Kill all processes of a session, until none is left."""
    while processes := [p for p in session(leader) if not is_zombie(p)]:
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.02)


def is_zombie(process: int) -> bool:
    """Whether a process has ended and waits for its parent."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def running_rules(leader: int) -> list[str]:
    """Rules whose scripts run in a session; Snakemake runs a copy `tmp… .RULE.py`."""
    names = set()
    for process in session(leader):
        with suppress(OSError):
            line = Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace")
            names |= set(re.findall(r"\.snakemake/scripts/\w+\.(\w+)\.py", line))
    return sorted(names)


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of all files below a folder by relative path, but those with measured times."""
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not set(path.relative_to(folder).parts) & set(MEASURED)
    }


def differing(expected: dict[str, str], found: dict[str, str]) -> list[str]:
    """Files of two results of `digests` that are not in both, or not the same."""
    return [f for f in {**expected, **found} if expected.get(f) != found.get(f)]


if __name__ == "__main__":
    sys.exit(main())
