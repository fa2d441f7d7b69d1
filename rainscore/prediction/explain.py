"""Codes that a scored map is made of, and what they mean, in words."""

import json

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.errors import RainscoreError

MAX_CODES = 5
"""Number of the most frequent codes that are explained in sentences."""

FACTORS = {"amount_factor": "amount", "place_factor": "place"}
"""Factors of the affinity, with their names."""


def code_table(dataset: xr.Dataset) -> pd.DataFrame:
    """Codes of a scored map, the most frequent first.

    Args:
        dataset: Scored map of `rainscore score` with the variable `code`.

    Returns:
        code, share (of the windows with rain) [1], name, and the other entries of its description
        (`codefields.DESCRIBED`); empty without rain.

    Raises:
        RainscoreError: The map has no codes, or their descriptions cannot be read.
    """
    if "code" not in dataset:
        raise RainscoreError(
            "the map has no codes: score it with models that have a code book "
            "(results/models/codebook.safetensors)"
        )
    try:
        described = json.loads(dataset["code"].attrs["descriptions"])
        entries = {int(code): dict(values) for code, values in described.items()}
    except (KeyError, TypeError, ValueError) as error:
        raise RainscoreError(f"the descriptions of its codes cannot be read ({error})") from error
    values = dataset["code"].to_numpy()
    codes, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    rows = [
        {"code": int(code), "share": count / counts.sum(), **entries.get(int(code), {})}
        for code, count in zip(codes, counts, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["code", "share", *_names(entries)])
    return table.sort_values("share", ascending=False, ignore_index=True)


def _names(entries: dict[int, dict]) -> list[str]:
    return list(dict.fromkeys(["name", *(name for row in entries.values() for name in row)]))


def code_sentences(dataset: xr.Dataset) -> list[str]:
    """Sentences about the codes of a scored map; none for a map without codes or rain.

    Args:
        dataset: Scored map of `rainscore score`.
    """
    if "code" not in dataset:
        return []
    table = code_table(dataset)
    if table.empty:
        return []
    shown = table.head(MAX_CODES)
    sentences = [
        f"The map is made of {len(table)} codes; the {len(shown)} most frequent cover "
        f"{_percent(shown['share'].sum())} of its windows with rain."
    ]
    return sentences + [_sentence(row) for _, row in shown.iterrows()]


def _sentence(row: pd.Series) -> str:
    text = f"{_percent(row['share'])}, code {row['code']}"
    if not isinstance(row["name"], str):
        return f"{text}."
    text += f" ({row['name']}): "
    parts = [f"score {row['median']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"]
    if row["zero"] >= 0.05:
        parts.append(f"exactly 0 in {_percent(row['zero'])} of the cases")
    factors = {name: float(row[key]) for key, name in FACTORS.items() if pd.notna(row.get(key))}
    if factors:
        worst = min(factors, key=factors.__getitem__)
        given = ", ".join(f"{name} {value:.2f}" for name, value in factors.items())
        parts.append(f"limited by the {worst} of the rain ({given})")
    amounts = [row.get(name) for name in ("hit_rain", "missed_rain", "false_rain")]
    if all(pd.notna(amount) for amount in amounts):
        hit, missed, false = amounts
        parts.append(f"{hit:.2f} mm/h hit, {missed:.2f} missed, {false:.2f} false")
    return text + "; ".join([*parts, *_following(row)]) + "."


def _following(row: pd.Series) -> list[str]:
    """What follows a code; nothing where it is not known."""
    stays, ends = row.get("stays_family"), row.get("ends")
    if pd.isna(stays) or pd.isna(ends):
        return []
    text = f"half an hour later the same family in {_percent(stays)}, no rain in {_percent(ends)}"
    if pd.notna(row.get("next_name")) and pd.notna(row.get("next_share")):
        text += f", most often another family: {row['next_name']} ({_percent(row['next_share'])})"
    return [text]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
