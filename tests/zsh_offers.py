"""Prints what zsh offers for a line at the Tab key: it only completes for a person at a terminal.

    tests/zsh_offers.py FOLDER-OF-COMPLETIONS LINE
"""

import os
import pty
import select
import sys

folder, line = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    # A dumb terminal: nothing is drawn over.
    os.execvpe("zsh", ["zsh", "-f", "-i"], {**os.environ, "TERM": "dumb"})


def typed(keys, end):
    """What zsh shows from when these keys are typed until `end`."""
    os.write(terminal, keys.encode())
    shown = b""
    while end.encode() not in shown:
        if not select.select([terminal], [], [], 30)[0]:
            sys.exit(f"zsh shows {shown!r} and no {end!r}")
        shown += os.read(terminal, 65536)
    return shown.decode()


setup = f"stty -echo rows 100 cols 200; fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D"
# The prompt is shown when the line editor listens.
typed(f"{setup}; PS1='re''ady>'\n", "ready>")
# Control-U takes the line away again.
print(typed(f"{line}\t\x15echo don''e\n", "\ndone"))
