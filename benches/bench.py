#!/usr/bin/env python3
"""What it costs to put hydra-shim in front of a program: time, memory, growth, size.

    benches/bench.py                  measures and prints (needs gcc)
    benches/bench.py --check          exits with 1 as well when a limit below is broken
    benches/bench.py --svg FILE       draws the start-up times and the growth, too
    benches/bench.py --instructions   compares instruction counts with instructions.txt (needs valgrind)
    benches/bench.py --instructions --write   makes them the ones to compare with
    benches/bench.py --binary FILE    measures that build, and not one for this machine's own target
    benches/bench.py --musl           measures a release's build, against C with musl (needs musl-gcc)

Everything is compared with a static C program that only calls execvp (floor.c): nothing that starts
another program can be faster. The programs run in turn, each a stretch of times in a row; the numbers
that count are ratios of stretches side by side, and then the median over them, because a shared
machine drifts by more than the differences measured here. Instructions do not drift: they are what a change is held against.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
BASELINE = HERE / "instructions.txt"

# Limits of --check. Where other work shares the machine, BENCH_SLACK=1.5 widens those of time.
MAX_RUN = 1.12  # x the floor, ten flags
MAX_RUN_MUSL = 1.40  # musl's C program starts in a fifth of the time of glibc's
MAX_UNTOUCHED = 1.25  # x the floor, interposed in front of a program that is not Hydra's
MAX_UNTOUCHED_MUSL = 1.50
MAX_COMPONENT = 1.0  # ms that reading a component of 5 KB adds
MAX_ADDED = 50  # ms that 20,000 flags, 1.2 MB of arguments, add to the floor
MAX_ADDED_MUSL = 70  # its allocator is slower
MAX_MEMORY = 1536  # KiB over the floor's peak
MAX_SIZE = 2_200_000  # bytes, with glibc
MAX_SIZE_MUSL = 1_650_000
MAX_MORE_INSTRUCTIONS = 0.05  # over the baseline
ATTEMPTS = 3  # of --check, before a limit counts as broken

TEN_FLAGS = [
    *("--project", "demo", "--lr", "0.1", "--epochs", "10", "--data", "gs://bucket/a/b"),
    *("--note", "a,b", "--name", "2024_11_23", "--debug", "true", "--model.layers", "3"),
    *("--tag", "x=y", "--out", "/tmp/model"),
]
# Bytes of one value. The kernel takes no argument of more than 128 KiB (MAX_ARG_STRLEN), and
# escaping makes these longer.
VALUE_SIZES = [1, 100, 10_000, 100_000]
FLAG_COUNTS = [10, 100, 1_000, 10_000, 20_000]


class Bench:
    """A folder with the programs that are measured, away from any rules file."""

    def __init__(self, folder, binary=None, musl=False):
        self.folder = folder
        self.musl = musl
        for program in ("floor", "noop", "measure"):
            source = HERE / f"{program}.c"
            # The program that is started is the same for both.
            cc = "musl-gcc" if musl and program == "floor" else "cc"
            subprocess.run([cc, "-O2", "-static", "-o", folder / program, source], check=True)
        shutil.copy(binary or build(musl), folder / "hydra-shim")
        for program in ("floor", "noop", "hydra-shim"):
            unpack(folder / program)
        self.shim = str(folder / "hydra-shim")
        self.floor, self.noop = str(folder / "floor"), str(folder / "noop")
        # An image with the shim in front of its Python, which ends at once.
        (folder / "bin").mkdir()
        shutil.copy(folder / "noop", folder / "bin/python3")
        unpack(folder / "bin/python3")
        subprocess.run([self.shim, "install", folder / "links"], check=True, stdout=subprocess.DEVNULL)
        # And one with the shim in its place.
        (folder / "place").mkdir()
        shutil.copy(folder / "noop", folder / "place/python3")
        install = [self.shim, "install", "--in-place", folder / "place/python3"]
        subprocess.run(install, check=True, stdout=subprocess.DEVNULL)
        for program in ("python3", "python3.hydra-shim-kept"):
            unpack(folder / "place" / program)
        (folder / "app.py").write_text("import hydra\n\n@hydra.main()\ndef main(cfg): ...\n\nmain()\n")
        (folder / "plain.py").write_text("import argparse\n")
        (folder / "component.yaml").write_text(component())
        self.path = f"{folder}/links:{folder}/bin:/usr/bin:/bin"

    def measure(self, stretches, runs, commands):
        """The peak (KiB) and the times (ms) of each of `commands`: (variable, program, argv...)."""
        lines = "".join("\t".join(command) + "\n" for command in commands)
        output = subprocess.run(
            [self.folder / "measure", str(stretches), str(runs)],
            input=lines, stdout=subprocess.PIPE, text=True, check=True, cwd=self.folder,
            env={"PATH": self.path},
        ).stdout
        rows = [line.split() for line in output.splitlines()]
        return [(int(row[0]), [float(us) / 1e3 for us in row[1:]]) for row in rows]

    def run(self, *arguments, variable=""):
        """`hydra-shim run` of the program that ends at once."""
        return (variable, self.shim, "hydra-shim", "run", self.noop, *arguments)

    def through_floor(self, *arguments):
        return ("", self.floor, "floor", self.noop, *arguments)

    def interposed(self, script, folder="links"):
        return ("", str(self.folder / folder / "python3"), "python3", script, *TEN_FLAGS)

    def ways(self):
        """The ways to start a program with ten flags: those of a millisecond, and the slow ones."""
        # No version manager's wrapper between us and the interpreter.
        python = sys.executable
        reads = f"HYDRA_SHIM_COMPONENT={self.folder}/component.yaml"
        quick = {
            "C, execvp only (the floor)": self.through_floor(*TEN_FLAGS),
            "hydra-shim run": self.run(*TEN_FLAGS),
            "hydra-shim run, a 5 KB component": self.run(*TEN_FLAGS, variable=reads),
            "interposed, translated": self.interposed("app.py"),
            "interposed, untouched": self.interposed("plain.py"),
            "in place, translated": self.interposed("app.py", "place"),
            "in place, untouched": self.interposed("plain.py", "place"),
            "/usr/bin/env": ("", "/usr/bin/env", "env", self.noop, *TEN_FLAGS),
        }
        sed, wrapper = str(HERE / "wrapper.sh"), str(HERE / "wrapper.py")
        slow = {
            "C, execvp only (the floor)": self.through_floor(*TEN_FLAGS),
            "sed in a shell wrapper": ("", sed, sed, self.noop, *TEN_FLAGS),
            "re.sub in a Python wrapper": ("", python, python, wrapper, self.noop, *TEN_FLAGS),
        }
        return quick, slow


def build(musl):
    """The release binary's path."""
    cargo = ["cargo", "build", "--release", "--quiet", "--bin", "hydra-shim", "--message-format=json"]
    if musl:
        cargo += ["--target", f"{os.uname().machine}-unknown-linux-musl"]
    output = subprocess.run(cargo, cwd=HERE.parent, check=True, stdout=subprocess.PIPE, text=True)
    messages = map(json.loads, output.stdout.splitlines())
    return next(path for path in (message.get("executable") for message in messages) if path)


def unpack(program):
    """Writes a program anew, from its start to its end, as a container engine unpacks it.

    A linker writes here and there, which leaves the kernel small pieces in its page cache, and each
    start some 0.08 ms more of page faults (Linux 6.18, ext4).
    """
    content = program.read_bytes()
    program.unlink()
    program.write_bytes(content)
    program.chmod(0o755)


def component():
    """A component of 5 KB that declares the ten flags and twenty more."""
    names = [flag.removeprefix("--") for flag in TEN_FLAGS[::2]]
    names += [f"parameter_{i}" for i in range(30 - len(names))]
    inputs = "".join(
        f"- {{name: '{name}', type: String, default: 'x', description: what {name} is there for in the training loop of it}}\n"
        for name in names
    )
    args = "".join(f"      --{name}, {{inputValue: '{name}'}},\n" for name in names)
    return (
        f"name: Train\ninputs:\n{inputs}implementation:\n  container:\n    image: example/train\n"
        f"    command: [python3, main.py]\n    args: [\n{args}    ]\n"
    )


def generated(count):
    """Flags with paths, numbers and text that must be quoted, in turn: about 60 bytes each."""
    values = ["gs://bucket/a/path/{}", "{}", "a text, with = and 'quotes' {}"]
    pairs = ((f"--section.parameter_{i}", values[i % 3].format(i)) for i in range(count))
    return [argument for pair in pairs for argument in pair]


def ratios(times, floor, runs):
    """The median over stretches of the ratio of their medians."""
    starts = range(0, len(times), runs)
    return median(median(times[i : i + runs]) / median(floor[i : i + runs]) for i in starts)


def start_up(bench):
    """Title to (ms, ratio to the floor, KiB)."""
    rows = {}
    quick, slow = bench.ways()
    for ways, stretches, runs in ((quick, 40, 50), (slow, 5, 12)):
        measured = bench.measure(stretches, runs, ways.values())
        floor = measured[0][1]
        for title, (peak, times) in zip(ways, measured):
            rows.setdefault(title, (median(times), ratios(times, floor, runs), peak))
    return rows


def growth(bench, sizes, arguments):
    """For each size: the floor's ms and those that `hydra-shim run` adds."""
    rows = []
    for size in sizes:
        flags = arguments(size)
        runs = 25 if size < 10_000 or len(flags) < 10 else 4
        (_, floor), (_, run) = bench.measure(4, runs, [bench.through_floor(*flags), bench.run(*flags)])
        # The least disturbed run of each.
        rows.append((size, min(floor), min(run) - min(floor)))
    return rows


def report(bench):
    """Measures all and prints it."""
    rows = start_up(bench)
    print("\nStart-up with ten flags".ljust(40), "ms".rjust(10), "x floor".rjust(10))
    for title, (ms, ratio, _) in rows.items():
        print(title.ljust(39), f"{ms:10.3f} {ratio:10.2f}")
    floor, run, read, _, untouched = (list(rows.values())[i] for i in range(5))
    component_ms = (read[1] - run[1]) * floor[0]
    size = (bench.folder / "component.yaml").stat().st_size
    print(f"\nReading a component of {size} bytes adds {component_ms:.3f} ms")
    print(f"Peak memory: floor {floor[2]} KiB, hydra-shim {run[2]} KiB")
    by_count = growth(bench, FLAG_COUNTS, generated)
    by_size = growth(bench, VALUE_SIZES, lambda size: ["--text", ("it's, ${x} " * size)[:size]])
    for unit, table in (("flags", by_count), ("bytes", by_size)):
        print(f"\n{unit:>8} {'floor ms':>12} {'added ms':>12}")
        for count, floor_ms, added in table:
            print(f"{count:8} {floor_ms:12.3f} {added:12.3f}")
    binary = os.stat(bench.shim).st_size
    print(f"\nSize: {binary} bytes, {'static' if is_static(bench.shim) else 'NOT STATIC'}")
    slack = float(os.environ.get("BENCH_SLACK", "1"))
    max_run, max_untouched, max_added, max_size = (
        (MAX_RUN_MUSL, MAX_UNTOUCHED_MUSL, MAX_ADDED_MUSL, MAX_SIZE_MUSL)
        if bench.musl
        else (MAX_RUN, MAX_UNTOUCHED, MAX_ADDED, MAX_SIZE)
    )
    limits = [
        ("run, x the floor", run[1], max_run * slack),
        ("run against env, x the floor", run[1], rows["/usr/bin/env"][1]),
        ("interposed and untouched, x the floor", untouched[1], max_untouched * slack),
        ("in place and untouched, x the floor", rows["in place, untouched"][1], max_untouched * slack),
        ("ms to read a component", component_ms, MAX_COMPONENT * slack),
        ("ms that 20,000 flags add", by_count[-1][2], max_added * slack),
        ("KiB over the floor", run[2] - floor[2], MAX_MEMORY),
        ("bytes", binary, max_size),
        ("static", 0 if is_static(bench.shim) else 1, 0),
    ]
    broken = [f"{what}: {value:.3f}, limit {limit:.3f}" for what, value, limit in limits if value > limit]
    return rows, by_count, broken


def is_static(program):
    """Whether the kernel starts it without a loader: no PT_INTERP, no PT_DYNAMIC."""
    headers = subprocess.run(["readelf", "-lW", program], check=True, stdout=subprocess.PIPE, text=True)
    return "INTERP" not in headers.stdout and "DYNAMIC" not in headers.stdout


def instructions(bench):
    """Name to the instructions of one start, up to the execve that fails.

    In place there is none: under valgrind `/proc/self/exe` is valgrind.
    """
    gone, python = "/nonexistent/program", bench.folder / "bin/python3"
    # Executable, and no program: found, and refused by the kernel.
    python.write_bytes(b"\0")
    reads = {"HYDRA_SHIM_COMPONENT": "component.yaml"}
    links = str(bench.folder / "links/python3")
    starts = {
        "run, ten flags": ([bench.shim, "run", gone, *TEN_FLAGS], {}),
        "run, a 5 KB component": ([bench.shim, "run", gone, *TEN_FLAGS], reads),
        "run, 1,000 flags": ([bench.shim, "run", gone, *generated(1000)], {}),
        "run, JSON": ([bench.shim, "run", gone, "--x", json.dumps({"a": list(range(200))})], {}),
        "interposed, translated": ([links, "app.py", *TEN_FLAGS], {}),
        "interposed, untouched": ([links, "plain.py", *TEN_FLAGS], {}),
    }
    return {name: count(bench, command, more) for name, (command, more) in starts.items()}


def count(bench, command, environment):
    out = bench.folder / "callgrind.out"
    valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *command]
    subprocess.run(
        valgrind, cwd=bench.folder, env={"PATH": bench.path, **environment},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
    )
    totals = [line for line in out.read_text().splitlines() if line.startswith("totals:")]
    return int(totals[0].split()[1])


def compare_instructions(bench, write):
    """Prints the counts beside the baseline's; whether all are within the limit."""
    counts = instructions(bench)
    if write:
        BASELINE.write_text("".join(f"{n}\t{name}\n" for name, n in counts.items()))
    lines = (line.split("\t") for line in BASELINE.read_text().splitlines())
    baseline = {name: int(n) for n, name in lines}
    good = counts.keys() == baseline.keys()
    for name, n in counts.items():
        more = n / baseline.get(name, n) - 1
        good = good and more <= MAX_MORE_INSTRUCTIONS
        print(f"{name:26} {n:12,} instructions {more:+8.1%}")
    if not good:
        print(f"Over {BASELINE.name} by more than {MAX_MORE_INSTRUCTIONS:.0%}; if that is the price of"
              " something, --instructions --write and say in the commit of what", file=sys.stderr)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="fail where a limit is broken")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw it")
    parser.add_argument("--instructions", action="store_true", help="count instructions instead")
    parser.add_argument("--write", action="store_true", help="keep the counts to compare with")
    parser.add_argument("--binary", type=Path, metavar="FILE", help="measure this build of it")
    parser.add_argument("--musl", action="store_true", help="measure a release's build, against musl")
    options = parser.parse_args()
    # 20,000 flags need more than the usual 2 MB: the kernel allows a quarter of the stack limit.
    resource.setrlimit(resource.RLIMIT_STACK, (64 << 20, resource.getrlimit(resource.RLIMIT_STACK)[1]))
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder).resolve(), options.binary, options.musl)
        if options.instructions:
            sys.exit(0 if compare_instructions(bench, options.write) else 1)
        for attempt in range(1, ATTEMPTS + 1):
            rows, by_count, broken = report(bench)
            if options.svg:
                import chart

                options.svg.write_text(chart.draw(rows, by_count))
            if not (options.check and broken):
                return
            print(f"\nAttempt {attempt} of {ATTEMPTS}:", *broken, sep="\n", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
