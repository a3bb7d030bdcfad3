"""What the config's `functions` can name."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

log = logging.getLogger(__name__)


def save(
    root: str, train: bool, images: np.ndarray, labels: np.ndarray, classes: Sequence[int]
) -> None:
    """Writes train.npz or test.npz: images from 0 to 1, and labels, of these classes only."""
    kept = np.isin(labels, list(classes))
    file = Path(root) / ("train.npz" if train else "test.npz")
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        file, images=images[kept].astype(np.float32), labels=labels[kept].astype(np.int64)
    )
    log.info("%s: %d images of %dx%d", file, kept.sum(), *images.shape[1:])
