#!/bin/sh
# Runs a small real Hydra application from the flags that Vertex AI and Kubeflow Pipelines pass:
# once by `hydra-shim run`, once interposed, with the command line as the orchestrator sends it.
# Needs Rust and Python 3; everything it makes is under target/.
set -eu
cd "$(dirname "$0")/.."

echo "1/3 Building hydra-shim (one static binary)"
cargo build --release --quiet
shim=$(ls -t target/*/release/hydra-shim target/release/hydra-shim 2>/dev/null | head -n 1)
shim=$PWD/$shim

venv=$PWD/target/quickstart-venv
if [ ! -e "$venv/ready" ]; then
    echo "2/3 Making a virtual environment with hydra-core in target/quickstart-venv"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet hydra-core==1.3.8
    touch "$venv/ready"
else
    echo "2/3 Using the virtual environment in target/quickstart-venv"
fi

echo "3/3 Running examples/quickstart/main.py"
links=$PWD/target/quickstart-links
"$shim" install "$links" >/dev/null
cd examples/quickstart
# The image's PATH: the virtual environment, as any Python image has it.
PATH=$venv/bin:$PATH
# Hydra would write its log folder beside the application.
quiet="hydra.run.dir=. hydra.output_subdir=null hydra/job_logging=disabled"

# What the orchestrator puts behind the component's command; see examples/quickstart/component.yaml.
set -- \
    --project 'R&D, team=vision' \
    --dataset /gcs/bucket/run/dataset \
    --lr 1e-05 \
    --layers '[128, 64]' \
    --augment true \
    --run_id 2024_11_23 \
    --note 'costs ${oc.env:USER} 5$, "really"' \
    --params '{"dropout": 0.10, "schedule": [1, 2.5]}' \
    --model forest

echo
echo "Without the shim: python3 main.py --project 'R&D, team=vision' ..."
if python3 main.py "$@" 2>&1 | grep -o 'error: unrecognized arguments: --project' ; then :; fi

echo
echo "hydra-shim run python3 main.py --project 'R&D, team=vision' ..."
"$shim" run python3 main.py "$@" $quiet

echo
echo "Interposed, the component's own command: python3 main.py --project 'R&D, team=vision' ..."
PATH=$links:$PATH python3 main.py "$@" $quiet

echo
echo "What Hydra was given:"
"$shim" translate python3 main.py "$@" 2>/dev/null
