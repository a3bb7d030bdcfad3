#!/bin/sh
# A package that owns an interpreter is upgraded while the shim is in its place: for test.sh, in a container.
set -eu
cd /tmp
package() {
    mkdir -p p/DEBIAN p/usr/bin
    { cat /usr/bin/python3.11; printf '\nversion %s\n' "$1"; } >p/usr/bin/python-own
    chmod 755 p/usr/bin/python-own
    printf 'Package: python-own\nVersion: %s\nArchitecture: all\nMaintainer: x\nDescription: x\n' "$1" >p/DEBIAN/control
    dpkg-deb --build p p.deb >/dev/null
    dpkg --install p.deb >/dev/null 2>&1
}
# What is where the package has it and what is kept: a version, or the shim.
report() {
    for file in /usr/bin/python-own*; do
        echo "$1: ${file##*/} $(tail -n 1 "$file"), starts: $("$file" -c 'print(1)')"
    done
}
next() { sed -n 's/^next: .*\(dpkg-divert .*\)/\1/p' said | sh >/dev/null; }
package 1
hydra-shim install --in-place python-own >said
next
package 2
report 'diverted'
hydra-shim install --in-place --undo python-own >said
next
package 3
report 'undone'
hydra-shim install --in-place python-own >said
package 4
report 'not diverted'
hydra-shim install --in-place --undo python-own 2>&1 || :
hydra-shim install --in-place --force python-own >said
report 'forced'
