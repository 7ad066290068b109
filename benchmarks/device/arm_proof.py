"""Scores photographs here and on emulated ARM CPUs, by the SDK and by the device script, and compares.

Started by arm_proof.sh, which makes the arm64 root and the artifacts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import skimage

from mobileiqa_bench.tables import write_table

HERE = Path(__file__).resolve().parent
PHOTOS = ("astronaut.png", "rocket.jpg")

FLOAT_TOLERANCE = 1e-5
"""Of fp32 and int8-weights, which compute in floats: CPUs differ in the order of sums and fused products."""

DYNAMIC_TOLERANCE = 2e-3
"""Of int8-dynamic: each activation is rounded to one of 256 levels of its layer at run time, and kernels for
other instructions round some of them to the other side. The drift of int8 itself is ten times that."""


class Cpu(NamedTuple):
    """A CPU to emulate: its name in qemu, and its /proc/cpuinfo, by which runtimes choose kernels."""

    qemu: str
    part: str
    features: str


_V8 = "fp asimd evtstrm aes pmull sha1 sha2 crc32"
_DOT = f"{_V8} atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp"
CPUS = {
    "Cortex-A53": Cpu("cortex-a53", "0xd03", _V8),  # Raspberry Pi 3: no int8 dot product
    "Cortex-A76": Cpu("cortex-a76", "0xd0b", _DOT),  # Raspberry Pi 5, phones from 2019 on: dot product
    # Phones from 2022 on: int8 matrix product, SVE. Without SME: see README.md.
    "ARMv9": Cpu("max,sme=off", "0xd4d", f"{_DOT} sve i8mm bf16"),
}


@dataclass
class Row:
    """One artifact on one CPU.

    Attributes:
        artifact: name of its folder.
        cpu: a key of `CPUS`.
        difference: largest |score there - score here| over the photos.
        tolerance: largest that is accepted.
        verified: whether `mobileiqa verify` passed there.
        device_script: what was wrong with its result, empty if nothing.
    """

    artifact: str
    cpu: str
    difference: float
    tolerance: float
    verified: bool
    device_script: str

    @property
    def passed(self) -> bool:
        """Whether all three checks passed."""
        return self.difference <= self.tolerance and self.verified and not self.device_script


class Machine:
    """Runs Python here, or in an arm64 root under qemu."""

    def __init__(self, command: Sequence[str], site: Path | None) -> None:
        paths = [str(HERE.parent.parent), *([str(site)] if site else [])]
        self._command = list(command)
        self._environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "1",
        }

    def python(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own modules
            [*self._command, *map(str, arguments)],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def scores(self, artifact: Path, photos: Sequence[Path]) -> list[float]:
        """Returns the scores by the SDK, as `mobileiqa score` prints them."""
        done = self.python("-m", "mobileiqa_sdk", "score", "--json", "--model", artifact, *photos)
        if done.returncode:
            raise RuntimeError(f"mobileiqa score: exit status {done.returncode}: {done.stderr[-2000:]}")
        return [float(row["score"]) for row in json.loads(done.stdout)["results"]]


def emulated(cpu: Cpu, root: Path, interpreter: Path, site: Path, scratch: Path) -> Machine:
    """Returns the root as seen through a prefix of its own, in which /proc/cpuinfo is that of the CPU."""
    prefix = scratch / cpu.part
    (prefix / "proc").mkdir(parents=True)
    for entry in root.iterdir():
        (prefix / entry.name).symlink_to(entry)
    core = f"Features\t: {cpu.features}\nCPU implementer\t: 0x41\nCPU architecture: 8\n"
    core += f"CPU variant\t: 0x1\nCPU part\t: {cpu.part}\nCPU revision\t: 0\n\n"
    cores = "".join(f"processor\t: {number}\n{core}" for number in range(os.cpu_count() or 1))
    (prefix / "proc" / "cpuinfo").write_text(cores)
    return Machine(["qemu-aarch64-static", "-cpu", cpu.qemu, "-L", str(prefix), str(interpreter)], site)


def compare(artifact: Path, name: str, arm: Machine, expected: list[float], photos: list[Path]) -> Row:
    """Compares one artifact on one CPU with the scores from here."""
    scores = arm.scores(artifact, photos)
    difference = max(abs(one - other) for one, other in zip(scores, expected, strict=True))
    tolerance = DYNAMIC_TOLERANCE if artifact.name.endswith("dynamic") else FLOAT_TOLERANCE
    verified = arm.python("-m", "mobileiqa_sdk", "verify", artifact).returncode == 0
    return Row(
        artifact.name, name, difference, tolerance, verified, _flaw(arm, artifact, photos[0], scores[0])
    )


def _flaw(arm: Machine, artifact: Path, photo: Path, score: float) -> str:
    """Returns what is wrong with the device script's result, which must match the SDK's score to the last
    bit.
    """
    options = ("--photo", photo, "--rounds", "1", "--warmup", "0", "--runs", "1", "--json", "-")
    done = arm.python(HERE / "mobileiqa_device.py", artifact, *options)
    if done.returncode:
        return f"exit status {done.returncode}: {(done.stdout + done.stderr)[-2000:]}"
    document = json.loads(done.stdout)
    result, environment = document["results"][0], document["environment"]
    if not (environment["architecture"] == "aarch64" and environment["emulated"]):
        return "did not run on the emulated CPU"
    if not result["golden"]["ok"]:
        return "golden image off"
    return "" if result["score"] == score else f"score {result['score']}, by the SDK {score}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="arm64 root")
    parser.add_argument("--interpreter", type=Path, required=True, help="Python in the root")
    parser.add_argument("--site", type=Path, required=True, help="folder of aarch64 packages")
    parser.add_argument("--cpu", choices=CPUS, action="append", help="only this one; may be repeated")
    parser.add_argument("--json", type=Path, help="write the rows here")
    parser.add_argument("artifacts", type=Path, nargs="+")
    options = parser.parse_args()
    photos = [Path(skimage.data_dir) / name for name in PHOTOS]  # type: ignore[attr-defined]  # loaded lazily
    here = Machine([sys.executable], None)
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(os.cpu_count()) as pool:
        machines = {
            name: emulated(CPUS[name], options.root, options.interpreter, options.site, Path(scratch))
            for name in options.cpu or CPUS
        }
        expected = {artifact: here.scores(artifact, photos) for artifact in options.artifacts}
        waiting = [
            pool.submit(compare, artifact, name, machine, expected[artifact], photos)
            for artifact in options.artifacts
            for name, machine in machines.items()
        ]
        rows = [future.result() for future in waiting]
    header = ("artifact", "CPU", "largest difference", "allowed", "verify", "device script")
    cells = [
        (
            *(row.artifact, row.cpu, f"{row.difference:.1e}", f"{row.tolerance:.0e}"),
            *("ok" if row.verified else "FAILED", row.device_script or "ok"),
        )
        for row in rows
    ]
    print(write_table(header, cells, "llrrll"))
    if options.json:
        values = [{**asdict(row), "passed": row.passed} for row in rows]
        options.json.write_text(json.dumps(values, indent=2) + "\n")
    failed = sum(not row.passed for row in rows)
    print(f"{failed} of {len(rows)} failed" if failed else "all passed", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
