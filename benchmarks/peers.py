"""Runs the programs that measure pysteps, with an interpreter that has it."""

import json
import os
import subprocess
import sys
from pathlib import Path


def run_pysteps(script: str, *arguments: str) -> dict | None:
    """Result of a script of this folder that prints JSON in its last line.

    The interpreter is `$PYSTEPS_PYTHON`, or the current one.

    Returns:
        The JSON object; None where the script fails, as without pysteps.
    """
    python = os.environ.get("PYSTEPS_PYTHON", sys.executable)
    path = Path(__file__).with_name(script)
    result = subprocess.run([python, str(path), *arguments], capture_output=True, text=True)
    if result.returncode:
        print("pysteps is not compared: install it, or set PYSTEPS_PYTHON", file=sys.stderr)
        return None
    return json.loads(result.stdout.splitlines()[-1])
