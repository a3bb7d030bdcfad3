"""The images that data_prepare wrote."""

from pathlib import Path

import numpy as np


class Digits:
    """`train` and `test`: flat images and their labels; the trainer batches and validates."""

    def __init__(
        self, data_dir: str, batch_size: int, val_fraction: float, normalize: bool
    ) -> None:
        self.batch_size = batch_size
        self.val_fraction = val_fraction
        self.train = load(Path(data_dir) / "train.npz")
        self.test = load(Path(data_dir) / "test.npz")
        self.classes = int(self.train[1].max()) + 1
        if normalize:
            mean, deviation = self.train[0].mean(), self.train[0].std()
            self.train, self.test = (
                ((images - mean) / deviation, labels) for images, labels in (self.train, self.test)
            )


def load(file: Path) -> tuple[np.ndarray, np.ndarray]:
    with np.load(file) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    return images.reshape(len(images), -1), labels
