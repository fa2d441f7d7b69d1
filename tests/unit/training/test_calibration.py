"""Files of the calibration of a U-Net."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.io import write_json
from rainscore.training.calibration import read_calibration


def test_a_calibration_is_restored_from_its_file(run: SimpleNamespace) -> None:
    assert read_calibration(run.models / "unet", run.card) == run.calibration


def test_a_calibration_of_another_network_is_refused(run: SimpleNamespace, tmp_path: Path) -> None:
    write_json(
        {**run.calibration.as_dict(), "weights_sha256": "0"}, tmp_path / "unet_calibration.json"
    )
    with pytest.raises(DamagedFile, match="of another network"):
        read_calibration(tmp_path / "unet", run.card)
    with pytest.raises(RainscoreError, match="calibrate the network"):
        read_calibration(tmp_path / "other", run.card)
