"""Availability of both products, day by day."""

import pandas as pd

from rainscore.imerg.manifests import STATES


def availability(manifests: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Count what each day holds.

    Args:
        manifests: Product → its manifest.

    Returns:
        One row a product and day: `product`, `day`, `expected`, `present`, `missing`, `damaged`
        (half-hours or frames), `versions` (those that are present).
    """
    parts = []
    for product, table in manifests.items():
        day = table["time"].dt.normalize().rename("day")
        counts = pd.crosstab(day, table["state"]).reindex(columns=list(STATES), fill_value=0)
        versions = table["version"].where(table["state"] == "present").groupby(day)
        counts["versions"] = versions.agg(lambda found: " ".join(sorted(set(found.dropna()))))
        counts.insert(0, "expected", table.groupby(day).size())
        parts.append(counts.reset_index().assign(product=product))
    columns = ["product", "day", "expected", *STATES, "versions"]
    return pd.concat(parts, ignore_index=True)[columns]
