# Images to stand in for those that no registry gives: sourced by engine.sh.
#
# Each has the label `hydra-shim.stand-in`, which says what it is made of and what it does not
# prove; images built on it inherit the label. They reach what this machine reaches: its package
# mirrors, certificates and indexes go into them, so they are for this machine alone.
# shellcheck shell=bash

stand_in() {
    case $1 in
        debian:bookworm | debian:bookworm-slim) debian "$1" ;;
        rust:*-bookworm) rust "$1" ;;
        *) fail "no stand-in for $1; there are debian:bookworm-slim, rust:*-bookworm" ;;
    esac
}

# made IMAGE PROVES ARG...: docker build with the context or Dockerfile on standard input.
made() {
    local image=$1 proves=$2
    shift 2
    docker build --network=host --label "hydra-shim.stand-in=$proves" -t "$image" "$@" - >"$state/stand-in.log" 2>&1 ||
        fail "the stand-in for $image failed: $(tail -n 5 "$state/stand-in.log")"
}

# Debian itself, as its own installer lays it out. Kept as a tarball: a removed image is back at once.
debian() {
    local root=$state/bookworm tarball=$state/bookworm.tar
    if [ ! -e "$tarball" ]; then
        install debootstrap debootstrap
        apt-get update -qq
        rm -rf "$root"
        debootstrap --variant=minbase bookworm "$root" "$(mirrors '$(REPO_URI)' | head -n 1)" >"$state/debootstrap.log" 2>&1 ||
            fail "debootstrap failed: $(tail -n 5 "$state/debootstrap.log")"
        # What the slim image leaves out, and packages that are installed already.
        rm -rf "$root"/usr/share/{doc,locale,man}/* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
        reach "$root"
        tar -C "$root" -cf "$tarball.part" .
        mv "$tarball.part" "$tarball"
        rm -rf "$root"
    fi
    docker import --change 'CMD ["bash"]' \
        --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
        --change 'LABEL hydra-shim.stand-in="the same packages from debootstrap; proves all but the layout of the official image"' \
        "$tarball" "$1" >/dev/null
}

# Debian's own package sources of this machine.
mirrors() { apt-get indextargets --format "$1" 'Created-By: Packages' 'Origin: Debian'; }

reach() {
    local root=$1 certificates=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
    mirrors 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' >"$root/etc/apt/sources.list"
    apt-config dump | grep -E '^Acquire::(https?|Check)' >"$root/etc/apt/apt.conf.d/90host" || true
    mkdir -p "$root/etc/ssl/certs" "$root/usr/local/share/ca-certificates"
    if [ -e "$certificates" ]; then cp "$certificates" "$root/etc/ssl/certs/ca-certificates.crt"; fi
    # For when the package ca-certificates writes that file anew.
    cp -r /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates" 2>/dev/null || true
    {
        printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n'
        python3 -m pip config list 2>/dev/null |
            sed -nE "s/^.*\.(index-url|extra-index-url|trusted-host|proxy)='(.*)'$/\1 = \2/p"
    } >"$root/etc/pip.conf"
}

# This machine's Rust in place of the image's.
rust() {
    local sysroot cargo=${CARGO_HOME:-$HOME/.cargo} work configuration=()
    provide debian:bookworm-slim
    sysroot=$(cd "$here/.." && rustc --print sysroot)
    work=$(mktemp -d)
    mkdir "$work/cargo"
    if [ -e "$cargo/config.toml" ]; then cp "$cargo/config.toml" "$work/cargo"; fi
    cat >"$work/Dockerfile" <<-END
	FROM debian:bookworm-slim
	RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
	COPY bin /usr/local/bin
	COPY lib /usr/local/lib
	COPY cargo /usr/local/cargo
	ENV CARGO_HOME=/usr/local/cargo
	END
    tar -c -C "$work" Dockerfile cargo -C "$sysroot" bin/cargo bin/rustc lib |
        made "$1" "Debian's gcc with $(rustc --version) of this machine; proves the Dockerfile, not that version of Rust"
    rm -rf "$work"
}
