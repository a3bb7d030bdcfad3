"""A program with a structured config: Hydra and OmegaConf check and convert each value."""

import hydra
from omegaconf import OmegaConf

import structured
from tagged import tag


@hydra.main(version_base=None, config_path=None, config_name="typed")
def main(cfg):
    print("received", tag(OmegaConf.to_container(cfg, resolve=True)), flush=True)


if __name__ == "__main__":
    structured.register()
    main()
