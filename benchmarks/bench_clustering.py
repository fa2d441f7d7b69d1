"""Cost of joint clustering: an epoch of each method, compared with one of its auto-encoder."""

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
from rainscore.clustering.algorithms.pooled import Summarised
from rainscore.clustering.algorithms.starts import adam, autoencoder_phase
from rainscore.clustering.mapclusters import summarised
from rainscore.training.autoencoder import AutoEncoder, AutoEncoderSettings
from rainscore.training.loop import Phase, Training

METHODS: dict[str, type[DeepClusterer]] = {
    method.__name__: method for method in (DCEC, IDEC, DeepKMeans, DESOM, DEPICT)
}


def timed(training: Training, phase: Phase) -> float:
    """Processor time [s] of a phase, without that of other programs."""
    training.phase_number, training.step, training.checked_step = 0, 0, -1
    start = time.process_time()
    training.run([phase])
    return time.process_time() - start


def timed_steps(training: Training, phase: Phase, steps: int) -> float:
    """Processor time [s] of loss, gradient and optimiser, on the same batch in each step."""
    optimizer = adam(1e-3)(training.model.parameters())
    _, rows, batch = next(iter(phase.batches.read(0, 1)))
    start = time.process_time()
    for step in range(steps):
        loss = phase.loss(batch, rows, step)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return time.process_time() - start


def summarising(maps: np.ndarray) -> Summarised:
    """Network of the project, as the workflow passes it to the methods."""
    return summarised(AutoEncoder(AutoEncoderSettings(size=100)), maps, "invariant")[0]


def costs(name: str, side: int, members: int, epochs: int) -> dict[str, float]:
    """Time of a joint and a plain epoch [s]; share of a step outside the network; memory [MB]."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    maps = np.random.default_rng(0).random((members, 1, side, side), dtype=np.float32)
    method = METHODS[name]
    fixed = {} if name == "DESOM" else {"k": 8}
    network = summarising(maps) if side == 100 else None
    clusterer = method(network=network, device="cpu", progress=False, **fixed)
    data = torch.from_numpy(maps)
    clusterer._build(maps.shape[1:])
    training = Training(
        model=torch.nn.ModuleList([clusterer.network_, clusterer.heads_]),
        device=torch.device("cpu"),
        seed=0,
        identity="",
        progress=False,
    )
    training.memory["revived"] = 0
    *before, joint = clusterer._phases(training, data)
    for phase in before:
        timed(training, replace(phase, steps=2, check_every=0))
    training.optimizer = joint.optimizer(training.model.parameters())
    joint.begin()
    joint.check(0, {})
    steps = epochs * joint.batches.per_epoch
    check = joint.check
    # Clusters of noise settle at once: the training must not end early.
    joint = replace(
        joint, begin=lambda: None, check=lambda step, row: check(step, row) and False, steps=steps
    )
    plain = replace(autoencoder_phase(clusterer.network_, joint.batches, epochs), check_every=0)
    timed(training, replace(plain, steps=2))
    alone = timed(training, plain) / epochs
    together = timed(training, joint) / epochs
    steps = members // clusterer.batch
    whole = timed(training, replace(joint, steps=steps, check_every=0))
    inside = timed_steps(training, joint, steps)
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
            rows += result_rows(f"{name}, {what}", found)
            print(rows[-3:], flush=True)
    options.out.write_text(json.dumps(rows, indent=1))


def result_rows(what: str, found: dict[str, float]) -> list[dict]:
    """Rows of the results; the ratio of the first is that of a joint to a plain epoch."""
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
