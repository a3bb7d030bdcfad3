"""A small network on the CPU, without torch."""

from pathlib import Path

import joblib
from omegaconf import DictConfig
from sklearn.neural_network import MLPClassifier

from datamodule import Digits


def fit(
    data: Digits, model: DictConfig, callbacks: DictConfig, seed: int, max_epochs: int
) -> float:
    beta_1, beta_2 = model.optimizer.params.betas
    net = MLPClassifier(
        hidden_layer_sizes=tuple(model.layers),
        batch_size=data.batch_size,
        learning_rate_init=model.optimizer.lr,
        beta_1=beta_1,
        beta_2=beta_2,
        alpha=model.optimizer.params.weight_decay,
        max_iter=max_epochs,
        early_stopping=True,
        validation_fraction=data.val_fraction,
        n_iter_no_change=callbacks.early_stopping.patience,
        tol=callbacks.early_stopping.min_delta,
        random_state=seed,
    )
    net.fit(*data.train)
    folder = Path(callbacks.model_checkpoint.dirpath)
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(net, folder / f"{callbacks.model_checkpoint.filename}.joblib")
    return float(net.score(*data.test))
