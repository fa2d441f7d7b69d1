"""Draw the rule graph of the default run: an SVG by graphviz, and the mermaid of the README."""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- rule graph: make dag -->\n", "<!-- end of the rule graph -->\n"


def graph(kind: str) -> str:
    """The rule graph as Snakemake prints it, `dot` or `mermaid-js`, without what varies."""
    command = [Path(sys.executable).with_name("snakemake"), "--rulegraph", kind, "--forceall"]
    run = subprocess.run([*command, "--cores", "1"], cwd=ROOT, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"snakemake --rulegraph failed:\n{run.stderr}")
    return run.stdout


def mermaid() -> str:
    """A flow chart of the rules, in a stable order."""
    dot = graph("dot")
    names = dict(re.findall(r'(\d+)\[label = "([^"\\]+)', dot))
    edges = sorted((names[a], names[b]) for a, b in re.findall(r"(\d+) -> (\d+)", dot))
    lines = [f"    {a} --> {b}" for a, b in edges]
    return "\n".join(["```mermaid", "flowchart LR", *lines, "```", ""])


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
                ["dot", "-Grankdir=LR", "-Gbgcolor=white", "-Tsvg"],
                input=graph("dot"),
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
        current = head + BEGIN + mermaid() + END + rest.split(END)[1]
        if page == options.readme:
            page.write_text(current)
        elif current != text:
            sys.exit(f"{page}: its rule graph is not that of the workflow: make dag")


if __name__ == "__main__":
    main()
