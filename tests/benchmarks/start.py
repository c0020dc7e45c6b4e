"""How soon a command does something: its CPU time beside that of `import typer`, which is what no command can go below.

    python tests/benchmarks/start.py [--rounds 5] [--tree FOLDER] [--json]

The rounds take turns, so that whatever else the machine does hits all alike; the least of each counts.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PREWARN = "import sys; sys.argv[0] = 'prewarn'; from services.cli import main; main()"
BASE = "import typer"
MEASURED = {
    BASE: (BASE,),
    "prewarn --help": (PREWARN, "--help"),
    "prewarn rules --help": (PREWARN, "rules", "--help"),
    "prewarn rules check": (PREWARN, "rules", "check"),
    "prewarn rules list": (PREWARN, "rules", "list"),
}


def cpu_seconds(arguments: tuple[str, ...], tree: Path) -> float:
    """Of the process and those that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREWARN_")}
    subprocess.run(
        [sys.executable, "-c", *arguments],
        cwd=tree,
        env=environment | {"PYTHONPATH": str(tree)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tree", type=Path, default=ROOT, help="another checkout, to compare with")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rounds = [{name: cpu_seconds(one, given.tree) for name, one in MEASURED.items()} for _ in range(given.rounds)]
    least = {name: min(one[name] for one in rounds) for name in MEASURED}
    found = {name: {"cpu_seconds": seconds, "ratio": seconds / least[BASE]} for name, seconds in least.items()}
    if given.json:
        sys.stdout.write(f"{json.dumps(found)}\n")
        return
    for name, one in found.items():
        sys.stdout.write(f"{name:24} {one['cpu_seconds']:6.2f} s  × {one['ratio']:.1f}\n")


if __name__ == "__main__":
    main()
