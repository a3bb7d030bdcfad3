#!/bin/sh
# What it costs to put `hydra-shim run` in front of a program: time, memory, growth, size.
#
#   benches/startup.sh            measures and prints
#   benches/startup.sh --check    exits with 1 as well when a limit below is broken
#
# Everything is compared with a static C program that only calls execvp (floor.c): nothing that
# starts another program can be faster. The numbers that count are ratios to it, taken within one
# round and then the median over the rounds, because a shared machine drifts by more than the
# differences measured here.
set -eu

max_ratio=1.15          # start-up with ten flags, against the floor
max_memory=1536         # KiB over the floor's peak
max_size=1600000        # bytes
max_component=0.2       # milliseconds that reading a component of 5 KB adds
max_growth=50           # milliseconds that the shim adds for 20,000 flags, about 1 MB of arguments
attempts=3              # of --check, before a limit counts as broken
# Where other work shares the machine, STARTUP_SLACK=1.3 widens the limits of time.
slack=${STARTUP_SLACK:-1}
flags="--project demo --lr 0.1 --epochs 10 --data gs://bucket/a/b --note a,b --name 2024_11_23 --on true --model.layers 3 --tag x=y --out /tmp/model"

fail() { printf 'startup.sh: %s\n' "$1" >&2; exit 2; }

check=no
case "${1-}" in
    '') ;;
    --check) check=yes ;;
    *) fail "unknown argument '$1'; usage: startup.sh [--check]" ;;
esac
command -v hyperfine >/dev/null || fail "hyperfine is missing: apt-get install hyperfine, or cargo install hyperfine"
command -v cc >/dev/null || fail "a C compiler is missing: apt-get install gcc libc6-dev"
# 20,000 flags need more than the usual 2 MB: the kernel allows a quarter of the stack limit.
ulimit -s 65536 || fail "the stack limit cannot be raised (ulimit -s 65536)"

here=$(cd "$(dirname "$0")" && pwd)
cd "$here/.."
shim=$(cargo build --release --quiet --bin hydra-shim --message-format=json |
    sed -n 's/.*"executable":"\([^"]*\)".*/\1/p')
[ -x "$shim" ] || fail "cargo build --release failed"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
for program in floor noop measure; do
    cc -O2 -static -o "$work/$program" "$here/$program.c"
done
cp "$here/wrapper.sh" "$here/wrapper.py" "$work"
# No version manager's wrapper between us and the interpreter.
python=$(python3 -c 'import sys; print(sys.executable)')
cd "$work" # away from any rules file

median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
exceeds() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a > b) }'; }

# rounds ROUNDS RUNS NAME...: appends `NAME milliseconds ratio` per round to ./rounds.
rounds() {
    count=$1 runs=$2
    shift 2
    round=0
    while [ "$round" -lt "$count" ]; do
        # Each round in the other direction, so that no program always runs first.
        order=$(printf '%s\n' "$@" | if [ $((round % 2)) = 0 ]; then cat; else sed '1!G;h;$!d'; fi)
        set --
        for name in $order; do
            case $name in
                floor) command="./floor ./noop $flags" ;;
                hydra-shim) command="$shim run ./noop $flags" ;;
                env) command="/usr/bin/env ./noop $flags" ;;
                sed) command="./wrapper.sh ./noop $flags" ;;
                python) command="$python ./wrapper.py ./noop $flags" ;;
            esac
            set -- "$@" -n "$name" "$command"
        done
        hyperfine -N --warmup 10 --runs "$runs" --style none --export-csv round.csv "$@" >/dev/null 2>hyperfine.log ||
            fail "hyperfine failed: $(cat hyperfine.log)"
        # command,mean,stddev,median,user,system,min,max
        awk -F, 'NR > 1 { m[$1] = $4 } END { for (n in m) print n, m[n] * 1e3, m[n] / m["floor"] }' round.csv >>rounds
        # shellcheck disable=SC2086 # the names are words
        set -- $order
        round=$((round + 1))
    done
}

start_up() {
    : >rounds
    rounds 21 150 floor hydra-shim env
    rounds 5 20 floor sed python
    printf '\nStart-up with ten flags (medians of rounds)\n'
    printf '%-36s %10s %10s\n' '' ms 'x floor'
    while read -r name title; do
        printf '%-36s %10.3f %10.2f\n' "$title" \
            "$(awk -v n="$name" '$1 == n { print $2 }' rounds | median)" \
            "$(awk -v n="$name" '$1 == n { print $3 }' rounds | median)"
    done <<-END
	floor C, execvp only (the floor)
	hydra-shim hydra-shim run
	env /usr/bin/env
	sed sed in a shell wrapper
	python re.sub in a Python wrapper
	END
    ratio=$(awk '$1 == "hydra-shim" { print $3 }' rounds | median)
    env_ratio=$(awk '$1 == "env" { print $3 }' rounds | median)
}

memory() {
    floor_memory=$(./measure 50 10 ./floor ./noop | cut -d' ' -f2)
    shim_memory=$(./measure 50 10 "$shim" run ./noop | cut -d' ' -f2)
    over=$((shim_memory - floor_memory))
    printf '\nPeak memory with ten flags: floor %d KiB, hydra-shim %d KiB, difference %d KiB\n' \
        "$floor_memory" "$shim_memory" "$over"
}

# What a component of 5 KB, whose 30 inputs are typed, adds to a start with ten of its flags.
component() {
    awk 'BEGIN {
        print "name: Train\ninputs:"
        for (i = 0; i < 30; i++) printf "- {name: section parameter %d, type: String, default: \"%d\", description: what it does}\n", i, i
        print "implementation:\n  container:\n    image: example/train:1.0\n    command: [python3, main.py]\n    args: ["
        for (i = 0; i < 30; i++) printf "      --section.parameter_%d, {inputValue: section parameter %d},\n", i, i
        print "    ]"
    }' >component.yaml
    : >component.ms
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
        without=$(./measure 101 10 "$shim" run ./noop | cut -d' ' -f1)
        with=$(HYDRA_SHIM_COMPONENT=component.yaml ./measure 101 10 "$shim" run ./noop | cut -d' ' -f1)
        awk -v a="$with" -v b="$without" 'BEGIN { print a - b }' >>component.ms
    done
    component_ms=$(median <component.ms)
    printf '\nReading a component of %d bytes: %.3f ms\n' "$(wc -c <component.yaml)" "$component_ms"
}

growth() {
    printf '\nGrowth\n%8s %12s %12s %12s %10s\n' flags 'floor ms' 'run ms' 'translate ms' 'added ms'
    for n in 10 100 1000 10000 20000; do
        runs=$((n < 10000 ? 41 : 15))
        # Two rounds in turn: the better one is the less disturbed one.
        : >floor.ms; : >run.ms; : >translate.ms
        for _ in 1 2; do
            ./measure $runs $n ./floor ./noop | cut -d' ' -f1 >>floor.ms
            ./measure $runs $n "$shim" run ./noop | cut -d' ' -f1 >>run.ms
            ./measure $runs $n "$shim" translate ./noop | cut -d' ' -f1 >>translate.ms
        done
        floor_ms=$(sort -n floor.ms | head -n 1)
        run_ms=$(sort -n run.ms | head -n 1)
        added_ms=$(awk -v a="$run_ms" -v b="$floor_ms" 'BEGIN { print a - b }')
        printf '%8d %12.3f %12.3f %12.3f %10.3f\n' $n "$floor_ms" "$run_ms" \
            "$(sort -n translate.ms | head -n 1)" "$added_ms"
    done
}

size() {
    bytes=$(wc -c <"$shim" | tr -d ' ')
    # `ldd` fails for a static program, and says so; a static-pie one it reports with 0.
    if ldd "$shim" 2>&1 | grep -Eq 'not a dynamic executable|statically linked|Not a valid dynamic program'; then static=yes; else static=no; fi
    printf '\nSize: %d bytes, static: %s\n' "$bytes" "$static"
    if command -v file >/dev/null; then file -b "$shim"; fi
}

# verdict: the limits that are broken, one a line.
verdict() {
    if exceeds "$ratio" "$(awk -v r="$max_ratio" -v s="$slack" 'BEGIN { print r * s }')"; then echo "start-up: $ratio x the floor, limit $max_ratio"; fi
    if exceeds "$ratio" "$env_ratio"; then echo "start-up: $ratio x the floor, /usr/bin/env $env_ratio"; fi
    if exceeds "$over" "$max_memory"; then echo "memory: $over KiB over the floor, limit $max_memory"; fi
    if exceeds "$component_ms" "$(awk -v c="$max_component" -v s="$slack" 'BEGIN { print c * s }')"; then echo "component: reading it adds $component_ms ms, limit $max_component"; fi
    if exceeds "$added_ms" "$(awk -v g="$max_growth" -v s="$slack" 'BEGIN { print g * s }')"; then echo "growth: 20,000 flags add $added_ms ms, limit $max_growth"; fi
    if exceeds "$bytes" "$max_size"; then echo "size: $bytes bytes, limit $max_size"; fi
    if [ "$static" = no ]; then echo "the binary is not static"; fi
}

attempt=1
while :; do
    start_up
    memory
    component
    growth
    size
    broken=$(verdict)
    [ "$check" = yes ] || exit 0
    if [ -z "$broken" ]; then
        printf '\nAll limits kept.\n'
        exit 0
    fi
    printf '\nAttempt %d of %d:\n%s\n' "$attempt" "$attempts" "$broken" >&2
    [ "$attempt" -lt "$attempts" ] || exit 1
    attempt=$((attempt + 1))
done
