"""Training and inference of the U-Net: maps a second, what loading costs, a globe, a window.

On a GPU: `--device cuda --sizes small base large --batches 8 32 128 --peak 989` (bf16 Tflop/s).
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import torch
import xarray as xr
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode

from rainscore.grids import imerg_cells
from rainscore.imerg.reader import FIELDS
from rainscore.prediction.globe import CELLS, score_globe
from rainscore.prediction.granulesets import GranuleSet
from rainscore.prediction.scorer import load_scorer
from rainscore.times import HALF_HOUR
from rainscore.training.channels import CHANNELS
from rainscore.training.dataset import ScoreMaps, batches, input_channels, stack_context
from rainscore.training.losses import unet_loss
from rainscore.training.unet import UNet, UNetSettings

SIZES = {"small": (16, 3), "base": (32, 4), "large": (64, 4)}
EPOCH = np.datetime64("1970-01-01T00:00", "ns")
TIME = np.datetime64("2019-01-01T00:00", "ns")


def write_month(path: Path, maps: int) -> Path:
    """A training file of the default run's shape, with random content."""
    rng = np.random.default_rng(0)
    inputs = rng.random((maps, len(CHANNELS), 100, 100), dtype=np.float32)
    inputs[:, CHANNELS.index("valid")] = 1
    wet = rng.random((maps, 100, 100)) < 0.3
    with h5py.File(path, "w") as file:
        file["inputs"] = inputs.astype(np.float16)
        file["target"] = np.where(wet, 0.5, np.nan).astype(np.float16)
        file["wet"], file["truth"] = wet, np.ones_like(wet)
        file["time"] = np.arange(maps) * 1800
        file.attrs["channels"] = list(CHANNELS)
    return path


class PlainMaps(Dataset):
    """What one writes first: a map at a time through h5py, with its neighbours in time."""

    def __init__(self, path: Path) -> None:
        self.file = h5py.File(path)

    def __len__(self) -> int:
        return len(self.file["time"])

    def __getitem__(self, i: int) -> tuple[torch.Tensor, ...]:
        rain = [self.file["inputs"][j, 0] if 0 <= j < len(self) else None for j in (i - 1, i + 1)]
        arrays = [stack_context(self.file["inputs"][i], *rain)]
        arrays += [self.file["target"][i].astype(np.float32)]
        arrays += [self.file[name][i] for name in ("wet", "truth")]
        return tuple(map(torch.from_numpy, arrays))


def drained(source: Iterator) -> float:
    """Seconds to read everything."""
    start = time.perf_counter()
    for _ in source:
        pass
    return time.perf_counter() - start


def loading(path: Path, maps: int) -> list[dict]:
    """Reading alone, beside a plain DataLoader; and the share of a training that waits for it."""
    data, order = ScoreMaps([path], EPOCH + np.arange(maps) * HALF_HOUR), np.arange(maps)
    order = np.random.default_rng(0).permutation(order)
    ours = min(drained(batches(data.read, order, batch=8)) for _ in range(3))
    peer = min(drained(iter(DataLoader(PlainMaps(path), 8, shuffle=True))) for _ in range(3))
    model = UNet(UNetSettings(len(input_channels(CHANNELS)))).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    waited, start, read = 0.0, time.perf_counter(), batches(data.read, order, batch=8)
    while True:
        asked = time.perf_counter()
        batch = next(read, None)
        waited += time.perf_counter() - asked
        if batch is None:
            break
        step(model, optimizer, batch, torch.device("cpu"), "fp32")
    share = waited / (time.perf_counter() - start)
    return [
        row("read", maps / ours, "maps/s", maps / peer, "DataLoader over h5py"),
        row("share of a training that waits for data, small", share, "1"),
    ]


def step(model, optimizer, batch, place: torch.device, precision: str) -> None:
    """One step of the training."""
    batch = tuple(x.to(place) for x in batch)
    with torch.autocast(place.type, torch.bfloat16, enabled=precision == "bf16"):
        loss = unet_loss(model, batch)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def speed(size: str, batch: int, precision: str, device: str, options) -> list[dict]:
    """Maps a second of training and of inference, and the share of the device's peak."""
    place, (width, depth) = torch.device(device), SIZES[size]
    settings = UNetSettings(len(input_channels(CHANNELS)), width=width, depth=depth)
    model = UNet(settings).to(place).to(memory_format=torch.channels_last)
    if options.compiled:
        model.compile()
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    wet = torch.rand(batch, 100, 100) < 0.3
    maps = (torch.rand(batch, 15, 100, 100), torch.rand(batch, 100, 100), wet, wet | True)
    maps = tuple(x.to(place) for x in maps)

    def infer() -> None:
        with torch.inference_mode(), torch.autocast(device, torch.bfloat16, precision == "bf16"):
            model(maps[0])

    def train() -> None:
        step(model, optimizer, maps, place, precision)

    rows = []
    for name, work in (("training", train), ("inference", infer)):
        with FlopCounterMode(display=False) as counter:
            work()
        seconds = timed(work, device, options.repeats)
        what = f"{name}, {size}, batch {batch}, {precision}, {device}"
        rows.append(row(what, batch / seconds, "maps/s"))
        if options.peak:
            share = counter.get_total_flops() / seconds / (options.peak * 1e12)
            rows.append(row(f"{what}: share of the peak", share, "1"))
    return rows


def timed(work, device: str, repeats: int) -> float:
    """Seconds of the fastest of some repeats."""
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        if device == "cuda":
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - start)
    return best


def scoring(models: Path) -> list[dict]:
    """A window once the models are loaded, and a globe, of invented rain."""
    if not (models / "unet.json").is_file():
        print(f"{models}: no models; run the workflow first to time the scoring")
        return []
    scorer, rng = load_scorer(models), np.random.default_rng(0)
    fields = {name: np.zeros(CELLS.shape, np.float32) for name in FIELDS}
    fields["precipitation"] = np.maximum(rng.normal(size=CELLS.shape), 0).astype(np.float32)
    card = scorer.models.unet.card
    product = {"run": card["run"], "version": card["versions"][0]}
    globe = xr.Dataset({n: (("lat", "lon"), field) for n, field in fields.items()}, attrs=product)
    cells = imerg_cells(scorer.learning_grid)
    window = globe.isel(lat=slice(0, cells.ny), lon=slice(0, cells.nx))
    part, whole_globe = GranuleSet(TIME, {TIME: window}), GranuleSet(TIME, {TIME: globe})
    scorer.score(part, scorer.learning_grid)
    one = timed(lambda: scorer.score(part, scorer.learning_grid), "cpu", 5)
    whole = timed(lambda: score_globe(scorer, whole_globe), "cpu", 1)
    return [
        row("score of a window, models loaded", one, "s"),
        row("score of a globe, every window", whole, "s"),
    ]


def row(what: str, ours: float, unit: str, peer: float | None = None, name: str = "") -> dict:
    """A row of the results; with a peer, the ratio says how many times faster this is."""
    ratio = ours / peer if peer else None
    found = {"what": what, "ours": ours, "peer": peer, "ratio": ratio, "unit": unit}
    print(
        f"{what}: {ours:.4g} {unit}" + (f", {ratio:.2f} times {name}" if ratio else ""), flush=True
    )
    return {**found, "peer_name": name}


def main() -> None:
    """Write the rows as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--quick", action="store_true", help="fewer maps and repeats")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--sizes", nargs="+", default=["small"], choices=SIZES)
    parser.add_argument("--batches", nargs="+", type=int, default=[8])
    parser.add_argument("--compiled", action="store_true")
    parser.add_argument("--peak", type=float, help="of the device in bf16 [Tflop/s]")
    parser.add_argument("--models", type=Path, default=Path("results/models"))
    options = parser.parse_args()
    options.repeats = 5 if options.quick else 20
    rows = [
        entry
        for size in options.sizes
        for batch in options.batches
        for precision in ("fp32", "bf16")
        for entry in speed(size, batch, precision, options.device, options)
    ]
    if options.device == "cpu":
        maps = 96 if options.quick else 480
        with tempfile.TemporaryDirectory() as folder:
            rows += loading(write_month(Path(folder) / "2019-01.h5", maps), maps)
        rows += scoring(options.models)
    options.out.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
