"""A small network, by PyTorch Lightning."""

import hydra
import pytorch_lightning as pl
import torch
from omegaconf import DictConfig, OmegaConf
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset, random_split

from datamodule import Digits


class DenseNet(pl.LightningModule):
    def __init__(
        self, pixels: int, layers: list[int], classes: int, dropout: float, optimizer: dict
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        sizes = [pixels, *layers]
        hidden = [
            part
            for size, next_size in zip(sizes, sizes[1:])
            for part in (nn.Linear(size, next_size), nn.ReLU(), nn.Dropout(dropout))
        ]
        self.net = nn.Sequential(*hidden, nn.Linear(sizes[-1], classes))

    def forward(self, images: Tensor) -> Tensor:
        return self.net(images)

    def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
        images, labels = batch
        return nn.functional.cross_entropy(self(images), labels)

    def validation_step(self, batch: tuple[Tensor, Tensor], _: int) -> None:
        self.log("val_accuracy", self.accuracy(batch))

    def test_step(self, batch: tuple[Tensor, Tensor], _: int) -> None:
        self.log("test_accuracy", self.accuracy(batch))

    def accuracy(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        images, labels = batch
        return (self(images).argmax(dim=1) == labels).float().mean()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        optimizer = self.hparams.optimizer
        return torch.optim.Adam(self.parameters(), lr=optimizer["lr"], **optimizer["params"])


def fit(
    data: Digits,
    model: DictConfig,
    callbacks: DictConfig,
    seed: int,
    max_epochs: int,
    accelerator: str,
) -> float:
    pl.seed_everything(seed)
    train, test = (
        TensorDataset(torch.from_numpy(images), torch.from_numpy(labels))
        for images, labels in (data.train, data.test)
    )
    held_out = round(len(train) * data.val_fraction)
    train, val = random_split(train, [len(train) - held_out, held_out])
    trainer = pl.Trainer(
        max_epochs=max_epochs,
        accelerator=accelerator,
        callbacks=[hydra.utils.instantiate(callback) for callback in callbacks.values()],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    net = DenseNet(data.train[0].shape[1], classes=data.classes, **OmegaConf.to_container(model))
    trainer.fit(
        net, DataLoader(train, data.batch_size, shuffle=True), DataLoader(val, data.batch_size)
    )
    scores = trainer.test(
        dataloaders=DataLoader(test, data.batch_size), ckpt_path="best", verbose=False
    )
    return scores[0]["test_accuracy"]
