#!/bin/sh
# Has each launcher start train.py, with the shim in front of it, then in the place of its interpreter: every worker
# must receive what was sent. In the container of the Dockerfile beside it.
set -eu
export OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1

set -- --lr 1e-05 --run_id 2024_11_23 --note 'a, b=${c}' --layers '[64, 32]' --augment True
received="{'lr': 1e-05, 'run_id': '2024_11_23', 'note': 'a, b=\${c}', 'layers': [64, 32], 'augment': True}"

give_up() {
    cat printed errors >&2
    printf 'launchers.sh: %s\n' "$1" >&2
    exit 1
}

# workers COUNT COMMAND...: each of them receives it, and there is no other.
workers() {
    count=$1
    shift
    printf '\n%s\n' "$*"
    "$@" >printed 2>errors || give_up "exit code $? of: $*"
    for rank in $(seq 0 $((count - 1))); do
        grep -qxF "worker $rank: $received" printed || give_up "expected worker $rank: $received"
    done
    [ "$(grep -c '^worker' printed)" = "$count" ] || give_up "expected $count workers"
    grep '^worker' printed | sort
}

all() {
    workers 2 torchrun --nproc_per_node 2 train.py "$@"
    workers 2 python3 -m torch.distributed.run --nproc_per_node 2 train.py "$@"
    workers 2 python3 -W ignore -m torch.distributed.launch --use_env --nproc_per_node 2 train.py "$@"
    workers 1 accelerate launch --cpu --num_processes 1 --num_machines 1 train.py "$@"
    workers 2 accelerate launch --multi_gpu --num_processes 2 --num_machines 1 --mixed_precision no --dynamo_backend no train.py "$@"
}

echo 'Without the shim'
if torchrun --nproc_per_node 2 train.py "$@" >printed 2>errors; then give_up 'expected a failure'; fi
grep -m 1 -o 'unrecognized arguments: --lr.*' errors || give_up 'expected: unrecognized arguments'

printf '\nThe shim in PATH, in front of the launcher\n'
hydra-shim install /opt/hydra-shim python3 torchrun accelerate >/dev/null
(PATH=/opt/hydra-shim:$PATH; all "$@")

printf '\nThe shim in the place of the interpreter\n'
hydra-shim install --in-place python3
all "$@"

printf "\nSageMaker's SDK, with the shim in the place of the interpreter\n"
# What the SDK's train script does in a container: environment.py reads the job, and a driver starts the script. On
# the driver's command line run_id is 1.1.
drivers=$(python3 -c 'import sagemaker.train; print(sagemaker.train.__path__[0])')/container_drivers
mkdir -p /opt/ml/input/config /opt/ml/input/data/sm_drivers
echo '{"current_host": "algo-1", "current_instance_type": "local", "hosts": ["algo-1"], "network_interface_name": "lo"}' \
    >/opt/ml/input/config/resourceconfig.json
echo '{}' >/opt/ml/input/config/inputdataconfig.json
echo '{"entry_script": "train.py"}' >/opt/ml/input/data/sm_drivers/sourcecode.json
echo '{"process_count_per_node": 2}' >/opt/ml/input/data/sm_drivers/distributed.json
cat >/opt/ml/input/config/hyperparameters.json <<'EOF'
{"lr": "1e-05", "run_id": "\"1.10\"", "note": "a, b=${c}", "layers": "[64, 32]", "augment": "true"}
EOF
received=$(echo "$received" | sed 's/2024_11_23/1.10/')
TRAINING_JOB_NAME=job python3 "$drivers/scripts/environment.py" >/dev/null
. /opt/ml/input/sm_training.env
workers 1 python3 "$drivers/distributed_drivers/basic_script_driver.py"
workers 2 python3 "$drivers/distributed_drivers/torchrun_driver.py"
printf '\nAll workers received what was sent.\n'
