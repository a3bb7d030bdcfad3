"""Tests that data_prepare reads MNIST's own format from a mirror. It runs in the task's image:

    docker run --rm -v "$PWD/test_mirror.py:/test_mirror.py:ro" \\
        mnist/data_prepare:interposed python3 /test_mirror.py
"""

import functools
import gzip
import hashlib
import http.server
import json
import struct
import subprocess
import tempfile
import threading
from pathlib import Path

import numpy as np

COUNTS = {"train": 30, "t10k": 20}


def idx(array):
    """The format of http://yann.lecun.com/exdb/mnist: type 8 is an unsigned byte."""
    head = struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(head + array.tobytes(), mtime=0)


def write_files(folder):
    """Writes MNIST's four files with few, random images; returns these, and [file, md5] of each."""
    random = np.random.default_rng(0)
    images, labels, resources = {}, {}, []
    for part, count in COUNTS.items():
        images[part] = random.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels[part] = (np.arange(count) % 10).astype(np.uint8)
        for name, array in [("images-idx3", images[part]), ("labels-idx1", labels[part])]:
            file = folder / f"{part}-{name}-ubyte.gz"
            file.write_bytes(idx(array))
            resources.append([file.name, hashlib.md5(file.read_bytes()).hexdigest()])
    return images, labels, resources


def serve(folder):
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def prepare(data_dir, mirror, *more):
    """Runs the task with the flags that its component passes."""
    return subprocess.run(
        ["python3", "main.py", "--source", "mnist", "--classes", "[0, 1, 2]", "--mirror", mirror]
        + ["--data_dir", str(data_dir), *more],
        capture_output=True,
        text=True,
    )


def main():
    folder = Path(tempfile.mkdtemp())
    served = folder / "served"
    served.mkdir()
    images, labels, resources = write_files(served)
    mirror = serve(served)

    done = prepare(folder / "data", mirror, "--resources", json.dumps(resources))
    assert done.returncode == 0, done.stderr
    for part, name in [("train", "train"), ("t10k", "test")]:
        with np.load(folder / "data" / f"{name}.npz") as written:
            kept = labels[part] <= 2
            assert np.array_equal(written["labels"], labels[part][kept])
            assert np.allclose(written["images"], images[part][kept] / 255)
    print(f"mnist from {mirror}: images and labels are those that were served")

    # Without `resources` the files must be MNIST's own, from whichever mirror they come.
    refused = prepare(folder / "refused", mirror)
    assert refused.returncode != 0 and "not found or corrupted" in refused.stderr, refused.stderr
    print("mnist from a mirror with other files: refused, by their md5")


if __name__ == "__main__":
    main()
