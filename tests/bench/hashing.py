#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What hashing costs, beside other programs in the same run, as docs/benchmarks.md.

  hashing.py [--build FOLDER] [--runs N] [--mib N] [--only SECTION[,SECTION]]
             [--realtime] [--output FILE]

Kernels in the cache of one core; 8 files of N MiB, 64 of N/8 and one file of 8 N MiB in
the page cache; what digests and statistics of tensors cost beside the digest of their
file.  Programs take turns, so that a busy machine disturbs all of them; tables
show medians, the spread, and the median of the ratios within the rounds.  --realtime
runs them before everything else that wants the processor (as root, for seconds).
Programs that are not installed are left out.
"""

import argparse
import datetime
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
MIB = 1 << 20
N_FILES = 8


def write_file(path, mib):
    """Bytes that no file system compresses, or leaves out."""
    block = os.urandom(MIB)
    with open(path, "wb") as f:
        for n in range(mib):
            f.write(n.to_bytes(8, "little") + block[8:])


class Peer:
    def __init__(self, name, *words, seconds_printed=False):
        self.name, self.words = name, words
        self.seconds_printed = seconds_printed      # stdout: the wall's, or "wall cpu ..."
        self.walls, self.cpus, self.peaks = [], [], []

    def run(self):
        done = measure.cost(*self.words)
        if done.status != 0:
            raise SystemExit(f"{self.name}: status {done.status}")
        wall, cpu = done.seconds, done.cpu_seconds
        if self.seconds_printed:
            printed = done.output.split()
            wall = float(printed[0])
            cpu = float(printed[1]) if len(printed) > 1 else cpu
        self.walls.append(wall)
        self.cpus.append(cpu)
        self.peaks.append(done.max_rss)


def first(*words):
    path = shutil.which(words[0])
    return (path, *words[1:]) if path else None


def known(*peers):
    """Of (name, words, printed): those whose program is there."""
    return [Peer(name, *words, seconds_printed=printed)
            for name, words, printed in peers if words]


def bench(*words):
    return (harness.BUILD / "tests" / "hash_bench", *map(str, words))


def own(*words):
    return (harness.PROGRAM, "hash", *words)


def oms(*words):
    python = harness.BUILD.parent / "bench-python" / "bin" / "python"
    return (python, HERE / "oms_hash.py", *words) if python.exists() else None


def peers_many(folder):
    files = sorted(folder.iterdir())
    n = str(os.cpu_count())
    parallel = shutil.which("openssl") and (
        "/bin/sh", "-c", f"ls -d '{folder}'/* | xargs -P {n} -n 1 openssl dgst -sha256")
    return known(
        ("steelyard, SHA-256", own(folder), False),
        ("steelyard, SHA-256, one thread", own("--jobs", "1", folder), False),
        ("steelyard, BLAKE3", own("-a", "blake3", folder), False),
        ("b3sum", first("b3sum", *files), False),
        (f"openssl dgst, {n} at once", parallel, False),
        ("model_signing, SHA-256 (hashing alone)", oms("sha256", folder), True))


def peers_more(folder):
    """Of so many files that each thread has some for every lane."""
    return known(
        ("steelyard, SHA-256", own(folder), False),
        ("steelyard, BLAKE3", own("-a", "blake3", folder), False),
        ("b3sum", first("b3sum", *sorted(folder.iterdir())), False),
        ("model_signing, SHA-256 (hashing alone)", oms("sha256", folder), True))


def peers_serial(path):
    """Of one file; all but the first have a single thread."""
    return known(
        ("steelyard, SHA-256", own(path), False),
        ("steelyard, SHA-256, one thread", own("--jobs", "1", path), False),
        ("openssl dgst -sha256", first("openssl", "dgst", "-sha256", path), False),
        ("rhash --sha256", first("rhash", "--sha256", path), False),
        ("sha256sum", first("sha256sum", path), False),
        ("model_signing, SHA-256 (hashing alone)", oms("sha256", path), True))


def peers_large(path):
    shard = 64 * MIB
    return known(
        ("steelyard, SHA-256", own(path), False),
        ("weigher, SHA-256 in shards of 64 MiB", bench("shards", "sha256", 0, shard, path),
         True),
        ("weigher, the same and of the whole, one read", bench("both", "sha256", 0, shard, path),
         True),
        ("steelyard, BLAKE3", own("-a", "blake3", path), False),
        ("b3sum", first("b3sum", path), False))


def peers_tensors(path):
    def check(*words):
        return (harness.PROGRAM, "check", "--quiet", *words, path)

    return known(
        ("hash", own(path), False),
        ("check", check(), False),
        ("check --digests", check("--digests"), False),
        ("check --stats", check("--stats"), False),
        ("check --digests --stats", check("--digests", "--stats"), False),
        ("hash --tensors (no digest of the file)", own("--tensors", path), False))


def take_turns(peers, n_runs):
    for peer in peers:
        peer.run()                  # fills caches; not counted
        peer.walls, peer.cpus, peer.peaks = [], [], []
    for _ in range(n_runs):
        for peer in peers:
            peer.run()
        time.sleep(3)               # others want the machine too


def compare(peers, n_bytes, args, say):
    take_turns(peers, args.runs)
    table(peers, n_bytes, say)


def ratio(peer, to):
    return statistics.median(a / b for a, b in zip(peer.walls, to.walls))


def cpu_ratio(peer, to):
    return statistics.median(a / b for a, b in zip(peer.cpus, to.cpus))


def table(peers, n_bytes, say):
    say("| program | wall s (range) | GB/s | processor s | peak MiB | wall, first = 1 "
        "| processor, first = 1 |")
    say("|---|---|---|---|---|---|---|")
    for peer in peers:
        wall = statistics.median(peer.walls)
        say(f"| {peer.name} | {wall:.3f} ({min(peer.walls):.3f}–{max(peer.walls):.3f}) "
            f"| {n_bytes / wall / 1e9:.2f} | {statistics.median(peer.cpus):.2f} "
            f"| {max(peer.peaks) / MIB:.0f} | {ratio(peer, peers[0]):.2f} "
            f"| {cpu_ratio(peer, peers[0]):.2f} |")
    say("")


def kernels(say):
    done = subprocess.run(bench("kernels"), capture_output=True, text=True, check=True)
    rows = [line.split() for line in done.stdout.splitlines()]
    base = float(rows[0][2])
    say("| algorithm | variant | GB/s (range) | to libcrypto's SHA-256 |")
    say("|---|---|---|---|")
    for algorithm, variant, median, low, high in rows:
        say(f"| {algorithm} | {variant} | {float(median):.2f} ({float(low):.2f}–"
            f"{float(high):.2f}) | {float(median) / base:.2f} |")
    say("")


def weigher(files, n_runs, say):
    """Block sizes and threads: the library, without a process around it."""
    n_bytes = sum(f.stat().st_size for f in files)
    say("| algorithm | threads | block | GB/s, wall (range) | processor s/GB |")
    say("|---|---|---|---|---|")
    cases = [(a, n, 128) for a in ("sha256", "blake3", "sha512", "blake2b") for n in (1, 2)]
    cases += [("sha256", 2, kib) for kib in (16, 64, 256, 1024, 16384)]
    for algorithm, n, kib in cases:
        runs = []
        for _ in range(n_runs):
            done = subprocess.run(bench("weigh", algorithm, n, kib << 10, *files),
                                  capture_output=True, text=True, check=True)
            runs.append([float(word) for word in done.stdout.split()])
        rates = sorted(n_bytes / wall / 1e9 for wall, _, _ in runs)
        cpu = statistics.median(cpu for _, cpu, _ in runs) / (n_bytes / 1e9)
        say(f"| {algorithm} | {n} | {kib} KiB | {statistics.median(rates):.2f} "
            f"({rates[0]:.2f}–{rates[-1]:.2f}) | {cpu:.2f} |")
        time.sleep(0.5)
    say("")


def machine(args):
    model = "an unknown processor"
    flags = ""
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            model = value.strip()
        if key.strip() == "flags":
            wanted = ("sha_ni", "avx2", "avx512f")
            flags = ", ".join(f for f in wanted if f" {f} " in f"{value} ")
    compiler = subprocess.run(["cc", "--version"], capture_output=True, text=True,
                              check=False).stdout.splitlines()[:1]
    versions = [subprocess.run([name, "--version"], capture_output=True, text=True,
                               check=False).stdout.splitlines()[0]
                for name in ("b3sum", "rhash", "sha256sum") if shutil.which(name)]
    openssl = subprocess.run(["openssl", "version"], capture_output=True, text=True,
                             check=False).stdout.strip()
    load = os.getloadavg()
    return (f"{os.cpu_count()} processors of {model} ({flags}), "
            f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') >> 30} GiB, "
            f"Linux {platform.release()}; {'; '.join([*compiler, openssl, *versions])}. "
            f"Load when it began: {load[0]:.1f}"
            + ("; with real-time priority." if args.realtime else "."))


HEAD = """# Benchmarks of hashing

Written by `sh tests/bench/run.sh hashing` on {date}: medians of {runs} rounds in which
the programs took turns, and the median of the ratios within the rounds.

{machine}

GB are 10^9 bytes.  Files lie in the page cache.  A peak of 13 MiB is the
launcher's: it may be less.
"""


def many_files(args, folder, say):
    files = [folder / f"shard-{i}.bin" for i in range(N_FILES)]
    for path in files:
        write_file(path, args.mib)
    say(f"## {N_FILES} files of {args.mib} MiB\n")
    compare(peers_many(folder), N_FILES * args.mib * MIB, args, say)
    say(f"## One file of {args.mib} MiB\n")
    compare(peers_serial(files[0]), args.mib * MIB, args, say)
    say(f"## The weigher by algorithm, threads and block, {N_FILES} files of "
        f"{args.mib // 8} MiB\n")
    for path in files:
        os.truncate(path, args.mib // 8 * MIB)
    weigher(files, args.runs, say)


def more_files(args, folder, say):
    for i in range(8 * N_FILES):
        write_file(folder / f"shard-{i}.bin", args.mib // 8)
    say(f"## {8 * N_FILES} files of {args.mib // 8} MiB\n")
    compare(peers_more(folder), N_FILES * args.mib * MIB, args, say)


def large_file(args, folder, say):
    large = folder / "large.bin"
    write_file(large, N_FILES * args.mib)
    say(f"## One file of {N_FILES * args.mib} MiB\n")
    compare(peers_large(large), N_FILES * args.mib * MIB, args, say)


def tensors(args, folder, say):
    """What is asked about tensors, beside the digest of their file alone."""
    kinds = (("F32", 8), ("BF16", 8), ("F16", 8), ("F8_E4M3", 8), ("F32", 20000))
    for dtype, n in kinds:
        path = folder / "model.safetensors"
        size = tensor_file.write(path, dtype, n, 2 * args.mib * MIB)
        say(f"## {n} tensors of {dtype}, one file of {2 * args.mib} MiB\n")
        compare(peers_tensors(path), size, args, say)
    shards = folder / "repository"
    shards.mkdir()
    size = sum(tensor_file.write(shards / f"{dtype}-{i}.safetensors", dtype, 8, args.mib * MIB)
               for dtype in ("F32", "BF16") for i in range(N_FILES // 2))
    say(f"## {N_FILES} files of tensors, {args.mib} MiB each\n")
    compare(peers_tensors(shards), size, args, say)


def start(args, folder, say):
    say("## An empty file\n")
    (folder / "empty").touch()
    compare(known(("true", first("true"), False),
                  ("steelyard, SHA-256", own(folder / "empty"), False)), 0, args, say)


def kernels_alone(_args, _folder, say):
    say("## Kernels, one core, 128 KiB in its cache (processor time)\n")
    kernels(say)


SECTIONS = {"kernels": kernels_alone, "files": many_files, "more": more_files,
            "large": large_file,
            "tensors": tensors, "start": start}


def report(args, say):
    for name, section in SECTIONS.items():
        if not args.only or name in args.only.split(","):
            with tempfile.TemporaryDirectory(prefix="steelyard-bench-") as folder:
                section(args, pathlib.Path(folder), say)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--mib", type=int, default=512)
    parser.add_argument("--realtime", action="store_true")
    parser.add_argument("--only", metavar="SECTION[,SECTION]", help=", ".join(SECTIONS))
    parser.add_argument("--output")
    args = parser.parse_args()
    if args.build:
        os.environ["STEELYARD_BUILD"] = str(pathlib.Path(args.build).resolve())
    sys.path[:0] = [str(HERE), str(HERE.parent)]
    sys.dont_write_bytecode = True
    global harness, measure, tensor_file    # they look at the environment when loaded
    import harness
    import measure
    import tensor_file
    lines = [HEAD.format(date=datetime.date.today(), runs=args.runs, machine=machine(args))]
    if args.realtime:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))

    def say(line):
        print(line, flush=True)
        lines.append(line)

    print(lines[0])
    report(args, say)
    if args.output:
        pathlib.Path(args.output).write_text("\n".join(lines).rstrip() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
