"""The benchmark of the papers' tables: its images, its protocols, its table."""

import importlib

import numpy as np
import pandas as pd
import pytest

from rainscore.paths import CHECKOUT
from tests.data import shared


@pytest.fixture(autouse=True)
def benchmark_on_path(monkeypatch):
    monkeypatch.syspath_prepend(str(CHECKOUT / "benchmarks" / "clustering"))


def load_images(name):
    folder = shared("benchmarks")
    return importlib.import_module("images").load_images(name, folder)


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
    protocols = importlib.import_module("protocols")
    for name, protocol in protocols.PROTOCOLS.items():
        for data in ("usps", "mnist-test", "mnist", "fashion-mnist"):
            assert protocol.build(data, 3, None).seed == 3, name
        assert (
            CHECKOUT / "rainscore" / "clustering" / "algorithms" / f"{protocol.module}.py"
        ).exists()
        assert not protocol.start or protocol.start in protocols.PROTOCOLS


def test_images_are_scaled_as_the_papers_scale_them():
    protocols = importlib.import_module("protocols").PROTOCOLS
    ends = np.array([0.0, 1.0])
    assert protocols["idec"].scaled(ends, "usps").tolist() == [0, 2]
    assert protocols["idec"].scaled(ends, "mnist").tolist() == [0, 255 / 50]
    assert protocols["dcec"].scaled(ends, "usps").tolist() == [0, 1]
    assert protocols["depict"].scaled(ends, "mnist").tolist() == [-1, 1]


def test_a_row_joins_those_that_are_there_and_replaces_its_older_self(tmp_path):
    write_row = importlib.import_module("rows").write_row
    table = tmp_path / "papers.csv"
    row = {"method": "dcec", "data": "usps", "seed": 1, "acc": 0.5, "protocol": "full"}
    write_row(row, tmp_path / "runs" / "usps" / "dcec-1.csv", table)
    write_row({**row, "seed": 0}, tmp_path / "elsewhere" / "usps" / "dcec-0.csv", table)
    write_row({**row, "acc": 0.7}, tmp_path / "runs" / "usps" / "dcec-1.csv", table)
    result = pd.read_csv(table)
    assert result["seed"].tolist() == [0, 1] and result["acc"].tolist() == [0.5, 0.7]
