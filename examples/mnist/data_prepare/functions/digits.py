"""The digits of scikit-learn."""

from collections.abc import Sequence

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from functions import save


def write(root: str, train: bool, classes: Sequence[int], test_fraction: float, seed: int) -> None:
    digits = load_digits()
    parts = train_test_split(
        digits.images / 16, digits.target,
        test_size=test_fraction, random_state=seed, stratify=digits.target,
    )
    images, labels = parts[0::2] if train else parts[1::2]
    save(root, train, images, labels, classes)
