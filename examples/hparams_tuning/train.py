"""One of several workers: adds up what all of them have, and prints the config that it received."""

import hydra
import torch
import torch.distributed as dist
from omegaconf import DictConfig, OmegaConf


@hydra.main(version_base=None, config_path="conf", config_name="train")
def main(cfg: DictConfig) -> None:
    dist.init_process_group("gloo")
    total = torch.tensor([10.0 ** dist.get_rank()])
    dist.all_reduce(total)
    rank, workers = dist.get_rank(), dist.get_world_size()
    received = OmegaConf.to_container(cfg, resolve=True)
    line = f"worker {rank} of {workers}: all-reduced {total.item():g}, {received}\n"
    print(line, end="", flush=True)  # In one write: the other worker prints, too.
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
