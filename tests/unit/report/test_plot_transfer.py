import numpy as np
import pandas as pd

from rainscore.report.figures.plot_transfer import METHODS, plot_transfer
from rainscore.report.skilltext import main_numbers, transfer_text
from tests.unit.report.figuredata import PERIOD, line_points, ticks

THIN_SPACE = "\u202f"
CASES = (
    ("at home", "test days", 8),
    ("at home", "all", 8),
    ("unseen world", "unseen-world-1", 4),
    ("unseen world", "unseen-world-2", 4),
    ("unseen world", "all", 8),
    ("real radar", "dry", 0),
    ("real radar", "rmi", 1),
    ("real radar", "all", 1),
)
SKILL = {"at home": 0.4, "unseen world": 0.3, "real radar": 0.25}


def transfer(**changes: float) -> pd.DataFrame:
    """Table in which each method after the U-Net has a skill lower by 0.05."""
    rows = []
    for kind, case, blocks in CASES:
        for number, method in enumerate(METHODS):
            skill = (SKILL | changes)[kind] - 0.05 * number
            for measure, value in (("crps_skill", skill), ("coverage", 0.88)):
                if blocks or measure == "crps_skill":
                    spread = 0.02 if blocks > 1 else np.nan
                    value = value if blocks else np.nan
                    bounds = (value, value - spread, value + spread)
                    rows.append((kind, case, method, measure, *bounds, blocks, 500 * blocks))
    names = ["kind", "case", "method", "measure", "value", "low", "high", "blocks", "n"]
    return pd.DataFrame(rows, columns=names).assign(split="all", group="all", note="")


def drawn(ax, *, hollow: bool) -> list[float]:
    """Values of the filled or hollow points, rounded, ascending."""
    lines = [c[0] for c in ax.containers if (c[0].get_markerfacecolor() == "white") == hollow]
    values = np.concatenate([line_points(line)[:, 0] for line in lines])
    return sorted(np.round(values[np.isfinite(values)], 6).tolist())


def test_cases_are_listed_by_kind_with_all_of_a_kind_first() -> None:
    ax = plot_transfer(transfer(), period=PERIOD).axes[0]
    names = [label.replace(THIN_SPACE, " ") for label in ticks(ax)]
    assert names[::-1] == [
        "at home (4 000)",
        "unseen worlds together (4 000)",
        "unseen-world-1 (2 000)",
        "unseen-world-2 (2 000)",
        "real rain together (500)",
        "dry (no window)",
        "rmi (500)",
    ]


def test_skill_and_coverage_are_drawn_and_short_cases_are_hollow() -> None:
    skill, coverage = plot_transfer(transfer(), period=PERIOD).axes
    home, world, real = ([SKILL[kind] - 0.05 * i for i in range(4)] for kind in SKILL)
    assert drawn(skill, hollow=False) == sorted(np.round(home + 3 * world, 6).tolist())
    assert drawn(skill, hollow=True) == sorted(np.round(2 * real, 6).tolist())
    assert drawn(coverage, hollow=True) == [88.0] * 8
    assert drawn(coverage, hollow=False) == [88.0] * 16


def test_a_skill_far_below_zero_is_drawn_at_the_edge() -> None:
    skill, _ = plot_transfer(transfer(**{"real radar": -7.0}), period=PERIOD).axes
    assert drawn(skill, hollow=True) == [-1.0] * 8


def test_the_sentence_gives_the_share_of_the_skill_at_home() -> None:
    assert transfer_text(transfer()) == (
        "The CRPS skill of the U-Net is 0.40 at home, on the held-out days; in unseen worlds it is "
        "0.30 (75 % of it), and the 90 % interval holds 88 % of the scores; on real rain it is "
        "0.25 (62 % of it), and the 90 % interval holds 88 % of the scores."
    )


def test_the_sentence_compares_the_u_net_with_boosting_where_both_are_known() -> None:
    row = {"split": "all", "case": "all", "method": "gradient boosting"} | {
        "measure": "unet_crps_skill",
        "kind": "unseen world",
    }
    bounds = [{"value": -0.012, "low": -0.03, "high": 0.004}]
    table = pd.concat([transfer(), pd.DataFrame(bounds).assign(**row)], ignore_index=True)
    assert (
        "and its CRPS skill relative to gradient boosting is −0.012 [−0.030, 0.004]; on real rain"
        in transfer_text(table)
    )


def test_the_sentence_has_no_share_without_skill_at_home() -> None:
    assert "(" not in transfer_text(transfer(**{"at home": -0.1}))


def test_the_sentence_leaves_out_a_kind_without_windows() -> None:
    table = transfer()
    table.loc[table["kind"] == "real radar", "value"] = np.nan
    assert "real rain" not in transfer_text(table)


def test_codes_of_the_u_net_are_not_its_best_rival() -> None:
    skills = {"U-Net": 0.4, "window codes (64)": 0.39, "quantile forest": 0.3, "climatology": 0.0}
    rows = [(m, q, v) for m, v in skills.items() for q in ("crps_skill", "coverage")]
    table = pd.DataFrame(rows, columns=["method", "measure", "value"])
    skill = main_numbers(table.assign(split="all", low=0.3, high=0.5))[0]
    assert skill.value == "0.40" and "quantile forest: 0.30" in skill.note
