"""The figure of the lag between radar and microwave."""

import pandas as pd
from matplotlib.figure import Figure

from rainscore.figures.style import colour, count, figure, nothing, styled


@styled
def plot_lag(
    lag: pd.DataFrame, best: dict[str, float], *, stamp: str, period: str, world: str
) -> Figure:
    """Draw the agreement of the radar with microwave-only pixels by the lag between them.

    Args:
        lag: `lag` [min], `value`, `low`, `high` (correlation and its 90 % interval), `n`.
        best: `best`, `low`, `high` [min], `half_hours`, as `rainscore.lag.find_lag` gives them.
        stamp: What the radar's time stamps are taken for.
        period: Such as '2020-01 to 2021-12'.
        world: 'simulated' or 'real'.
    """
    pairs = lag["n"].max() if len(lag) else 0
    subtitle = (
        f"{count(best['half_hours'])} half-hours with microwave rain, {count(pairs)} cells, "
        f"{period}; radar stamps taken as: {stamp}"
    )
    fig = figure(
        7, 4, title="At which lag radar and microwave agree best", subtitle=subtitle, world=world
    )
    if lag.empty:
        return nothing(fig, "no half-hour has rain that both microwave and the radar see")
    ax = fig.subplots()
    ax.set(xlabel="radar later than the microwave observation [min]", ylabel="correlation [1]")
    ax.grid(True)
    ax.fill_between(lag["lag"], lag["low"], lag["high"], color=colour(0), alpha=0.2, linewidth=0)
    ax.plot(lag["lag"], lag["value"], color=colour(0), marker="o", markersize=3.5)
    ax.axvspan(best["low"], best["high"], color=colour(1), alpha=0.15, linewidth=0)
    ax.axvline(best["best"], color=colour(1))
    bound = " or beyond" if best["best"] in (lag["lag"].min(), lag["lag"].max()) else ""
    ax.set_title(
        f"best at{bound} {best['best']:+.1f} min [{best['low']:+.1f}, {best['high']:+.1f}] (90 %); "
        "a wrong stamp moves it by a step"
    )
    return fig
