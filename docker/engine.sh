#!/usr/bin/env bash
# A Docker engine for the tests, on a machine that may have none and may reach no image registry.
#
#   docker/engine.sh up                 starts dockerd unless an engine answers; needs root and Debian then
#   docker/engine.sh build TAG ARG...   docker build -t TAG ARG...; images that cannot be pulled get stand-ins
#   docker/engine.sh down               stops the dockerd that `up` started, and no other
#
# Keeps its state in target/docker/.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
state=$here/../target/docker
mkdir -p "$state"

say() { printf 'engine.sh: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
answers() { docker info >/dev/null 2>&1; }

# install COMMAND PACKAGE: the Debian package, where the command is missing.
install() {
    command -v "$1" >/dev/null && return
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        fail "$1 is missing, and installing it needs root on Debian"
    fi
    say "installing $2"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$2"; } \
        >"$state/apt.log" 2>&1 || fail "cannot install $2: $(tail -n 3 "$state/apt.log")"
}

up() {
    answers && return
    [ "$(id -u)" = 0 ] || fail "no Docker engine answers, and starting one needs root"
    install dockerd docker.io
    answers && return # the package's own service
    say "starting dockerd; its log is target/docker/dockerd.log"
    setsid dockerd --pidfile "$state/dockerd.pid" >"$state/dockerd.log" 2>&1 </dev/null &
    local dockerd=$!
    for _ in $(seq 120); do
        answers && return
        kill -0 "$dockerd" 2>/dev/null || break
        sleep 0.5
    done
    fail "dockerd does not answer: $(tail -n 5 "$state/dockerd.log")"
}

down() {
    local pid
    pid=$(cat "$state/dockerd.pid" 2>/dev/null) || return 0
    # A number from an old file may be anyone's by now.
    grep -qsF "$state/dockerd.pid" "/proc/$pid/cmdline" || return 0
    say "stopping dockerd"
    kill "$pid"
    for _ in $(seq 60); do
        [ -e "/proc/$pid" ] || return 0
        sleep 0.5
    done
    fail "dockerd ($pid) does not stop"
}

# The Dockerfile of a `docker build` with these arguments.
dockerfile() {
    local file='' context=''
    while [ $# -gt 0 ]; do
        case $1 in
            -f | --file) file=$2; shift ;;
            --file=*) file=${1#*=} ;;
            *) context=$1 ;; # the last argument
        esac
        shift
    done
    printf '%s\n' "${file:-$context/Dockerfile}"
}

# The images that a Dockerfile takes from elsewhere, one a line.
bases() {
    awk '
        toupper($1) == "FROM" {
            image = $2 ~ /^--/ ? $3 : $2
            if (!(image in stages) && image != "scratch") print image
            for (i = 2; i < NF; i++) if (toupper($i) == "AS") stages[$(i + 1)]
        }
        toupper($1) == "COPY" && sub(/^--from=/, "", $2) && !($2 in stages) && $2 !~ /^[0-9]+$/ { print $2 }
    ' "$1" | sort -u
}

# provide IMAGE: here already, or pulled, or made under its name.
provide() {
    local image=$1 proves
    if ! docker image inspect "$image" >/dev/null 2>&1 && ! docker pull -q "$image" >/dev/null 2>"$state/pull.log"; then
        say "making a stand-in for $image, which cannot be pulled: $(tail -n 1 "$state/pull.log")"
        # shellcheck source=docker/stand-ins.sh
        . "$here/stand-ins.sh"
        stand_in "$image"
    fi
    proves=$(docker image inspect --format '{{index .Config.Labels "hydra-shim.stand-in"}}' "$image")
    if [ -n "$proves" ]; then say "stands in for $proves"; fi
}

build() {
    local tag=$1 image images proxy args=()
    shift
    images=$(bases "$(dockerfile "$@")")
    for image in $images; do provide "$image"; done
    for proxy in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
        if [ -n "${!proxy-}" ]; then args+=(--build-arg "$proxy"); fi
    done
    docker build --network=host "${args[@]}" -t "$tag" "$@"
}

usage="usage: engine.sh up | build TAG ARG... | down"
case ${1-} in
    up | down) [ $# = 1 ] || fail "$usage"; "$1" ;;
    build) [ $# -ge 3 ] || fail "$usage"; shift; up; build "$@" ;;
    *) fail "$usage" ;;
esac
