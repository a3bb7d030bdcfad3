#!/bin/sh
# Two local workers behind hydra-shim, by each of torch's launchers: every worker must join the
# process group and receive the same values. Needs hydra-shim in PATH, and torch and hydra-core in
# $PYTHON (python3). Writes to a temporary folder only, and needs no network but loopback.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=$("${PYTHON:-python3}" -c 'import hydra, sys, torch; print(sys.executable)') || {
    echo "workers.sh: ${PYTHON:-python3} lacks torch or hydra-core: name a Python that has both, PYTHON=... $0" >&2
    exit 1
}
command -v hydra-shim >/dev/null || { echo 'workers.sh: hydra-shim is not in PATH' >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"   # Hydra writes its outputs/ here.
export PYTHONDONTWRITEBYTECODE=1 GLOO_SOCKET_IFNAME=lo OMP_NUM_THREADS=1
PATH=$(dirname "$python"):$PATH hydra-shim install links >/dev/null
with_links=$scratch/links:$(dirname "$python"):$PATH

set -- --lr 1e-05 --run_id 2024_11_23 --note 'a, b=${c}' --layers '[64, 32]' --augment True
received="{'lr': 1e-05, 'run_id': '2024_11_23', 'note': 'a, b=\${c}', 'layers': [64, 32], 'augment': True}"

# Debian 12's torch 1.13 cannot say "redirect nothing" on its Python 3.11, so stderr is teed.
two='--nproc_per_node 2 --redirects 2 --tee 2 --log_dir logs'
# torchrun, of this Python.
torchrun="-m torch.distributed.run $two"
# What torchrun replaced. It writes --local_rank=N (since torch 2.0 --local-rank=N) in front of a
# worker's arguments, unless it has --use_env.
launch="-W ignore -m torch.distributed.launch $two"

give_up() {
    cat printed errors >&2
    printf 'workers.sh: %s\n' "$1" >&2
    exit 1
}

workers() {
    printf '\n%s\n' "$1"
    shift
    "$@" >printed 2>errors || give_up "exit code $? of: $*"
    for rank in 0 1; do
        line="worker $rank of 2: all-reduced 11, $received"
        [ "$(grep -cxF "$line" printed)" = 1 ] || give_up "expected, once: $line"
    done
    grep '^worker' printed | sort
}

worker_fails() {
    printf '\n%s\n' "$1"
    reason='unrecognized arguments: --local[-_]rank'
    shift
    if "$@" >printed 2>errors; then give_up "expected a failure of: $*"; fi
    grep -o "$reason" errors | sort -u | grep . || give_up "expected: $reason"
}

# shellcheck disable=SC2086 # The launchers are several words.
{
workers 'The shim starts each worker: torchrun --no_python ... hydra-shim run python3 train.py' \
    "$python" $torchrun --no_python hydra-shim run "$python" "$here/train.py" "$@"

workers 'The shim in front of the launcher: hydra-shim run torchrun ... train.py' \
    hydra-shim run "$python" $torchrun "$here/train.py" "$@"

workers 'Interposed: python3 -m torch.distributed.launch --use_env ... train.py' \
    env PATH="$with_links" python3 $launch --use_env "$here/train.py" "$@"

worker_fails 'The same without --use_env: the launcher starts its own interpreter by its full path' \
    env PATH="$with_links" python3 $launch "$here/train.py" "$@"

workers 'With PYTHON_EXEC=python3 the shim starts each worker, and drops --local_rank' \
    env PATH="$with_links" PYTHON_EXEC=python3 python3 $launch "$here/train.py" "$@"

for flag in --local_rank --local-rank; do
    workers "A worker with $flag=0, as one version of torch or another writes it" \
        "$python" $torchrun --no_python hydra-shim run "$python" "$here/train.py" $flag=0 "$@"
done
}
printf '\nAll workers received what was sent.\n'
