"""IOOS compliance checker for the CF conventions."""

import json
from pathlib import Path

from compliance_checker.runner import CheckSuite, ComplianceChecker


def cf_errors(path: Path) -> list[str]:
    """Errors that the checker reports for a NetCDF file (CF-1.11)."""
    CheckSuite.load_all_available_checkers()
    report = path.with_suffix(".json")
    ComplianceChecker.run_checker(
        str(path), ["cf:1.11"], 0, "normal", output_filename=str(report), output_format="json"
    )
    results = json.loads(report.read_text())["cf:1.11"]
    return [message for part in results["high_priorities"] for message in part["msgs"]]
