"""A training program as teams write them: a config file, a config group, Hydra's own entry point."""

import hydra
from omegaconf import OmegaConf

from tagged import tag


@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg):
    print("received", tag(OmegaConf.to_container(cfg, resolve=True)), flush=True)


if __name__ == "__main__":
    main()
