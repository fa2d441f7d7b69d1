"""The benchmark of the papers' tables: its images, its protocols, its table."""

import sys

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from benchmarks.clustering import images as image_sets
from benchmarks.clustering import papers, table, workers
from benchmarks.clustering.protocols import DATA, JOINT, PROTOCOLS
from benchmarks.clustering.rows import COLUMNS, add_rows, read_rows
from rainscore.clustering.algorithms.dcec import IDEC
from rainscore.clustering.algorithms.encoders import MLP, Identity, MLPSettings
from rainscore.paths import CHECKOUT
from tests.data import shared
from tests.unit.clustering.test_losses import plain_training


def load_images(name):
    return image_sets.load_images(name, shared("benchmarks"))


def test_usps_has_the_known_classes_and_range():
    images, classes = load_images("usps")
    assert images.shape == (9298, 1, 16, 16) and images.dtype == np.float32
    assert np.bincount(classes).tolist() == [1553, 1269, 929, 824, 852, 716, 834, 792, 708, 821]
    assert images.min() == 0 and images.max() == 1


@pytest.mark.parametrize("name, members", [("mnist-test", 10_000), ("fashion-mnist", 70_000)])
def test_the_other_image_sets_are_read_whole(name, members):
    images, classes = load_images(name)
    assert images.shape == (members, 1, 28, 28)
    assert images.min() == 0 and images.max() == 1
    assert len(np.unique(classes)) == 10
    if name == "fashion-mnist":
        assert np.bincount(classes).tolist() == [7000] * 10


def test_every_protocol_builds_its_method_on_every_image_set():
    for name, protocol in PROTOCOLS.items():
        for data in DATA:
            assert protocol.build(data, seed=3, network=None).seed == 3, name


@pytest.mark.parametrize("data, members", [("usps", 9298), ("fashion-mnist", 70_000)])
def test_joint_methods_train_at_least_2000_steps(data, members):
    for name in JOINT:
        clusterer = PROTOCOLS[name].build(data, network=Identity())
        clusterer.network_ = Identity()
        clusterer.heads_ = nn.ParameterDict()
        joint = clusterer._phases(plain_training(), torch.zeros(members, 1))[-1]
        assert joint.name == "joint" and joint.steps >= 2000, name


def test_images_are_scaled_as_the_papers_scale_them():
    ends = np.array([0.0, 1.0])
    assert PROTOCOLS["idec"].scaled(ends, "usps").tolist() == [0, 2]
    assert PROTOCOLS["idec"].scaled(ends, "mnist").tolist() == [0, 255 / 50]
    assert PROTOCOLS["dcec"].scaled(ends, "usps").tolist() == [0, 1]
    assert PROTOCOLS["depict"].scaled(ends, "mnist").tolist() == [-1, 1]


def result(**values):
    row = {"method": "dcec", "data": "usps", "seed": 1, "acc": 0.5, "nmi": 0.4, "protocol": "full"}
    return pd.DataFrame([row | values]).reindex(columns=COLUMNS)


def test_a_row_is_added_to_the_table_and_replaces_the_one_of_the_same_run(tmp_path):
    file = tmp_path / "papers.csv"
    for row in (result(), result(seed=0), result(acc=0.7)):
        add_rows(row, file)
    rows = read_rows(file)
    assert rows["seed"].tolist() == [0, 1] and rows["acc"].tolist() == [0.5, 0.7]


def small_run(monkeypatch, folder, *extra):
    """Run the command on 60 images with a small network in this process."""
    rng = np.random.default_rng(0)
    classes = np.repeat([0, 1, 2], 20)
    images = np.float32(rng.random((60, 1, 4, 4)) * 0.1 + classes[:, None, None, None] / 3)
    monkeypatch.setattr("benchmarks.clustering.runs._images", lambda data, path: (images, classes))
    settings = {"k": 3, "pretrain_epochs": 2, "max_steps": 4, "update": 2}
    monkeypatch.setitem(
        PROTOCOLS,
        "idec",
        papers.PROTOCOLS["idec"].__class__(
            IDEC, settings, network=lambda shape: MLP(MLPSettings(shape, 3, (8,)))
        ),
    )
    calls = []

    def in_this_process(runs, *, jobs, threads, seconds, **options):
        calls.extend(runs)
        for run in runs:
            yield workers.run_method(*run, **options)

    monkeypatch.setattr(workers, "finished_rows", in_this_process)
    table_file = folder / "papers.csv"
    command = ["papers.py", "--methods", "idec", "--device", "cpu", "--table", str(table_file)]
    monkeypatch.setattr(sys, "argv", [*command, *extra])
    with pytest.raises(SystemExit) as status:
        papers.main()
    assert status.value.code == 0
    return calls, read_rows(table_file)


def test_a_second_call_runs_only_what_has_no_row_yet(monkeypatch, tmp_path):
    first, rows = small_run(monkeypatch, tmp_path, "--seeds", "0", "1")
    assert first == [("idec", "usps", 0), ("idec", "usps", 1)] and len(rows) == 2
    assert rows["acc"].between(0, 1).all() and rows["acc_start"].between(0, 1).all()
    assert rows["steps"].between(1, 4).all() and (rows["device"] == "cpu").all()
    second, rows = small_run(monkeypatch, tmp_path, "--seeds", "0", "1", "2")
    assert second == [("idec", "usps", 2)] and rows["seed"].tolist() == [0, 1, 2]


def test_a_run_in_another_process_yields_its_row_or_its_error(tmp_path):
    results = list(
        workers.finished_rows(
            [("pixels_kmeans", "usps", 0)],
            jobs=2, threads=1, seconds=120, images=tmp_path, device="cpu",
        )
    )  # fmt: skip
    assert len(results) == 1 and "FileNotFoundError" in results[0]


def test_runs_end_at_the_time_limit(tmp_path):
    runs = [("pixels_kmeans", "usps", 0)]
    results = workers.finished_rows(
        runs, jobs=1, threads=1, seconds=0.0, images=tmp_path, device="cpu"
    )
    assert list(results) == []


def test_the_page_shows_the_table_of_results():
    rows = read_rows(CHECKOUT / "docs" / "study" / "papers.csv")
    page = (CHECKOUT / "docs" / "clustering.md").read_text()
    assert table.BEGIN + table.markdown(rows) + table.END in page


def test_the_page_shows_the_mean_of_the_seeds_and_the_difference_from_the_paper():
    rows = pd.concat([result(acc=0.78, seed=0), result(acc=0.80)])
    line = table.markdown(rows).splitlines()[-1]
    assert line.startswith("| USPS | DCEC | 2 | .790 ± .014 |")
    assert line.endswith("| ACC .790, NMI .826 | +0.000, -0.426 |")
