"""Trains a small network on scikit-learn's digits; a trial of a tuner reports its accuracy."""

import hydra
from hydra.utils import instantiate
from omegaconf import DictConfig
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier


@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg: DictConfig) -> None:
    print("model", cfg.model)
    pixels, digits = load_digits(return_X_y=True)
    seen, unseen, seen_digits, unseen_digits = train_test_split(
        pixels / 16, digits, random_state=cfg.seed
    )
    net = MLPClassifier(
        [cfg.model.width],
        solver=cfg.model.optimizer.name,
        learning_rate_init=cfg.model.optimizer.lr,
        random_state=cfg.seed,
    )
    tuner = instantiate(cfg.tuner)
    for epoch in range(1, cfg.epochs + 1):
        net.partial_fit(seen, seen_digits, classes=range(10))
        accuracy = net.score(unseen, unseen_digits)
        if tuner:
            tuner.report(accuracy, epoch)
    print("accuracy", accuracy)


if __name__ == "__main__":
    main()
