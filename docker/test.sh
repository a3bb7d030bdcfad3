#!/usr/bin/env bash
# Builds every recipe of docker/README.md as it is printed, and proves in real containers that the
# application is what it would be without the shim. Needs a Docker engine, or root on Debian
# (docker/engine.sh). Stops at an image that cannot be built; of the checks every one is made, and one
# that fails says what was expected and what was seen.
# shellcheck disable=SC2016 # "$0" and ${...} are for the container's shell, and for nobody
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$here/../target/docker
passed=0 failed=0 containers=()
trap 'if [ ${#containers[@]} != 0 ]; then docker rm -f "${containers[@]}" >/dev/null; fi' EXIT

ok() { passed=$((passed + 1)); printf 'ok      %s\n' "$1"; }
not_ok() { failed=$((failed + 1)); printf 'FAILED  %s\n  expected: %s\n  seen:     %s\n' "$@"; }
is() { if [ "$3" = "$2" ]; then ok "$1"; else not_ok "$@"; fi; }
holds() { if [[ $3 == *"$2"* ]]; then ok "$1"; else not_ok "$1" "... $2 ..." "$3"; fi; }
within() { if [ -n "$3" ] && awk -v a="$3" -v b="$2" 'BEGIN { exit !(a <= b) }'; then ok "$1: $3"; else not_ok "$1" "at most $2" "$3"; fi; }

# No application here needs a network; most engines without a bridge have none to give.
run() { docker run --rm --network=none --hostname box "$@"; }
# code ARG...: the exit code of `run`; what it printed is in $work/output.
code() { local code=0; run "$@" >"$work/output" 2>&1 || code=$?; echo "$code"; }
stand_in() { docker image inspect --format '{{index .Config.Labels "hydra-shim.stand-in"}}' "$1"; }

# The Dockerfiles of the README; each names its image in its first line.
recipes() {
    rm -rf "$work/recipes"
    mkdir -p "$work/recipes"
    awk -v folder="$work/recipes" '
        /^```/ { file = ""; inside = $0 == "```dockerfile"; next }
        inside && /^# docker build -t / { name = $5; sub("/", "-", name); file = folder "/" sprintf("%02d-", ++n) name }
        file { print >file }
    ' "$here/README.md"
}

build() {
    local tag=$1 began=$SECONDS
    shift
    if "$here/engine.sh" build "$tag" "$@" >"$work/build.log" 2>&1; then
        ok "$tag is built ($((SECONDS - began)) s)"
        if [ -n "$(stand_in "$tag")" ]; then printf '        on a stand-in for %s\n' "$(stand_in "$tag")"; fi
    else
        not_ok "$tag is built" "exit code 0" "$(tail -n 20 "$work/build.log")"
        return 1
    fi
}

build_all() {
    local file tag
    build hydra-shim -f "$here/Dockerfile" "$here/.."
    sed -n 's/^engine.sh: stands in for/        on a stand-in for/p' "$work/build.log"
    recipes
    for file in "$work"/recipes/*; do
        tag=$(sed -n '1s/# docker build -t \([^ ]*\) .*/\1/p' "$file")
        build "$tag" -f "$file" "$here/app"
    done
    # The same image without the shim, to compare with.
    sed '/hydra-shim/d' "$work/recipes/01-example-debian" >"$work/without"
    build example/without -f "$work/without" "$here/app"
}

# The README's transcripts: each command prints what stands below it.
transcripts() {
    local line command='' expected=''
    while IFS= read -r line; do
        if [[ $line == '$ '* || $line == end ]]; then
            if [ -n "$command" ]; then is "README: $command" "$expected" "$(bash -c "$command" 2>&1)"; fi
            command=${line#'$ '} expected=''
        else
            expected+=${expected:+$'\n'}$line
        fi
    done < <(awk '/^```/ { inside = $0 == "```console"; next } inside; END { print "end" }' "$here/README.md")
}

ways_in() {
    local value='R&D, "eu": 5$ ${oc.env:HOME} a=b' seen='"R&D, \"eu\": 5$ ${oc.env:HOME} a=b"'
    holds "interposed, the command as Kubernetes sets it" "$seen" \
        "$(run --entrypoint python3 example/debian main.py --project "$value" 2>/dev/null)"
    holds "interposed, sh -c '\"\$0\" \"\$@\"' python3 main.py" "$seen" \
        "$(run --entrypoint sh example/debian -c '"$0" "$@"' python3 main.py --project "$value" 2>/dev/null)"
    holds "ENTRYPOINT, only args" "$seen" "$(run example/entrypoint --project "$value" 2>/dev/null)"
    holds "ENTRYPOINT and a command" "$seen" "$(run example/entrypoint python3 main.py --project "$value" 2>/dev/null)"
    holds "command: [hydra-shim, run, python3, main.py]" "$seen" \
        "$(run --entrypoint hydra-shim example/debian run python3 main.py --project "$value" 2>/dev/null)"
    holds "without the shim Hydra refuses the flag" "unrecognized arguments: --project" \
        "$(run example/without python3 main.py --project "$value" 2>&1 || true)"
}

# Everything that the application can see of its process, with the shim and past it.
same_process() {
    local past with rights
    past=$(run -e 'ODD=a b"c' --entrypoint /venv/bin/python3 example/debian main.py do=process)
    holds "PID 1 is the application" "pid 1"$'\n'"exe /usr/bin/python3" "$past"
    with=$(run -e 'ODD=a b"c' --entrypoint python3 example/debian main.py --do process)
    is "interposed: PID, exe, argv, sys.executable, signals, descriptors, user, environment as without the shim" "$past" "$with"
    with=$(run -e 'ODD=a b"c' --entrypoint hydra-shim example/debian run python3 main.py --do process)
    is "hydra-shim run: the same" "$past" "$with"
    rights="--user 1234:1234 --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges"
    # shellcheck disable=SC2086 # options
    past=$(run $rights --entrypoint /venv/bin/python3 example/nonroot main.py do=process hydra.run.dir=/tmp/hydra)
    # shellcheck disable=SC2086
    with=$(run $rights example/nonroot python3 main.py --do process | sed 's/ hydra.sweep.dir=[^ ]*//')
    holds "$rights: starts, as that user" $'Uid:\t1234' "$with"
    is "$rights: the same" "$(grep -v ^cmdline <<<"$past")" "$(grep -v ^cmdline <<<"$with")"
}

in_place() {
    local past with path=PATH=/venv/bin:/usr/bin:/bin seen
    past=$(run -e "$path" --entrypoint /venv/bin/python3 example/without main.py do=process)
    with=$(run -e "$path" --entrypoint /venv/bin/python3 example/in-place main.py --do process)
    is "in place: the process as without the shim, but for its file" "$(grep -v ^exe <<<"$past")" "$(grep -v ^exe <<<"$with")"
    holds "in place: its file" "exe /usr/bin/python3.11.hydra-shim-kept" "$with"
    seen=$(run -i --entrypoint sh example/debian - <"$here/upgrade.sh")
    is "in place: a package's upgrade, with its file diverted and without" "$(cat "$here/upgrade.txt")" "$seen"
}

# started IMAGE ARG...: sets `container`, once its application is ready.
started() {
    container=$(docker run -d --network=none "$@")
    containers+=("$container")
    for _ in $(seq 300); do
        [[ $(docker logs "$container" 2>&1) == *ready* ]] && return
        sleep 0.2
    done
    not_ok "the application starts" ready "$(docker logs "$container" 2>&1)"
    return 1
}

# stopped WAY ARG...: one process, reached by `docker stop`, with its own exit code.
stopped() {
    local way=$1 began
    shift
    started "$@" --do wait --code 43
    is "$way: processes in docker top" 1 "$(docker top "$container" -eo pid,args | tail -n +2 | wc -l)"
    holds "$way: the process is" python3.11 \
        "$(basename "$(readlink "/proc/$(docker inspect -f '{{.State.Pid}}' "$container")/exe")")"
    began=$(date +%s%N)
    docker stop --time 10 "$container" >/dev/null
    within "$way: docker stop, in ms, which would wait for 10,000" 5000 $((($(date +%s%N) - began) / 1000000))
    holds "$way: SIGTERM reaches its handler" SIGTERM "$(docker logs "$container" 2>&1)"
    is "$way: its exit code is the container's" 43 "$(docker inspect -f '{{.State.ExitCode}}' "$container")"
}

signals() {
    stopped "interposed" --entrypoint python3 example/debian main.py
    stopped "interposed, sh -c exec" --entrypoint sh example/debian -c 'exec "$0" "$@"' python3 main.py
    stopped "ENTRYPOINT" example/entrypoint
    stopped "hydra-shim run" --entrypoint hydra-shim example/debian run python3 main.py
    stopped "in place" --entrypoint /venv/bin/python3 example/in-place main.py
    stopped "distroless" example/distroless
    stopped "read-only, no rights" --user 1234:1234 --read-only --tmpfs /tmp --cap-drop ALL example/nonroot python3 main.py
    # The shell is the YAML's, with or without the shim.
    started --entrypoint sh example/debian -c '"$0" "$@"' python3 main.py --do wait
    is "sh -c without exec: processes in docker top" 2 "$(docker top "$container" -eo pid,args | tail -n +2 | wc -l)"
    started example/entrypoint --do wait
    docker kill "$container" >/dev/null
    is "docker kill: 137" 137 "$(docker wait "$container")"
}

exit_codes() {
    local expected
    for expected in 0 1 2 42 125 126 127 255; do
        is "exit code $expected, interposed" $expected "$(code --entrypoint python3 example/debian main.py --do exit --code $expected)"
        is "exit code $expected, interposed behind sh -c" $expected \
            "$(code --entrypoint sh example/debian -c '"$0" "$@"' python3 main.py --do exit --code $expected)"
        is "exit code $expected, ENTRYPOINT" $expected "$(code example/entrypoint --do exit --code $expected)"
    done
    is "with --init, killed by SIGKILL: 137" 137 "$(code --init example/entrypoint --do kill)"
    is "refused arguments: 125" 125 "$(code example/entrypoint --lr --code 1)"
    holds "refused arguments: the reason" "hydra-shim: error: --lr has no value" "$(cat "$work/output")"
    is "no such command: 127" 127 "$(code --entrypoint hydra-shim example/debian run nowhere --lr 1)"
    is "not executable: 126" 126 "$(code --entrypoint hydra-shim example/debian run /app/main.py --lr 1)"
}

size() { docker image inspect --format '{{.Size}}' "$1"; }

costs() {
    local added times
    holds "an image of the shim alone" "hydra-shim 0" "$(run hydra-shim --version)"
    added=$(($(size example/debian) - $(size example/without)))
    printf '        sizes: hydra-shim %s bytes; example/debian %s, without the shim %s\n' \
        "$(size hydra-shim)" "$(size example/debian)" "$(size example/without)"
    within "the shim adds bytes to an image" 2200000 "$added"
    times=$(run -i --entrypoint /venv/bin/python3 example/debian - <"$here/startup.py")
    printf '        python3 -c pass: %s\n' "${times%$'\n'*}"
    within "its start-up interposed, as a ratio to direct" 1.5 "${times##*$'\n'}"
}

"$here/engine.sh" up
build_all
transcripts
ways_in
same_process
in_place
signals
exit_codes
costs
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
