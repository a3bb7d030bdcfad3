"""Prepares the data: runs the functions that the config names, in its order."""

import logging

import hydra
from omegaconf import DictConfig

log = logging.getLogger(__name__)


@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(cfg: DictConfig) -> None:
    for name, function in cfg.functions.items():
        log.info("%s: %s", name, function._target_)
        hydra.utils.instantiate(function)


if __name__ == "__main__":
    main()
