"""Draw the rule graph of the default run: an SVG by graphviz, and the mermaid of the README."""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- rule graph: make dag -->\n", "<!-- end of the rule graph -->\n"


def edges() -> list[tuple[str, str]]:
    """Rules and those that use what they make, without what follows from other edges."""
    command = [Path(sys.executable).with_name("snakemake"), "--rulegraph", "dot", "--forceall"]
    run = subprocess.run([*command, "--cores", "1"], cwd=ROOT, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"snakemake --rulegraph failed:\n{run.stderr}")
    names = dict(re.findall(r'(\d+)\[label = "([^"\\]+)', run.stdout))
    found = {(names[a], names[b]) for a, b in re.findall(r"(\d+) -> (\d+)", run.stdout)}
    users: dict[str, set[str]] = {}
    for maker, user in found:
        users.setdefault(maker, set()).add(user)

    def below(rule: str) -> set[str]:
        return {d for user in users.get(rule, ()) for d in {user, *below(user)}}

    indirect = {(a, c) for a, b in found for c in below(b)}
    return sorted(found - indirect)


def mermaid(rows: list[tuple[str, str]]) -> str:
    """The edges as a flow chart for the README."""
    lines = [f"    {a} --> {b}" for a, b in rows]
    return "\n".join(["```mermaid", "flowchart LR", *lines, "```", ""])


def dot(rows: list[tuple[str, str]]) -> str:
    """The edges for graphviz."""
    style = (
        'node [shape=box, style="rounded,filled", fillcolor="#e8f1fa", fontname=sans]; rankdir=LR;'
    )
    return f"digraph rules {{ {style} {' '.join(f'{a} -> {b};' for a, b in rows)} }}"


def main() -> None:
    """Write what the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--svg", type=Path)
    parser.add_argument("--readme", type=Path, help="page whose rule graph is written anew")
    parser.add_argument("--check", type=Path, help="page whose rule graph must be current")
    options = parser.parse_args()
    if options.svg:
        options.svg.parent.mkdir(parents=True, exist_ok=True)
        if shutil.which("dot"):
            drawn = subprocess.run(
                ["dot", "-Gbgcolor=white", "-Tsvg"],
                input=dot(edges()),
                capture_output=True,
                text=True,
                check=True,
            )
            options.svg.write_text(drawn.stdout)
        elif options.svg != ROOT / "docs/dag.svg":
            print("graphviz is not installed: the rule graph is the one of docs/dag.svg")
            shutil.copy(ROOT / "docs/dag.svg", options.svg)
        else:
            sys.exit("graphviz draws the rule graph: apt-get install graphviz")
    for page in filter(None, (options.readme, options.check)):
        text = page.read_text()
        head, rest = text.split(BEGIN)
        current = head + BEGIN + mermaid(edges()) + END + rest.split(END)[1]
        if page == options.readme:
            page.write_text(current)
        elif current != text:
            sys.exit(f"{page}: its rule graph is not that of the workflow: make dag")


if __name__ == "__main__":
    main()
