# Images to stand in for those that no registry gives: sourced by engine.sh.
#
# Each has the label `hydra-shim.stand-in`: for which image, what it is made of, what it proves. Images
# built on it inherit the label. They reach what this machine reaches, as its package mirrors,
# certificates and indexes go into them: they are for this machine alone.
# shellcheck shell=bash
# shellcheck disable=SC2016 # `$(REPO_URI)` is apt's, `$(busybox ...)` a Dockerfile's
# shellcheck disable=SC2154 # `here` and `state` are engine.sh's

stand_in() {
    case $1 in
        debian:bookworm | debian:bookworm-slim) debian "$1" ;;
        rust:*-bookworm) rust "$1" ;;
        alpine | alpine:*) alpine "$1" ;;
        gcr.io/distroless/python3-debian12) distroless "$1" ;;
        continuumio/miniconda3:*) conda "$1" ;;
        *) fail "no stand-in for $1; there are debian:bookworm-slim, rust:*-bookworm, alpine:*," \
            "gcr.io/distroless/python3-debian12, continuumio/miniconda3:*" ;;
    esac
}

# made IMAGE PROVES: docker build of the Dockerfile, or the context as a tarball, on standard input.
made() {
    local image=$1 proves=$2
    docker build --network=host --label "hydra-shim.stand-in=$image: $proves" -t "$image" - >"$state/stand-in.log" 2>&1 ||
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
        --change 'LABEL hydra-shim.stand-in="'"$1"': the same packages from debootstrap; proves all but the layout of the official image"' \
        "$tarball" "$1" >/dev/null
}

# Where this machine has Debian's packages from, for bookworm.
mirrors() {
    apt-get indextargets --format "$1" 'Created-By: Packages' 'Origin: Debian' | sed -E 's/ [a-z]+(-[a-z]+)? / bookworm\1 /'
}

reach() {
    local root=$1 sources certificates=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
    sources=$(mirrors 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)')
    # Else, on a derivative of Debian, debootstrap's own line stays.
    if [ -n "$sources" ]; then printf '%s\n' "$sources" >"$root/etc/apt/sources.list"; fi
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
    local sysroot cargo=${CARGO_HOME:-$HOME/.cargo} work
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
    tar -cf - -C "$work" Dockerfile cargo -C "$sysroot" bin/cargo bin/rustc lib |
        made "$1" "Debian's gcc with $(rustc --version) of this machine; proves the Dockerfile, not that version of Rust"
    rm -rf "$work"
}

# A root without glibc, with busybox for a shell.
alpine() {
    provide debian:bookworm-slim
    made "$1" "busybox and no libc at all; proves that the shim needs none, not that musl's Python runs Hydra" <<-'END'
	FROM debian:bookworm-slim AS parts
	RUN apt-get update && apt-get install -y --no-install-recommends busybox-static
	RUN mkdir -p /root-of-it/bin /root-of-it/tmp /root-of-it/usr/local/bin && cp /bin/busybox /root-of-it/bin \
	    && for applet in $(busybox --list); do ln -s busybox "/root-of-it/bin/$applet" || [ "$applet" = busybox ]; done
	FROM scratch
	COPY --from=parts /root-of-it /
	ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	CMD ["sh"]
	END
}

# Distroless images are unpacked Debian packages; so is this one, of the same list.
# https://github.com/GoogleContainerTools/distroless/blob/main/python3/BUILD
distroless() {
    provide debian:bookworm-slim
    made "$1" "Debian's Python without a shell; proves the recipe, not the official image's choice of files" <<-'END'
	FROM debian:bookworm-slim AS parts
	WORKDIR /parts
	RUN apt-get update && apt-get download base-files netbase tzdata libc6 libgcc-s1 libstdc++6 libssl3 \
	    libbz2-1.0 libcom-err2 libcrypt1 libdb5.3 libexpat1 libffi8 libgssapi-krb5-2 libk5crypto3 libkeyutils1 \
	    libkrb5-3 libkrb5support0 liblzma5 libncursesw6 libnsl2 libpython3.11-minimal libpython3.11-stdlib \
	    libreadline8 libsqlite3-0 libtinfo6 libtirpc3 libuuid1 python3.11-minimal python3-distutils zlib1g
	RUN for package in *.deb; do dpkg-deb -x "$package" /root-of-it || exit 1; done; \
	    ln -s python3.11 /root-of-it/usr/bin/python3 && ! ls /root-of-it/bin/*sh
	FROM scratch
	COPY --from=parts /root-of-it /
	ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	ENTRYPOINT ["/usr/bin/python3.11"]
	END
}

# Conda's own channels are no Debian packages: only the prefix and the PATH are as in its image.
conda() {
    provide debian:bookworm-slim
    made "$1" "Debian's Python copied to /opt/conda; proves interposing in front of that prefix, nothing of conda itself" <<-'END'
	FROM debian:bookworm-slim
	RUN apt-get update && apt-get install -y --no-install-recommends python3-venv && rm -rf /var/lib/apt/lists/*
	RUN python3 -m venv --copies /opt/conda
	ENV PATH=/opt/conda/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	CMD ["/bin/bash"]
	END
}
