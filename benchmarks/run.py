"""Run all benchmarks of this folder and write benchmarks/results.json."""

import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def machine() -> str:
    """Name of the processor and number of cores, as the system reports them."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    name = models[0] if models else platform.machine()
    return f"{name}, {max(len(models), 1)} cores"


def main() -> None:
    """Run the scripts in turn; the command line arguments, such as --quick, go to each script."""
    rows = []
    for script in sorted(HERE.glob("bench_*.py")):
        print(script.name, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "rows.json"
            command = [sys.executable, str(script), "--out", str(out), *sys.argv[1:]]
            subprocess.run(command, check=True)
            rows += json.loads(out.read_text())
    for row in rows:
        row |= {"machine": machine(), "options": " ".join(sys.argv[1:])}
    (HERE / "results.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
