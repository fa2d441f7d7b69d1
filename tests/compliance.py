"""IOOS compliance checker for the CF conventions."""

import json
from pathlib import Path

from compliance_checker.runner import CheckSuite, ComplianceChecker


def cf_errors(path: Path) -> list[str]:
    """Errors that the checker reports for a NetCDF file (CF-1.11)."""
    return _messages(path, ("high_priorities",))


def cf_messages(path: Path) -> list[str]:
    """Errors, warnings and advice that the checker reports for a NetCDF file (CF-1.11)."""
    return _messages(path, ("high_priorities", "medium_priorities", "low_priorities"))


def _messages(path: Path, priorities: tuple[str, ...]) -> list[str]:
    CheckSuite.load_all_available_checkers()
    report = path.with_suffix(".json")
    ComplianceChecker.run_checker(
        str(path), ["cf:1.11"], 0, "strict", output_filename=str(report), output_format="json"
    )
    results = json.loads(report.read_text())["cf:1.11"]
    return [text for name in priorities for part in results[name] for text in part["msgs"]]
