"""Models that score new maps: the U-Net, a clusterer and its labels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rainscore.clustering.codebook import CodeBook
from rainscore.clustering.compositions import CompositionClusters
from rainscore.clustering.mapclusterers import MapClusterer, load_map_clusterer
from rainscore.errors import DamagedFile, RainscoreError
from rainscore.prediction.provenance import Provenance, read_provenance
from rainscore.training.modelfiles import CARD_DIGEST, read_part
from rainscore.training.trained import TrainedUNet, load_trained_unet

SHIPPED = Path(__file__).parents[1] / "data" / "model"
"""Folder of the model that is part of the package, which has the form of `results/models`."""

CODEBOOK = "codebook"
"""Name of the model file of the code book."""

LABELS = "_labels.json"
"""End of the name of a file of cluster labels, after the clustering method."""


@dataclass(frozen=True)
class ModelFiles:
    """Files of the models.

    Attributes:
        unet: Path of the U-Net's model file without its suffix; its calibration is next to it.
        clusterer: Path of the clusterer's model file without its suffix; None for no clusters.
        labels: JSON file of the cluster labels; None for no clusters.
    """

    unet: Path
    clusterer: Path | None = None
    labels: Path | None = None


@dataclass(frozen=True)
class ScoringModels:
    """Models that score new maps.

    Attributes:
        unet: The calibrated U-Net.
        provenance: What the models learned from, and what they were verified on.
        clusterer: The clusterer; None if maps get no cluster.
        labels: Label of each cluster: `name` and the calibrated map score `score`, `score_low`,
            `score_high`.
        book: The code book of the windows; None if the folder has none.
        atlas: Description of each code (`atlas.describe_codes`) by its number.
    """

    unet: TrainedUNet
    provenance: Provenance
    clusterer: MapClusterer | None
    labels: Mapping[int, dict]
    book: CodeBook | None = None
    atlas: Mapping[int, dict] = field(default_factory=dict)

    @property
    def scores_by_codes(self) -> bool:
        """Whether the models can score maps by codes alone."""
        return self.book is not None and isinstance(self.clusterer, CompositionClusters)


def model_folder(folder: Path | None) -> Path:
    """Folder of the models: the given one, or that of the package.

    Raises:
        RainscoreError: None is given and the package has no model.
    """
    if folder is not None:
        return folder
    if not (SHIPPED / "unet.safetensors").is_file():
        raise RainscoreError(
            "this installation of rainscore has no model of its own: give the models of a run by "
            "--model, such as --model results/models"
        )
    return SHIPPED


def find_model_files(folder: Path, method: str | None = None) -> ModelFiles:
    """Find the models of a run.

    Args:
        folder: `results/models` of a run, or another folder with some of its files.
        method: Clustering method; None takes the only one with labels in the folder, or no
            clusters if there are no labels.

    Raises:
        RainscoreError: `method` is None and the folder has the labels of several methods.
    """
    method = method or _only_method(folder)
    if method is None:
        return ModelFiles(folder / "unet")
    return ModelFiles(folder / "unet", folder / method, folder / f"{method}{LABELS}")


def _only_method(folder: Path) -> str | None:
    """Clustering method of the only labels in a folder; None without labels."""
    methods = sorted(path.name.removesuffix(LABELS) for path in folder.glob(f"*{LABELS}"))
    if not methods:
        return None
    if len(methods) > 1:
        raise RainscoreError(
            f"{folder}: contains several labelled clusterers; choose one by --clusters: "
            f"{', '.join(methods)} (the workflow uses the first of clustering.methods)"
        )
    return methods[0]


def load_models(files: ModelFiles) -> ScoringModels:
    """Load the models.

    Raises:
        RainscoreError: A file is missing.
        DamagedFile: A file is damaged, or files do not belong together.
    """
    unet = load_trained_unet(files.unet)
    provenance = read_provenance(files.unet.parent, unet.card)
    book, atlas = _load_codes(files.unet.with_name(CODEBOOK), unet)
    if files.clusterer is None or files.labels is None:
        return ScoringModels(unet, provenance, None, {}, book, atlas)
    clusterer = load_map_clusterer(files.clusterer)
    if not files.labels.is_file():
        raise RainscoreError(f"{files.labels}: no such file; label the clusters (label_clusters)")
    if isinstance(clusterer, CompositionClusters) and book is None:
        raise RainscoreError(
            f"{files.unet.with_name(CODEBOOK)}.json: no such file; fit the codes (fit_codes)"
        )
    _check_same_run(files.clusterer, clusterer, unet, book)
    labels = _read_labels(files.labels, clusterer.card_.get(CARD_DIGEST, ""))
    return ScoringModels(unet, provenance, clusterer, labels, book, atlas)


def _load_codes(stem: Path, unet: TrainedUNet) -> tuple[CodeBook | None, dict[int, dict]]:
    """Code book with its atlas; None and an empty atlas where the folder has none."""
    if not stem.with_suffix(".json").is_file():
        return None, {}
    book = CodeBook.load(stem)
    if book.card.get("unet_sha256") != unet.card.weights_sha256:
        raise DamagedFile(f"{stem}.json", "it is of another U-Net", "fit the codes again")
    if len(book.scale) != unet.model.settings.width:
        raise DamagedFile(f"{stem}.json", "its features are not those of the U-Net", "fit it again")
    atlas = stem.with_name(f"{CODEBOOK}_atlas.json")
    return book, read_atlas(atlas, book.card["weights_sha256"])


def _check_same_run(
    stem: Path, clusterer: MapClusterer, unet: TrainedUNet, book: CodeBook | None
) -> None:
    """Raise DamagedFile if a clusterer belongs to another code book or to other training files."""
    card = clusterer.card_
    if isinstance(clusterer, CompositionClusters):
        fits = book is not None and card.get("codebook_sha256") == book.card["weights_sha256"]
        other = "another code book"
    else:
        fits = card.get("data_sha256") in (None, unet.card.data_sha256)  # None: not recorded
        other = "a run with other training files than those of the U-Net"
    if not fits:
        raise DamagedFile(f"{stem}.json", f"it is of {other}", "cluster the maps again")


def read_atlas(path: Path, codebook: str) -> dict[int, dict]:
    """Description of each code, from a JSON file; empty without the file.

    Args:
        path: The file.
        codebook: Digest of the arrays of the code book.

    Raises:
        DamagedFile: It does not describe the codes of this code book.
    """
    if not path.is_file():
        return {}
    content = read_part(path)
    try:
        if content["codebook_sha256"] != codebook:
            raise DamagedFile(
                path, "it is of another code book", "describe the codes again (describe_codes)"
            )
        rows = [row for row in content["codes"] if row["level"] == "code"]
        atlas = {int(row["number"]): row for row in rows}
        for row in rows:
            values = [row[name] for name in ("mean", "zero", "low", "median", "high")]
            if not isinstance(row["name"], str) or any(abs(x - 0.5) > 0.5 + 1e-6 for x in values):
                raise ValueError(f"code {row['number']} has no name, or an impossible score")
    except (LookupError, TypeError, ValueError) as error:
        reason = f"it does not describe codes ({type(error).__name__}: {error})"
        raise DamagedFile(path, reason, "describe the codes again (describe_codes)") from error
    return atlas


def _read_labels(path: Path, clusterer: str) -> dict[int, dict]:
    """Label of each cluster, from a JSON file.

    Args:
        path: The file.
        clusterer: Digest of the card of the clusterer.
    """
    content = read_part(path)
    try:
        if isinstance(content, dict):
            if content["clusterer"] not in ("", clusterer):  # empty: not recorded
                raise DamagedFile(
                    path, "it is of another clusterer", "label the clusters again (label_clusters)"
                )
            content = content["labels"]
        labels = {int(row["cluster"]): row for row in content}
        for row in labels.values():
            scores = [row[f"score{end}"] for end in ("_low", "", "_high")]
            given = [score for score in scores if score is not None]
            if not isinstance(row["name"], str) or any(abs(s - 0.5) > 0.5 + 1e-6 for s in given):
                raise ValueError(f"cluster {row['cluster']} has no name, or an impossible score")
    except (LookupError, TypeError, ValueError) as error:
        reason = f"it does not hold labels of clusters ({type(error).__name__}: {error})"
        raise DamagedFile(path, reason, "label the clusters again (label_clusters)") from error
    return labels
