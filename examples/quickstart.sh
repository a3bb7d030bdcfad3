#!/bin/sh
# Runs the MNIST pipeline of examples/mnist for real, from its untouched component YAMLs.
#   examples/quickstart.sh            each task a process of this machine; needs Rust and Python 3
#   examples/quickstart.sh --docker   each task a container, in each of the three ways in; needs
#                                     Python 3, and Docker or root on Debian
# Everything that it makes is under target/, and images with --docker.
set -eu
cd "$(dirname "$0")/.."
case $*: in
    :) steps=4 ;;
    --docker:) steps=6 ;;
    *) echo "usage: $0 [--docker]" >&2; exit 2 ;;
esac
step=0
say() { step=$((step + 1)); printf '\n%s/%s %s\n' "$step" "$steps" "$*"; }

if [ "$steps" = 4 ]; then
    say "Building hydra-shim (one static binary), beside the next two steps"
    cargo build --release --quiet &
    build=$!
fi

venv=$PWD/target/quickstart-venv
requirements=examples/mnist/requirements.txt
if cmp -s "$requirements" "$venv/made-from"; then
    say "Using the virtual environment in target/quickstart-venv"
else
    say "Installing the KFP SDK, Hydra and scikit-learn into target/quickstart-venv"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --requirement "$requirements"
    cp "$requirements" "$venv/made-from"
fi

say "Compiling examples/mnist/pipeline.py to target/mnist/pipeline.json"
mkdir -p target/mnist
"$venv/bin/python" examples/mnist/pipeline.py target/mnist/pipeline.json

if [ "$steps" = 4 ]; then
    wait "$build"
    shim=$(ls -t target/*/release/hydra-shim target/release/hydra-shim 2>/dev/null | head -n 1)
    say "Running the pipeline: each task a process, with the shim as python3 in PATH"
    exec "$venv/bin/python" examples/mnist/run.py process --trainer sklearn --shim "$shim"
fi

engine=docker/engine.sh
say "Building the image hydra-shim"
if ! docker info >/dev/null 2>&1; then
    trap '$engine down' EXIT
    $engine up
fi
$engine build hydra-shim -f docker/Dockerfile .

say "Building the tasks' images: Debian, torch and Lightning are 2.4 GB"
for task in data_prepare train; do
    for way in entrypoint interposed; do
        $engine build "mnist/$task:$way" --target "$way" "examples/mnist/$task"
    done
done

say "Fetching MNIST's files from a mirror, inside the image"
docker run --rm --volume "$PWD/examples/mnist/test_mirror.py:/test_mirror.py:ro" \
    mnist/data_prepare:interposed python3 /test_mirror.py

say "Running the pipeline: each task a container, in each way in"
"$venv/bin/python" examples/mnist/run.py interposed entrypoint entrypoint+command
