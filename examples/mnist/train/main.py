"""Trains a classifier of digits, and writes the model, its metrics and its accuracy."""

import json
import logging
from pathlib import Path

import hydra
from omegaconf import DictConfig, OmegaConf

log = logging.getLogger(__name__)


@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(cfg: DictConfig) -> None:
    data = hydra.utils.instantiate(cfg.datamodule)
    fit = hydra.utils.instantiate(cfg.trainer)
    accuracy = fit(data, cfg.model, cfg.callbacks, cfg.seed)
    log.info("accuracy on %d images held out: %.4f", len(data.test[1]), accuracy)

    run = OmegaConf.to_container(cfg.run, resolve=True)
    metrics = {"accuracy": accuracy, "images": len(data.test[1]), "run": run}
    Path(cfg.outputs.metrics).write_text(json.dumps(metrics, indent=2))
    Path(cfg.outputs.accuracy).write_text(str(accuracy))


if __name__ == "__main__":
    main()
