"""Availability of both products by day."""

import pandas as pd

from rainscore.imerg.manifests import STATES


def availability(manifests: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Count the half-hours or frames of each day by state.

    Args:
        manifests: Manifest of each product, by the name of the product.

    Returns:
        One row per product and day: product, day, expected, present, missing, damaged (numbers of
        half-hours or frames), versions (of those present, separated by spaces).
    """
    parts = []
    for product, table in manifests.items():
        day = table["time"].dt.normalize().rename("day")
        counts = pd.crosstab(day, table["state"]).reindex(columns=list(STATES), fill_value=0)
        versions = table["version"].where(table["state"] == "present").groupby(day)
        counts["versions"] = versions.agg(lambda names: " ".join(sorted(set(names.dropna()))))
        counts.insert(0, "expected", table.groupby(day).size())
        parts.append(counts.reset_index().assign(product=product))
    columns = ["product", "day", "expected", *STATES, "versions"]
    return pd.concat(parts, ignore_index=True)[columns]
