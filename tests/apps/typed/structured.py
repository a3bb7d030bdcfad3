"""The structured config of the program beside this file."""

from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING


@dataclass
class Inner:
    width: int = 1
    table: Dict[str, int] = field(default_factory=lambda: {"x": 1})


@dataclass
class Opt:
    lr: float = 0.1
    momentum: float = 0.9


@dataclass
class Typed:
    steps: int = 1
    rate: float = 0.5
    name: str = "x"
    debug: bool = False
    limit: Optional[int] = 5
    sizes: List[int] = field(default_factory=lambda: [1, 2])
    table: Dict[str, int] = field(default_factory=lambda: {"x": 1})
    anything: Any = None
    inner: Inner = field(default_factory=Inner)
    opt: Opt = field(default_factory=Opt)
    later: Opt = MISSING
    maybe: Optional[Opt] = None
    maybe_table: Optional[Dict[str, int]] = None


def register():
    ConfigStore.instance().store(name="typed", node=Typed)
