#!/bin/sh
# The line that teams put in front of a Hydra application. It splits values at spaces.
exec $(printf '%s ' "$@" | sed -r 's/--([^= ]*)[= ]([^ ]*)/\1=\2/g')
