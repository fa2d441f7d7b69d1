"""Scoring of the granules of a command, in one process or in several."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from multiprocessing import get_context, parent_process
from pathlib import Path
from queue import Empty
from typing import Any, NamedTuple

from rainscore.errors import RainscoreError


class Record(NamedTuple):
    """What the command reports of one granule.

    Attributes:
        scored: Whether it was scored.
        line: One line for the user.
        facts: The same for programs, as plain values.
    """

    scored: bool
    line: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class ScoreRequest:
    """Options of `rainscore score`.

    Attributes:
        files: Granules to score.
        model: Folder of the models; None for the model of the package.
        clusters: Clustering method.
        out: Folder of the scored maps.
        bbox, centre, globe: Window, as for `scoringgrids.scoring_grid`.
        any_product: Whether another IMERG run or version is accepted.
        form: Format of the scored maps (`mapfiles.FORMATS`).
        png: Whether a picture of each map is drawn.
        context: Further granules, which are not scored.
        command: The command, for the history of the files.
        by_clusters: Whether the scores are those of the labels of codes and clusters alone.
    """

    files: list[Path]
    model: Path | None
    clusters: str | None
    out: Path
    bbox: tuple[float, float, float, float] | None
    centre: tuple[float, float] | None
    globe: bool
    any_product: bool
    form: str
    png: bool
    context: tuple[Path, ...] = ()
    command: str = ""
    by_clusters: bool = False


def score_records(
    request: ScoreRequest, jobs: int, *, say: Callable[[str], None]
) -> Iterator[Record]:
    """Score the granules of a request.

    Args:
        request: The request.
        jobs: Number of processes.
        say: Called with each line about the whole request, such as the origin of the model.
    """
    from rainscore.prediction.scoringmodels import model_folder

    request = replace(request, model=model_folder(request.model))
    parts = _parts(request, jobs)
    if len(parts) == 1:
        yield from _score(request, say)
    else:
        yield from _score_in_processes(parts, say)


def _parts(request: ScoreRequest, jobs: int) -> list[ScoreRequest]:
    """Requests for consecutive granules, each with all others as context."""
    files = sorted(request.files, key=lambda file: file.name)
    count = min(jobs, len(files))
    edges = [round(i * len(files) / count) for i in range(count + 1)]
    return [
        replace(request, files=files[a:b], context=tuple(files[:a] + files[b:]))
        for a, b in pairwise(edges)
    ]


def _score(request: ScoreRequest, say: Callable[[str], None]) -> Iterator[Record]:
    """Score the granules of a request in this process."""
    # torch takes seconds to import, so it is imported only after the arguments were checked.
    from rainscore.prediction.outputs import ScoringJob, score_into
    from rainscore.prediction.scorer import load_scorer
    from rainscore.prediction.windows import choose_window

    assert request.model is not None
    scorer = load_scorer(
        request.model,
        request.clusters,
        any_product=request.any_product,
        by_codes=request.by_clusters,
    )
    say(f"rainscore: {scorer.models.provenance.sentence()}")
    window = None
    if not request.globe:
        trained = scorer.learning_grid
        window = choose_window(trained, request.files, bbox=request.bbox, centre=request.centre)
    now = datetime.now(UTC)
    history = f"{now:%Y-%m-%dT%H:%M:%SZ} {request.command}" if request.command else ""
    job = ScoringJob(window, request.files, request.context, history)
    for outcome in score_into(request.out, scorer, job, request.form):
        yield _record(outcome, png=request.png)


def _record(outcome, *, png: bool) -> Record:
    """Record of an outcome; draws the picture."""
    from rainscore.prediction.outputs import facts
    from rainscore.report.figures.plot_scored import draw_scored

    found: dict[str, Any] = {"granule": str(outcome.granule), "scored": outcome.written is not None}
    if outcome.dataset is None:
        return Record(False, outcome.message, found | {"error": outcome.message})
    found |= {"file": str(outcome.written), **facts(outcome.dataset)}
    if png:
        picture = outcome.written.with_suffix(".png")
        draw_scored(outcome.dataset, picture)
        found["picture"] = str(picture)
    return Record(True, outcome.message, found)


def _work(request: ScoreRequest, first: bool, queue, stop) -> None:
    """Score a part in a worker process and put its lines and records into a queue."""
    import signal

    import torch

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the main process asks the workers to stop
    main = parent_process()
    torch.set_num_threads(1)
    try:
        for record in _score(request, queue.put if first else lambda _: None):
            queue.put(record)
            if stop.is_set() or (main is not None and not main.is_alive()):
                return
    except (RainscoreError, OSError) as error:
        queue.put(error)


def _score_in_processes(parts: list[ScoreRequest], say: Callable[[str], None]) -> Iterator[Record]:
    """Score each part in a process of its own; on an interruption, each ends its granule first."""
    spawn = get_context("spawn")
    queue, stop = spawn.Queue(), spawn.Event()
    workers = [
        spawn.Process(target=_work, args=(part, i == 0, queue, stop))
        for i, part in enumerate(parts)
    ]
    for worker in workers:
        worker.start()
    try:
        while any(worker.is_alive() for worker in workers) or not queue.empty():
            try:
                item = queue.get(timeout=0.2)
            except Empty:
                continue
            if isinstance(item, Exception):
                raise item
            if isinstance(item, str):
                say(item)
            else:
                yield item
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    failed = [worker.exitcode for worker in workers if worker.exitcode]
    if failed:
        raise RainscoreError(
            f"a scoring process ended with status {failed[0]}, perhaps for lack of memory: give "
            "fewer --jobs"
        )
