"""Run every benchmark of this folder; writes benchmarks/results.json."""

import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def machine() -> str:
    """Processor and number of cores, as far as the system tells."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    name = models[0] if models else platform.machine()
    return f"{name}, {max(len(models), 1)} cores"


def main() -> None:
    """Run the scripts one after the other; arguments (such as --quick) go to each of them."""
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
