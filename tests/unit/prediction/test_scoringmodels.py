import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from rainscore.clustering.codebook import CodeBook
from rainscore.clustering.compositions import CompositionClusters
from rainscore.errors import DamagedFile, RainscoreError
from rainscore.prediction.scoringmodels import ModelFiles, find_model_files, load_models
from rainscore.scores.distribution import MASSES
from rainscore.training.modelfiles import (
    load_arrays,
    read_part,
    save_arrays,
    save_model,
    write_part,
)
from rainscore.training.unet import load_unet


def test_a_model_with_another_scaling_of_the_channels_is_refused(run, tmp_path: Path) -> None:
    save_model(
        tmp_path / "unet", run.unet.state_dict(), replace(run.card, normalisation={}).as_dict()
    )
    with pytest.raises(RainscoreError, match=r"unet\.json.*train it again"):
        load_unet(tmp_path / "unet")


def test_a_model_of_another_version_with_other_channels_is_refused(run, tmp_path: Path) -> None:
    former = replace(run.card, channels=tuple(set(run.card.channels) - {"quality_index"}))
    save_model(tmp_path / "unet", run.unet.state_dict(), former.as_dict())
    with pytest.raises(RainscoreError, match=r"unet\.json.*quality_index.*train it again"):
        load_unet(tmp_path / "unet")


def test_a_model_of_another_kind_is_refused(run) -> None:
    with pytest.raises(RainscoreError, match=r"autoencoder\.json: it is no U-Net"):
        load_unet(run.models / "autoencoder")


def test_the_models_of_a_run_are_found_and_loaded(run) -> None:
    files = find_model_files(run.models)
    assert files == ModelFiles(
        run.models / "unet", run.models / "kmeans", run.models / "kmeans_labels.json"
    )
    models = load_models(files)
    assert models.clusterer is not None
    assert models.clusterer.card_["method"] == "LatentKMeans"
    assert set(models.labels) == set(run.labels["cluster"])


def test_one_of_several_labelled_clusterers_must_be_chosen(run, tmp_path: Path) -> None:
    shutil.copytree(run.models, tmp_path, dirs_exist_ok=True)
    shutil.copy(run.models / "kmeans_labels.json", tmp_path / "desom_labels.json")
    with pytest.raises(RainscoreError, match="--clusters: desom, kmeans"):
        find_model_files(tmp_path)
    files = find_model_files(tmp_path, "kmeans")
    (tmp_path / "kmeans_labels.json").unlink()
    with pytest.raises(RainscoreError, match=r"kmeans_labels\.json: no such file; label"):
        load_models(files)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("unet.json", '"wet_threshold_mm_h": 0.', '"wet_threshold_mm_h": 5.'),
        ("kmeans.json", '"seed": 0', '"seed": 1'),
        ("unet_calibration.json", '"margins"', '"margin"'),
        ("unet_calibration.json", "{", "["),
        ("kmeans_labels.json", '"score_low": 0.', '"score_low": 7.'),
        ("kmeans_labels.json", '"cluster"', '"clusters"'),
    ],
)
def test_an_edited_file_of_a_model_is_refused_by_name(
    name: str, old: str, new: str, run, tmp_path: Path
) -> None:
    shutil.copytree(run.models, tmp_path, dirs_exist_ok=True)
    content = (tmp_path / name).read_text("utf-8")
    assert old in content
    (tmp_path / name).write_text(content.replace(old, new, 1), "utf-8")
    with pytest.raises(DamagedFile, match=name.replace(".", r"\.")):
        load_models(find_model_files(tmp_path))


def test_the_calibration_and_the_labels_of_another_model_are_refused(run, tmp_path: Path) -> None:
    shutil.copytree(run.models, tmp_path, dirs_exist_ok=True)
    for name, key, message in (
        ("kmeans_labels.json", "clusterer", "it is of another clusterer; label the clusters"),
        ("unet_calibration.json", "weights_sha256", "it is of another network; calibrate"),
    ):
        content = read_part(run.models / name)
        write_part({**content, key: "0" * 64}, tmp_path / name)
        with pytest.raises(DamagedFile, match=message):
            load_models(find_model_files(tmp_path))
        write_part(content, tmp_path / name)
    load_models(find_model_files(tmp_path))


def rewrite_card(stem: Path, **entries: object) -> None:
    """Replace entries of the card of a model file, and its digest."""
    arrays, card = load_arrays(stem)
    save_arrays(stem, arrays, {**card, **entries})


def test_a_clusterer_of_a_run_with_other_training_files_is_refused(run, tmp_path: Path) -> None:
    shutil.copytree(run.models, tmp_path, dirs_exist_ok=True)
    labels = read_part(tmp_path / "kmeans_labels.json") | {"clusterer": ""}
    write_part(labels, tmp_path / "kmeans_labels.json")
    rewrite_card(tmp_path / "kmeans", data_sha256=run.card.data_sha256)
    load_models(find_model_files(tmp_path))
    rewrite_card(tmp_path / "kmeans", data_sha256={"2019-05.h5": "0" * 64})
    with pytest.raises(DamagedFile, match=r"kmeans\.json: it is of a run with other"):
        load_models(find_model_files(tmp_path))


def code_models(run, folder: Path) -> SimpleNamespace:
    """Write the models of the run with a code book, its clusters and labels."""
    shutil.copytree(run.models, folder, dirs_exist_ok=True)
    for path in folder.glob("kmeans*"):
        path.unlink()
    width, masses = run.unet.settings.width, np.full((2, MASSES), 1 / MASSES)
    CodeBook(
        centres=np.eye(2, width), scale=np.ones(width), family=np.zeros(2, np.int64),
        masses=masses, family_masses=masses[:1], climatology=masses[0],
        rain_edges=np.array([0.5]), rain_masses=masses,
        card={"unet_sha256": run.card.weights_sha256},
    ).save(folder / "codebook")  # fmt: skip
    digest = CodeBook.load(folder / "codebook").card["weights_sha256"]
    needed = ("k", "size", "min_wet_share", "novelty_threshold", "false_alarm_rate")
    clusters = CompositionClusters(np.zeros((1, 2), np.float32), dict.fromkeys(needed, 1))
    clusterer = clusters.save(folder / "codes", codebook_sha256=digest)
    write_part({"clusterer": clusterer, "labels": []}, folder / "codes_labels.json")
    write_part({"codebook_sha256": digest, "codes": []}, folder / "codebook_atlas.json")
    return SimpleNamespace(clusters=clusters, codebook=digest)


def test_codes_are_refused_with_clusters_labels_or_a_description_of_another_run(
    run, tmp_path: Path
) -> None:
    models = code_models(run, tmp_path)
    loaded = load_models(find_model_files(tmp_path))
    assert loaded.scores_by_codes
    write_part({"codebook_sha256": "0" * 64, "codes": []}, tmp_path / "codebook_atlas.json")
    with pytest.raises(DamagedFile, match=r"codebook_atlas\.json: it is of another code book"):
        load_models(find_model_files(tmp_path))
    write_part({"codebook_sha256": models.codebook, "codes": []}, tmp_path / "codebook_atlas.json")
    write_part({"clusterer": "0" * 64, "labels": []}, tmp_path / "codes_labels.json")
    with pytest.raises(DamagedFile, match=r"codes_labels\.json: it is of another clusterer"):
        load_models(find_model_files(tmp_path))
    models.clusters.save(tmp_path / "codes", codebook_sha256="0" * 64)
    with pytest.raises(DamagedFile, match=r"codes\.json: it is of another code book"):
        load_models(find_model_files(tmp_path))
    rewrite_card(tmp_path / "codebook", unet_sha256="0" * 64)
    with pytest.raises(DamagedFile, match=r"codebook\.json: it is of another U-Net"):
        load_models(find_model_files(tmp_path))


def test_missing_models_are_named(tmp_path: Path) -> None:
    for method in (None, "kmeans"):
        with pytest.raises(RainscoreError, match=r"unet.safetensors: no such model file"):
            load_models(find_model_files(tmp_path, method))
