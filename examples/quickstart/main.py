"""A Hydra application as any other: prints what it received, with the types."""

import hydra
from omegaconf import DictConfig, OmegaConf


@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg: DictConfig) -> None:
    for key, value in OmegaConf.to_container(cfg, resolve=True).items():
        print(f"  {key:8} {type(value).__name__:8} {value!r}")


if __name__ == "__main__":
    main()
