"""MNIST, as torchvision fetches it."""

from collections.abc import Sequence

from torchvision.datasets import MNIST

from functions import save


def write(
    root: str,
    train: bool,
    download: bool,
    classes: Sequence[int],
    mirror: str | None,
    resources: Sequence[tuple[str, str]] | None,
) -> None:
    # torchvision reads both from the class; each file is checked against its md5.
    if mirror:
        MNIST.mirrors = [mirror.rstrip("/") + "/"]
    if resources:
        MNIST.resources = [tuple(resource) for resource in resources]
    mnist = MNIST(root, train=train, download=download)
    save(root, train, mnist.data.numpy() / 255, mnist.targets.numpy(), classes)
