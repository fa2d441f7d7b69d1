"""Runs of the benchmark in several processes, within a time limit."""

import multiprocessing
import queue
import time
import traceback
from collections.abc import Iterator
from typing import Any

import torch

from benchmarks.clustering.runs import run_method

Run = tuple[str, str, int]
"""Method, image set and seed."""


def finished_rows(
    runs: list[Run], *, jobs: int, threads: int, seconds: float, **options: Any
) -> Iterator[dict[str, Any] | str]:
    """Run the methods, and yield each row as soon as it is finished.

    Args:
        runs: Runs, in the order in which they start.
        jobs: Number of processes. A process takes one run after the other, so that it initialises
            the device once.
        threads: Number of processor threads of each process.
        seconds: Time after which the processes are ended; unfinished runs are lost.
        **options: Further arguments of `runs.run_method`.

    Yields:
        Row of a run; or the traceback of a failed run, as text.
    """
    end = time.monotonic() + seconds
    context = multiprocessing.get_context("spawn")
    tasks, results = context.Queue(), context.Queue()
    for run in runs:
        tasks.put(run)
    processes = [
        context.Process(target=_work, args=(tasks, results, threads, options), daemon=True)
        for _ in range(min(jobs, len(runs)))
    ]
    for process in processes:
        process.start()
    try:
        remaining = len(runs)
        while remaining and time.monotonic() < end:
            try:
                yield results.get(timeout=min(1.0, max(end - time.monotonic(), 0.01)))
                remaining -= 1
            except queue.Empty:
                if not any(process.is_alive() for process in processes):
                    yield f"{remaining} runs are lost: all processes have ended"
                    return
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.join()


def _work(tasks: Any, results: Any, threads: int, options: dict[str, Any]) -> None:
    torch.set_num_threads(threads)
    while True:
        try:
            name, data, seed = tasks.get(timeout=1)
        except queue.Empty:
            return
        try:
            results.put(run_method(name, data, seed, **options))
        except Exception:  # the fault of a row is reported, and the other rows go on
            results.put(f"{name} on {data}, seed {seed}:\n{traceback.format_exc()}")
