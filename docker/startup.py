"""How long `python3 -c pass` takes through the shim in PATH, against the interpreter itself."""

import statistics
import subprocess
import sys
import time


def seconds(program: str) -> float:
    began = time.perf_counter()
    subprocess.run([program, "-c", "pass"], check=True)
    return time.perf_counter() - began


# In turn, and the ratio within each pair: a shared machine drifts by more than the difference.
pairs = [(seconds("python3"), seconds(sys.executable)) for _ in range(300)]
shim, direct = (statistics.median(times) * 1e3 for times in zip(*pairs))
print(f"{shim:.2f} ms interposed, {direct:.2f} ms direct (medians of {len(pairs)})")
print(f"{statistics.median(a / b for a, b in pairs):.3f}")
