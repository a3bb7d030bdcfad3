#!/bin/sh
# What teams put in front of a Hydra program: every `--name value` in the line becomes
# `name=value`. Instead of starting the program, this prints the arguments it would get.
set -- $(echo $@ | sed -r 's/--([^= ]*)[= ]([^ ]*)/\1=\2/g')
for argument in "$@"; do
    printf '%s\0' "$argument"
done
