"""Table of what the readers make of changed files, by format: `python -m tests.faults.report`."""

import argparse
import sys
import warnings
from collections import Counter
from collections.abc import Sequence

from tests.faults.outcomes import FAULTS, OUTCOMES
from tests.faults.subjects import SUBJECTS
from tests.faults.trials import Trial, run_trials


def main(arguments: Sequence[str] | None = None) -> int:
    """Try changes of each format, print the table and the faults; return 1 if there is a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("formats", nargs="*", default=list(SUBJECTS), help="formats; default: all")
    parser.add_argument("--count", type=int, help="changes of each format; default: all")
    parser.add_argument("--seed", type=int, default=0, help="random seed of the draw (%(default)s)")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    trials: list[Trial] = []
    for name in options.formats:
        trials += run_trials(SUBJECTS[name], count=options.count, seed=options.seed)
        print(f"{name}: tried", file=sys.stderr, flush=True)
    print(table(trials))
    faults = [trial for trial in trials if trial.outcome in FAULTS]
    for trial in faults:
        print(f"{trial.outcome}: {trial.format}, {trial.field}, {trial.kind}: {trial.detail[:300]}")
    return 1 if faults else 0


def table(trials: Sequence[Trial]) -> str:
    """Table in Markdown: number of trials by format and outcome; outcomes that occurred."""
    counts = Counter((trial.format, trial.outcome) for trial in trials)
    used = [name for name in OUTCOMES if any(trial.outcome == name for trial in trials)]
    formats = list(dict.fromkeys(trial.format for trial in trials))
    rows = [["format", "changes", *used], ["---", *["--:"] * (len(used) + 1)]]
    for name in formats:
        numbers = [counts[name, outcome] for outcome in used]
        rows.append([name, *map(str, [sum(numbers), *numbers])])
    totals = [sum(counts[name, outcome] for name in formats) for outcome in used]
    rows.append(["all", *map(str, [len(trials), *totals])])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


if __name__ == "__main__":
    sys.exit(main())
