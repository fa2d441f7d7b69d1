"""Checkpoints that a kill or a full disk left incomplete."""

from pathlib import Path

import pytest
import torch

from rainscore.training.checkpoint import Checkpoint


def test_a_checkpoint_is_read_with_its_state(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "checkpoint", "code")
    checkpoint.save("settings", {"epoch": 3, "weights": torch.ones(4)})
    state = checkpoint.load("settings")
    assert state is not None
    assert state["epoch"] == 3
    assert checkpoint.load("other settings") is None


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9])
def test_a_checkpoint_that_is_cut_short_is_ignored_with_a_warning_that_names_it(
    share: float, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoint = Checkpoint(tmp_path / "checkpoint", "code")
    checkpoint.save("settings", {"epoch": 3, "weights": torch.ones(4000)})
    content = checkpoint.path.read_bytes()
    checkpoint.path.write_bytes(content[: int(share * len(content))])
    assert checkpoint.load("settings") is None
    assert len(caplog.records) == 1
    assert f"{checkpoint.path}: not a complete checkpoint" in caplog.text


@pytest.mark.parametrize("state", [[1, 2], {"epoch": 3}, 5])
def test_another_file_in_the_place_of_a_checkpoint_is_ignored(
    state: object, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    torch.save(state, tmp_path / "checkpoint")
    assert Checkpoint(tmp_path / "checkpoint").load("settings") is None
    assert "the training starts from scratch" in caplog.text
