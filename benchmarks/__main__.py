"""`python -m benchmarks [NAME …]`: run every measurement, or those of the modules named."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import benchmarks


def main(names: list[str]) -> int:
    """Run the `measurements()` of each module that has one, and print them as they come."""
    found = [module.name for module in pkgutil.iter_modules(benchmarks.__path__)]
    unknown = set(names) - set(found)
    if unknown:
        print(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(found)}")
        return 2
    for name in found:
        module = importlib.import_module(f"benchmarks.{name}")
        if not hasattr(module, "measurements") or (names and name not in names):
            continue
        print(f"# {name}: {(module.__doc__ or '').strip().splitlines()[0]}", flush=True)
        for measurement in module.measurements():
            print(measurement.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
