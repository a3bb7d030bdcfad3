#!/bin/sh
# The real Lightning behind a shim in Python's place, under closed rules: it starts its script again for the
# second device, with overrides of its own, and by sys.executable. Needs hydra-shim, and a Python 3 in PATH that has
# torch, Lightning and hydra-core and whose place may be taken: a container's. No network but loopback.
set -eu
scratch=$(mktemp -d)
cd "$scratch"
export PYTHONDONTWRITEBYTECODE=1 GLOO_SOCKET_IFNAME=lo OMP_NUM_THREADS=1 PYTHONWARNINGS=ignore
mkdir package
: >package/__init__.py
cat >main.py <<'PYTHON'
import os, sys
import hydra
import torch
import pytorch_lightning as pl


class Module(pl.LightningModule):
    def __init__(self, cfg):
        super().__init__()
        self.layer, self.cfg = torch.nn.Linear(1, 1), cfg

    def training_step(self, batch, _):
        return self.layer(batch).sum()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.cfg.lr)

    def on_train_end(self):
        ranks = self.all_gather(torch.tensor(float(self.global_rank)))
        said = f"rank {self.global_rank} of {ranks.tolist()}: {dict(self.cfg)}"
        with open(f"{os.environ['SCRATCH']}/said.{self.global_rank}", "w") as file:
            print(said, *sys.argv[1:], sep="\n", file=file)


@hydra.main(version_base=None, config_path=None)
def main(cfg):
    data = torch.utils.data.DataLoader(torch.ones(4, 1))
    trainer = pl.Trainer(accelerator="cpu", devices=2, strategy="ddp", max_epochs=1, logger=False,
                         enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False)
    trainer.fit(Module(cfg), data)


if __name__ == "__main__":
    main()
PYTHON
cp main.py package/train.py
cat >hydra-shim.yaml <<'YAML'
unknown: error
flags: {lr: {key: +lr, type: float}, note: {key: +note, type: string}}
YAML
export SCRATCH="$scratch"
hydra-shim install --in-place python3
for start in "$(command -v python3) main.py" "$(command -v python3) -m package.train"; do
    rm -f said.*
    # shellcheck disable=SC2086 # several words
    $start --lr 1e-2 --note 'a, b' >printed 2>&1 || { cat printed; echo "lightning.sh: $start failed"; exit 1; }
    for rank in 0 1; do
        expected="rank $rank of [0.0, 1.0]: {'lr': 0.01, 'note': 'a, b'}"
        [ "$(head -n 1 said.$rank)" = "$expected" ] || { cat said.$rank printed; echo "lightning.sh: expected: $expected"; exit 1; }
    done
    # What the second process adds is what closed rules would refuse.
    grep '^hydra.job.name=train_ddp_process_1$' said.1
    if env -u HYDRA_SHIM_STARTED $start +lr=0.01 hydra.job.name=x >printed 2>&1; then exit 1; fi
    grep 'is not declared' printed
done
hydra-shim install --in-place --undo python3
echo 'Lightning started its second process through the shim.'
