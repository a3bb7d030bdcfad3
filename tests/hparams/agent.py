"""Runs a sweep as W&B's own agent does, without its server: sweep.yaml, and the runs on stdin.

A line is what the server sends as the arguments of a run, `{"name": {"value": …}}`. The agent
expands the sweep's command and starts it. Behind what a run prints, on either stream, stands its
exit code.
"""

import json
import os
import sys

from wandb.sdk.launch.sweeps.utils import load_sweep_config
from wandb.wandb_agent import Agent

os.dup2(sys.stdout.fileno(), sys.stderr.fileno())
sweep = load_sweep_config("sweep.yaml")
agent = Agent(api=None, queue=None, sweep_id="sweep")
agent._sweep_command = sweep["command"]
for number, line in enumerate(sys.stdin):
    run = f"run-{number}"
    agent._command_run({"run_id": run, "program": sweep["program"], "args": json.loads(line)})
    print("exit code", agent._run_processes[run].wait(), flush=True)
