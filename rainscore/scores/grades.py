"""Words for predicted map scores."""

import math

GRADES = {"good": 0.6, "fair": 0.4, "poor": 0.0}
"""Lowest map score of each word. An affinity of 0.6 or 0.4 is that of an estimate that places 60 or
40 % of the rain, with the right amount, in the right cells (docs/prediction.md)."""


def grade(score: float) -> str:
    """Word for a map score; empty without a score.

    Args:
        score: Map score, 0 to 1, or NaN.

    >>> grade(0.62), grade(0.31), grade(float("nan"))
    ('good', 'poor', '')
    """
    if math.isnan(score):
        return ""
    return next(word for word, lowest in GRADES.items() if score >= lowest)


def grade_key() -> str:
    """Thresholds of the words in one line.

    >>> grade_key()
    'poor below 0.4, fair below 0.6, good from 0.6'
    """
    fair, good = GRADES["fair"], GRADES["good"]
    return f"poor below {fair:g}, fair below {good:g}, good from {good:g}"


def percent(share: float) -> str:
    """A share in whole percent; a small one does not become zero.

    >>> percent(0.256), percent(0.002)
    ('26 %', 'less than 1 %')
    """
    return "less than 1 %" if 0 < share < 0.01 else f"{100 * share:.0f} %"
