"""A worker: prints its rank, and the config that it received."""

import os

import hydra
from omegaconf import OmegaConf


@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg):
    print(f"worker {os.environ.get('RANK', 0)}: {OmegaConf.to_container(cfg, resolve=True)}\n", end="", flush=True)


if __name__ == "__main__":
    main()
