"""A Hydra application that shows what it is and ends as it is told to, for test.sh."""

import json
import os
import signal
import sys
from pathlib import Path

import hydra
from omegaconf import DictConfig, OmegaConf


def show_process() -> None:
    """One fact a line: everything that a program in front of this one could have changed."""
    print("pid", os.getpid())
    print("exe", Path("/proc/self/exe").readlink())
    print("cmdline", Path("/proc/self/cmdline").read_bytes())
    print("executable", sys.executable)
    print("prefix", sys.prefix)
    print("directory", hydra.utils.get_original_cwd())
    print("descriptors", sorted(os.readlink(f"/proc/self/fd/{fd}").split(":")[0] for fd in range(3)))
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(("Umask", "Uid", "Gid", "Cap", "NoNewPrivs", "SigBlk", "SigIgn", "SigCgt")):
            print(line)
    for variable in Path("/proc/self/environ").read_bytes().split(b"\0"):
        print("environ", variable)


def wait(code: int) -> None:
    def leave(*_: object) -> None:
        print("SIGTERM", flush=True)
        sys.exit(code)

    signal.signal(signal.SIGTERM, leave)
    print("ready", flush=True)
    while True:
        signal.pause()


@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg: DictConfig) -> None:
    match cfg.do:
        case "show":
            print(json.dumps(OmegaConf.to_container(cfg, resolve=True), ensure_ascii=False))
        case "process":
            show_process()
        case "exit":
            sys.exit(cfg.code)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "wait":
            wait(cfg.code)
        case _:
            raise ValueError(f"do={cfg.do}: not one of show, process, exit, kill, wait")


if __name__ == "__main__":
    main()
