"""What learning clusters jointly costs: an epoch of each method beside its plain auto-encoder's."""

import argparse
import json
import multiprocessing
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from rainscore.clustering.algorithms.base import DeepClusterer
from rainscore.clustering.algorithms.dcec import DCEC, IDEC
from rainscore.clustering.algorithms.depict import DEPICT
from rainscore.clustering.algorithms.desom import DESOM
from rainscore.clustering.algorithms.dkm import DeepKMeans
from rainscore.clustering.algorithms.phases import Phase, Run, steps_of_epoch
from rainscore.clustering.algorithms.pooled import Summarised
from rainscore.clustering.algorithms.starts import adam, autoencoder_phase
from rainscore.clustering.mapclusters import summarised
from rainscore.training.autoencoder import AutoEncoder, AutoEncoderSettings

METHODS: dict[str, type[DeepClusterer]] = {
    method.__name__: method for method in (DCEC, IDEC, DeepKMeans, DESOM, DEPICT)
}


def timed(run: Run, phase: Phase) -> float:
    """Processor time [s] of a phase; other programs do not count."""
    run.number, run.step = 0, 0
    start = time.process_time()
    run.go([phase])
    return time.process_time() - start


def plain(clusterer: DeepClusterer, run: Run, steps: int) -> Phase:
    """The auto-encoder alone, in steps of the same batch."""
    return replace(autoencoder_phase(run, clusterer.network_, 1), steps=steps, every=0)


def bare(run: Run, phase: Phase, steps: int) -> float:
    """Processor time [s] of loss, gradient and optimiser alone, on one batch."""
    optimizer = adam(1e-3)(run.model.parameters())
    rows = torch.arange(run.batch)
    x = run.data[: run.batch]
    start = time.process_time()
    for step in range(steps):
        loss = phase.loss(x, rows, step)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return time.process_time() - start


def summarising(maps: np.ndarray) -> Summarised:
    """The project's network as the workflow gives it to the methods."""
    return summarised(AutoEncoder(AutoEncoderSettings(size=100)), maps, "invariant")[0]


def costs(name: str, side: int, members: int, epochs: int) -> dict[str, float]:
    """Seconds an epoch, jointly and plain; share of a step outside the network; memory [MB]."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    maps = np.random.default_rng(0).random((members, 1, side, side), dtype=np.float32)
    method = METHODS[name]
    fixed = {} if name == "DESOM" else {"k": 8}
    network = summarising(maps) if side == 100 else None
    clusterer = method(network=network, device="cpu", progress=False, **fixed)
    data = torch.from_numpy(maps)
    clusterer._build(maps.shape[1:])
    model = torch.nn.ModuleList([clusterer.network_, clusterer.heads_])
    run = Run(model, data, torch.device("cpu"), clusterer.batch, 0, "", None, 1e9, False)
    run.memory["revived"] = 0
    *before, joint = clusterer._phases(run)
    for phase in before:
        run.go([replace(phase, steps=2, every=0)])
        run.number = 0
    joint.begin()
    joint.check(0)
    epoch = steps_of_epoch(members, clusterer.batch)
    judge = joint.check
    # It must not end early: clusters of noise settle at once.
    joint = replace(
        joint,
        begin=lambda: None,
        check=lambda step: judge(step) and False,
        steps=epochs * epoch,
    )
    timed(run, plain(clusterer, run, 2))
    alone = timed(run, plain(clusterer, run, epochs * epoch)) / epochs
    together = timed(run, joint) / epochs
    steps = members // clusterer.batch
    whole = timed(run, replace(joint, steps=steps, every=0))
    inside = bare(run, joint, steps)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "joint": together,
        "plain": alone,
        "outside": max(1 - inside / whole, 0.0),
        "memory": memory,
    }


def main() -> None:
    """Write the rows as JSON; each method in a process of its own, for its memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--quick", action="store_true", help="fewer maps, about two minutes")
    options = parser.parse_args()
    members, epochs = (512, 2) if options.quick else (1024, 6)
    context = multiprocessing.get_context("spawn")
    rows = []
    for side, what in ((16, "papers' network, 16 × 16"), (100, "project's network, 100 × 100")):
        for name in METHODS:
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                found = pool.submit(costs, name, side, members, epochs).result()
            rows += lines(f"{name}, {what}", found)
            print(rows[-3:], flush=True)
    options.out.write_text(json.dumps(rows, indent=1))


def lines(what: str, found: dict[str, float]) -> list[dict]:
    """Rows of the results; the ratio of the first says how much longer a joint epoch is."""
    common = {"what": what, "peer": None, "ratio": None, "peer_name": ""}
    return [
        {
            **common,
            "ours": found["joint"],
            "peer": found["plain"],
            "ratio": found["joint"] / found["plain"],
            "unit": "s/epoch",
            "peer_name": "plain auto-encoder",
        },
        {**common, "ours": found["outside"], "unit": "share of a step outside the network"},
        {**common, "ours": found["memory"], "unit": "MB peak"},
    ]


if __name__ == "__main__":
    main()
