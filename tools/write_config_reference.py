"""Write docs/config.md from config.schema.yaml and the embedded default."""

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
HEAD = """# Configuration reference

Generated from `config.schema.yaml` and `config.yaml` by `make docs`. The file of a run
holds only the keys that differ from the default:
`snakemake --cores 2 --configfile configs/opera.yaml`. Unknown keys are refused. Cores, memory, GPUs
and partitions are set in the profiles (`profiles/default`, `slurm`).
"""


def kind(schema: dict) -> str:
    """Type and range of a key, as text."""
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(map(kind, schema["anyOf"]))
    text = schema["type"]
    if text == "array":
        inner = schema["items"]
        return f"list of {kind(inner)}"
    bounds = {
        "minimum": "≥",
        "exclusiveMinimum": ">",
        "maximum": "≤",
        "exclusiveMaximum": "<",
        "multipleOf": "multiple of",
    }
    limits = [f"{sign} {schema[name]}" for name, sign in bounds.items() if name in schema]
    return ", ".join([text, *limits])


def key_rows(schema: dict, default: dict, prefix: str = "") -> list[str]:
    """Rows of the keys of an object, and of the objects in it, as `object.key`."""
    rows = []
    for key, leaf in schema["properties"].items():
        if "properties" in leaf:
            rows += key_rows(leaf, default[key], f"{prefix}{key}.")
        else:
            value = f"`{default[key]}` | {leaf['description']}"
            rows.append(f"| `{prefix}{key}` | {kind(leaf)} | {value} |")
    return rows


def reference() -> str:
    """Text of the page."""
    schema = yaml.safe_load((ROOT / "config.schema.yaml").read_bytes())
    default = yaml.safe_load((ROOT / "config.yaml").read_bytes())
    head = "| key | type and range | default | meaning |\n|---|---|---|---|\n"
    top, sections = [], []
    for name, part in schema["properties"].items():
        if part.get("type") != "object":
            top.append(f"| `{name}` | {kind(part)} | `{default[name]}` | {part['description']} |")
            continue
        rows = key_rows(part, default[name])
        sections.append(f"\n## {name}\n{head}" + "\n".join(rows) + "\n")
    return HEAD + "\n## Top level\n" + head + "\n".join(top) + "\n" + "".join(sections)


if __name__ == "__main__":
    (ROOT / "docs/config.md").write_text(reference(), "utf-8")
