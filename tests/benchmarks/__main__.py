"""All benchmarks, one after the other, into docs/benchmarks.txt. Run by `make bench`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
OUT = FOLDER.parent.parent / "docs" / "benchmarks.txt"


def main() -> int:
    """Each benchmark is a process of its own; what it prints is kept."""
    failed = 0
    with OUT.open("w", encoding="utf-8") as out:
        for path in sorted(FOLDER.glob("[a-z]*.py")):
            name = f"tests.benchmarks.{path.stem}"
            sys.stdout.write(f"== {path.stem}\n")
            done = subprocess.run(
                [sys.executable, "-m", name], stdout=subprocess.PIPE, text=True, check=False
            )
            sys.stdout.write(done.stdout)
            out.write(f"== {path.stem}\n{done.stdout}\n")
            failed += done.returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
