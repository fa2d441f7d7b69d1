"""Draw the workflow of the default run: all rules as SVG, and the stages as mermaid in a page."""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

from rainscore.paths import CHECKOUT

BEGIN, END = "<!-- graph of stages: make dag -->\n", "<!-- end of the graph of stages -->\n"
Edge = tuple[str, str]


def rule_graph() -> set[Edge]:
    """Pairs of a rule and a rule that uses its output, from Snakemake."""
    command = [sys.executable, "-m", "snakemake", "--rulegraph", "dot", "--forceall"]
    run = subprocess.run(
        [*command, "--cores", "1"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    if run.returncode:
        sys.exit(f"snakemake --rulegraph failed:\n{run.stderr}")
    names = dict(re.findall(r'(\d+)\[label = "([^"\\]+)', run.stdout))
    return {(names[a], names[b]) for a, b in re.findall(r"(\d+) -> (\d+)", run.stdout)}


def reduced(edges: set[Edge]) -> list[Edge]:
    """Edges of an acyclic graph without those that a longer path implies, sorted."""
    users: dict[str, set[str]] = {}
    for source, target in edges:
        users.setdefault(source, set()).add(target)

    def descendants(node: str) -> set[str]:
        return {d for user in users.get(node, ()) for d in {user, *descendants(user)}}

    implied = {(a, c) for a, b in edges for c in descendants(b)}
    return sorted(edges - implied)


def stages() -> dict[str, str]:
    """Stage of each rule, in the order of the Snakefile."""
    names = re.findall(r'include: "rules/(\w+)\.smk"', (CHECKOUT / "Snakefile").read_text("utf-8"))
    return {
        rule: name
        for name in names
        for rule in re.findall(
            r"^ *rule (\w+):", (CHECKOUT / f"rules/{name}.smk").read_text("utf-8"), re.MULTILINE
        )
    }


def mermaid(edges: set[Edge]) -> str:
    """Flow chart of the stages of a rule graph; a dotted arrow leads back to an earlier stage."""
    stage_of = stages()
    order = list(dict.fromkeys(stage_of.values()))
    between = {
        (stage_of[a], stage_of[b])
        for a, b in edges
        if a in stage_of and b in stage_of and stage_of[a] != stage_of[b]
    }
    forward = {(a, b) for a, b in between if order.index(a) < order.index(b)}
    lines = [
        f"    {a} --> {b}"
        for a, b in sorted(reduced(forward), key=lambda e: [*map(order.index, e)])
    ]
    lines += [f"    {a} -.-> {b}" for a, b in sorted(between - forward)]
    return "\n".join(["```mermaid", "flowchart LR", *lines, "```", ""])


def dot(edges: list[Edge]) -> str:
    """Rule graph in the language of graphviz."""
    style = (
        'node [shape=box, style="rounded,filled", fillcolor="#e8f1fa", fontname=sans]; rankdir=LR;'
    )
    return f"digraph rules {{ {style} {' '.join(f'{a} -> {b};' for a, b in edges)} }}"


def write_svg(path: Path) -> None:
    """Draw the rule graph; without graphviz, copy that of the documentation."""
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn = CHECKOUT / "docs/dag.svg"
    if shutil.which("dot"):
        run = subprocess.run(
            ["dot", "-Gbgcolor=white", "-Tsvg"],
            input=dot(reduced(rule_graph())),
            capture_output=True,
            text=True,
            check=True,
        )
        path.write_text(run.stdout, "utf-8")
    elif path.resolve() != drawn:
        shutil.copy(drawn, path)
    else:
        sys.exit("graphviz is needed to draw the rule graph: apt-get install graphviz")


def main() -> None:
    """Write or check the files that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--svg", type=Path, help="file for the graph of all rules")
    parser.add_argument("--readme", type=Path, help="page whose graph of stages is rewritten")
    parser.add_argument("--check", type=Path, help="page whose graph of stages must be current")
    options = parser.parse_args()
    if options.svg:
        write_svg(options.svg)
    for page in filter(None, (options.readme, options.check)):
        text = page.read_text("utf-8")
        head, tail = text.split(BEGIN)
        current = head + BEGIN + mermaid(rule_graph()) + END + tail.split(END)[1]
        if page == options.readme:
            page.write_text(current, "utf-8")
        elif current != text:
            sys.exit(f"{page}: the graph of stages is out of date; run make dag")


if __name__ == "__main__":
    main()
