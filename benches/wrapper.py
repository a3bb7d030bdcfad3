"""The same rewriting as a Python entry point."""
import os
import re
import sys

line = " ".join(sys.argv[1:])
argv = re.sub(r"--([^= ]*)[= ]([^ ]*)", r"\1=\2", line).split()
os.execvp(argv[0], argv)
