"""Speed of training, inference and loading of maps, and of scoring a window and the globe.

On a GPU: `--device cuda --sizes small base large --batches 8 32 128 --peak 989` (bf16 Tflop/s).
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np
import torch
import xarray as xr
from resultrows import benchmark_parser, result_row, write_rows
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode

from rainscore.grids import imerg_cells
from rainscore.imerg.reader import FIELDS
from rainscore.prediction.globe import CELLS, score_globe
from rainscore.prediction.granulesets import GranuleSet
from rainscore.prediction.scorer import load_scorer
from rainscore.times import HALF_HOUR
from rainscore.training.channels import CHANNELS
from rainscore.training.dataset import ScoreMaps, batches
from rainscore.training.losses import unet_loss
from rainscore.training.timecontext import add_time_context, input_channels
from rainscore.training.unet import UNet, UNetSettings

SIZES = {"small": (16, 3), "base": (32, 4), "large": (64, 4)}
EPOCH = np.datetime64("1970-01-01T00:00", "ns")
TIME = np.datetime64("2019-01-01T00:00", "ns")


def write_month(path: Path, maps: int) -> Path:
    """Write a training file with the shape of the default run and random values."""
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
    """Data set that reads one map at a time with h5py, with its neighbours in time."""

    def __init__(self, path: Path) -> None:
        self.file = h5py.File(path)

    def __len__(self) -> int:
        return len(self.file["time"])

    def __getitem__(self, i: int) -> tuple[torch.Tensor, ...]:
        rain = [self.file["inputs"][j, 0] if 0 <= j < len(self) else None for j in (i - 1, i + 1)]
        arrays = [add_time_context(self.file["inputs"][i], *rain)]
        arrays += [self.file["target"][i].astype(np.float32)]
        arrays += [self.file[name][i] for name in ("wet", "truth")]
        return tuple(map(torch.from_numpy, arrays))


def reading_time(source: Iterator) -> float:
    """Time to read all batches [s]."""
    start = time.perf_counter()
    for _ in source:
        pass
    return time.perf_counter() - start


def loading(path: Path, maps: int) -> list[dict]:
    """Speed of reading, compared with a DataLoader; share of the training time spent waiting."""
    data, order = ScoreMaps([path], EPOCH + np.arange(maps) * HALF_HOUR), np.arange(maps)
    order = np.random.default_rng(0).permutation(order)
    ours = min(reading_time(batches(data.read, order, batch=8)) for _ in range(3))
    peer = min(reading_time(iter(DataLoader(PlainMaps(path), 8, shuffle=True))) for _ in range(3))
    model = UNet(UNetSettings(len(input_channels(CHANNELS)))).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    waited, start, read = 0.0, time.perf_counter(), batches(data.read, order, batch=8)
    while True:
        requested = time.perf_counter()
        batch = next(read, None)
        waited += time.perf_counter() - requested
        if batch is None:
            break
        step(model, optimizer, batch, torch.device("cpu"), "fp32")
    share = waited / (time.perf_counter() - start)
    return [
        result_row(
            "read",
            maps / ours,
            "maps/s",
            peer=maps / peer,
            peer_name="DataLoader over h5py",
            higher_is_better=True,
        ),
        result_row("share of the training time spent waiting for data, small", share, "1"),
    ]


def step(model, optimizer, batch, device: torch.device, precision: str) -> None:
    """One training step."""
    batch = tuple(x.to(device) for x in batch)
    with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
        loss = unet_loss(model, batch)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def speed(
    size: str, batch: int, precision: str, options: argparse.Namespace, repeats: int
) -> list[dict]:
    """Speed of training and inference, and its share of the peak of the device."""
    device, (width, depth) = torch.device(options.device), SIZES[size]
    settings = UNetSettings(len(input_channels(CHANNELS)), width=width, depth=depth)
    model = UNet(settings).to(device).to(memory_format=torch.channels_last)
    if options.compiled:
        model.compile()
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    wet = torch.rand(batch, 100, 100) < 0.3
    maps = (torch.rand(batch, 15, 100, 100), torch.rand(batch, 100, 100), wet, wet | True)
    maps = tuple(x.to(device) for x in maps)

    def infer() -> None:
        with (
            torch.inference_mode(),
            torch.autocast(device.type, torch.bfloat16, precision == "bf16"),
        ):
            model(maps[0])

    def train() -> None:
        step(model, optimizer, maps, device, precision)

    rows = []
    for name, call in (("training", train), ("inference", infer)):
        with FlopCounterMode(display=False) as counter:
            call()
        seconds = shortest(call, device, repeats)
        what = f"{name}, {size}, batch {batch}, {precision}, {options.device}"
        rows.append(result_row(what, batch / seconds, "maps/s"))
        if options.peak:
            share = counter.get_total_flops() / seconds / (options.peak * 1e12)
            rows.append(result_row(f"{what}: share of the peak", share, "1"))
    return rows


def shortest(call: Callable[[], object], device: torch.device, repeats: int) -> float:
    """Shortest time of some repeated calls [s]."""
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        if device.type == "cuda":
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - start)
    return best


def scoring(models: Path) -> list[dict]:
    """Time to score a window and the globe, with random rain; empty without models."""
    if not (models / "unet.json").is_file():
        print(f"{models}: no models: run the workflow first to measure the scoring")
        return []
    scorer, rng = load_scorer(models), np.random.default_rng(0)
    fields = {name: np.zeros(CELLS.shape, np.float32) for name in FIELDS}
    fields["precipitation"] = np.maximum(rng.normal(size=CELLS.shape), 0).astype(np.float32)
    card = scorer.models.unet.card
    product = {"run": card.run, "version": card.versions[0]}
    globe = xr.Dataset({n: (("lat", "lon"), field) for n, field in fields.items()}, attrs=product)
    cells = imerg_cells(scorer.learning_grid)
    window = globe.isel(lat=slice(0, cells.ny), lon=slice(0, cells.nx))
    part, whole_globe = GranuleSet(TIME, {TIME: window}), GranuleSet(TIME, {TIME: globe})
    scorer.score(part, scorer.learning_grid)
    one = shortest(lambda: scorer.score(part, scorer.learning_grid), torch.device("cpu"), 5)
    whole = shortest(lambda: score_globe(scorer, whole_globe), torch.device("cpu"), 1)
    return [
        result_row("score of a window, models loaded", one, "s"),
        result_row("score of the globe, all windows", whole, "s"),
    ]


def main() -> None:
    """Measure and write the rows."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--sizes", nargs="+", default=["small"], choices=SIZES)
    parser.add_argument("--batches", nargs="+", type=int, default=[8])
    parser.add_argument("--compiled", action="store_true")
    parser.add_argument("--peak", type=float, help="peak rate of the device in bf16 [Tflop/s]")
    parser.add_argument("--models", type=Path, default=Path("results/models"))
    options = parser.parse_args()
    repeats = 5 if options.quick else 20
    rows = [
        entry
        for size in options.sizes
        for batch in options.batches
        for precision in ("fp32", "bf16")
        for entry in speed(size, batch, precision, options, repeats)
    ]
    if options.device == "cpu":
        maps = 96 if options.quick else 480
        with tempfile.TemporaryDirectory() as folder:
            rows += loading(write_month(Path(folder) / "2019-01.h5", maps), maps)
        rows += scoring(options.models)
    write_rows(rows, options.out)


if __name__ == "__main__":
    main()
