#!/usr/bin/env bash
# hydra-shim comes by the tools that people already use: a tarball, pip, cargo, a shell's completion, man.
# Each thing is made by the real tool, put into a clean place, and used from there.
# Needs Rust, Python 3, binutils, zsh, fish, groff and mandoc; everything it makes is under target/.
#     tests/delivery.sh [TARGET]  of tarball and wheel; this machine's own unless it is named
set -euo pipefail
cd "$(dirname "$0")/.."

target=${1:-$(rustc --print host-tuple)}
out=$PWD/target/delivery
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)

fail() { printf 'delivery: %s\n' "$*" >&2; exit 1; }

# The text on stdin has every one of these words in it.
has() { # WHERE WORD...
    local where=$1 text word
    shift
    text=$(cat)
    for word; do
        grep -qF -e "$word" <<<"$text" || fail "$where: no $word in: $text"
    done
}

static() { # BINARY
    readelf --wide --program-headers --dynamic "$1" >"$out/elf"
    grep -q 'There is no dynamic section' "$out/elf" || fail "$1 has a dynamic section"
    ! grep -qw INTERP "$out/elf" || fail "$1 asks for a dynamic loader"
}

# The binary in this folder is the shim, whole: it answers, translates, links itself, and interposes.
answers() { # BIN
    local shim=$1/hydra-shim links
    static "$shim"
    "$shim" --version | has "$shim --version" "hydra-shim $version"
    local translated
    translated=$("$shim" translate --run_id 2024_11_23 --note 'R&D, eu')
    [ "$translated" = "python3 main.py 'run_id='\\''2024_11_23'\\''' 'note='\\''R&D, eu'\\'''" ] ||
        fail "$shim translates to $translated"
    links=$(mktemp -d "$out/links.XXXX")
    "$shim" install "$links" >/dev/null
    [ "$(PATH=$links:$PATH HYDRA_SHIM_LOG=text python3 -c 'print(6 * 7)' 2>"$out/log")" = 42 ] ||
        fail "$shim, installed as python3, does not become python3: $(cat "$out/log")"
    has "$shim, installed as python3" 'hydra-shim: untouched' <"$out/log"
}

venv() { # NAME
    rm -rf "${out:?}/$1"
    python3 -m venv "$out/$1"
}

# A virtual environment with maturin and auditwheel, kept: pip asks for nothing that is there.
tools() {
    [ -x "$out/tools/bin/pip" ] || venv tools
    "$out/tools/bin/pip" install --quiet maturin==1.16.0 auditwheel==6.8.2
}

# What a release carries, made as the release makes it.
package() {
    local tarball
    rm -rf target/dist "$out/release" && mkdir "$out/release"
    PATH=$out/tools/bin:$PATH .ci/package "$target" 2>"$out/log" || fail "package: $(cat "$out/log")"
    tarball=$(echo target/dist/*.tar.gz)
    tar --extract --gzip --file "$tarball" --directory "$out/release" --strip-components 1
    answers "$out/release"
    has "$out/release" LICENSE-MIT LICENSE-APACHE README.md SECURITY.md CHANGELOG.md docs <<<"$(ls "$out/release")"
}

wheel() {
    local wheel files translated
    wheel=$(echo target/dist/*.whl)
    [[ $wheel == */hydra_shim-$version-py3-none-*manylinux* ]] || fail "the wheel is named $wheel"
    [[ $target != *-musl || $wheel == *musllinux* ]] || fail "$wheel is not for musl"
    "$out/tools/bin/auditwheel" show "$wheel" | tr '\n' ' ' |
        has "auditwheel on $wheel" 'requires no external shared libraries'
    files=$(python3 -m zipfile --list "$wheel" | awk 'NR > 1 { print $1 }' | grep -v '\.dist-info/')
    [ "$files" = "hydra_shim-$version.data/scripts/hydra-shim" ] || fail "the wheel holds $files"

    venv from-wheel
    "$out/from-wheel/bin/pip" install --quiet --no-index "$wheel"
    answers "$out/from-wheel/bin"
    # Beside Hydra, as in an image.
    "$out/from-wheel/bin/pip" install --quiet hydra-core==1.3.8
    translated=$(
        cd examples/quickstart
        PATH=$out/from-wheel/bin:$PATH hydra-shim run python3 main.py --project 'R&D, eu' --lr 1e-05 \
            hydra.run.dir=. hydra.output_subdir=null hydra/job_logging=disabled
    )
    has 'Hydra behind the wheel' "'R&D, eu'" 1e-05 <<<"$translated"
}

sdist() {
    rm -rf "$out/sdist" && mkdir "$out/sdist"
    "$out/tools/bin/maturin" sdist --out "$out/sdist" 2>"$out/log" || fail "maturin: $(cat "$out/log")"
    venv from-sdist
    CARGO_TARGET_DIR=$out/cargo "$out/from-sdist/bin/pip" install --quiet "$out"/sdist/*.tar.gz
    answers "$out/from-sdist/bin"
}

cargo_install() {
    rm -rf "$out/cargo-root"
    cargo install --quiet --locked --path . --root "$out/cargo-root" --no-track
    answers "$out/cargo-root/bin"
}

# What bash offers for a line; the last word is the one that is being typed.
bash_offers() { # WORD...
    bash --norc -c '
        source "$1"; shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        definition=$(complete -p hydra-shim); function=${definition#* -F } function=${function%% *}
        "$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf "%s\n" "${COMPREPLY[@]}"
    ' - "$out/release/completions/hydra-shim.bash" "$@"
}

fish_offers() { # LINE
    fish --no-config -c "source '$out/release/completions/hydra-shim.fish'; complete --do-complete '$1'"
}

# zsh has to be asked through a terminal: it only completes for a person.
zsh_offers() { # LINE
    python3 tests/zsh_offers.py "$out/release/completions" "$1"
}

completions_and_man() {
    local shim=$out/release/hydra-shim man=$out/release/man/man1 subcommand subcommands options page
    subcommands=$("$shim" --help | awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on && $1 != "help" { print $1 }')
    has 'hydra-shim --help' run translate check component rewrite install <<<"$subcommands"
    # shellcheck disable=SC2046,SC2086  # words
    {
        bash_offers hydra-shim '' | has bash $subcommands --version
        fish_offers 'hydra-shim ' | has fish $subcommands
        zsh_offers 'hydra-shim ' | has zsh $subcommands
        has hydra-shim.1 $subcommands $(grep -rhoE '\bHYDRA_SHIM_[A-Z]+' src | sort -u) <"$man/hydra-shim.1"
    }
    for subcommand in $subcommands; do
        options=$("$shim" help "$subcommand" | grep -oE -- '^ +(-., )? *--[a-z-]+' | grep -oE -- '--[a-z-]+') || true
        page=$man/hydra-shim-$subcommand.1
        # shellcheck disable=SC2086  # words
        {
            bash_offers hydra-shim "$subcommand" -- | has "bash, $subcommand" $options
            fish_offers "hydra-shim $subcommand --" | has "fish, $subcommand" $options
            zsh_offers "hydra-shim $subcommand --" | has "zsh, $subcommand" $options
            groff -man -Kutf8 -Tutf8 -P-cbou "$page" | has "$page" 'hydra-shim' "$subcommand" $options
        }
    done
    bash_offers hydra-shim translate --format '' | tr '\n' ' ' | has 'bash, --format' 'shell json '
    for page in "$man"/*.1; do
        [ -z "$(groff -man -ww -Kutf8 -Tutf8 "$page" 2>&1 >/dev/null)" ] || fail "groff warns of $page"
    done
    # mandoc dislikes one line break of clap_mangen's, and that only.
    ! mandoc -T lint -W warning "$man"/*.1 | grep -v 'skipping paragraph macro: br' >&2 || fail 'mandoc'
}

mkdir -p "$out"
rm -rf "$out"/links.*
tools
package
wheel
sdist
cargo_install
completions_and_man
echo "tarball, wheel, sdist and cargo install deliver the same; bash, zsh and fish complete; man pages are clean"
