"""Print the bindings of function_app.py as the real Functions runtime indexes them. A process of its own: the
runtime keeps its state in module globals.
"""

import asyncio
import json
import sys
from pathlib import Path

from local.host.logs import InvocationNames
from local.host.worker import Worker

ROOT = Path(__file__).resolve().parents[3]


async def main() -> None:
    """Index and print."""
    functions = await Worker(InvocationNames()).load(ROOT)
    bindings = {item.name: sorted((json.loads(raw) for raw in item.raw_bindings), key=str) for item in functions}
    json.dump(bindings, sys.stdout, indent=2, sort_keys=True)


if __name__ == "__main__":
    asyncio.run(main())
