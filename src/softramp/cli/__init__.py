"""The `softramp` command: one module for each subcommand, with `add_parser` and `run`.

Modules import what an extra brings, and what is slow, when they run.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

EXTRAS = {"matplotlib": "plot"}  # what is in an extra that has not the command's own name


class UsageError(Exception):
    """A request that cannot be met, and why: reported without a traceback."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with `argv`, by default the process's own arguments; return its exit status."""
    args = _parser().parse_args(argv)
    try:
        return int(args.run(args))
    except UsageError as error:
        print(f"softramp {args.command}: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"softramp {args.command}: interrupted", file=sys.stderr)
        return 130
    except MemoryError as error:
        print(f"softramp {args.command}: error: out of memory: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # as of `softramp info | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package == "softramp":
            raise
        extra = EXTRAS.get(package, args.command)
        print(f"softramp {args.command} needs {package}: python -m pip install 'softramp[{extra}]'",
              file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    from softramp import __version__
    from softramp.cli import bench, info, verify

    parser = argparse.ArgumentParser(
        prog="softramp",
        description="Neural-network activations for NumPy: how fast, how exact, and on what.",
        epilog="softramp COMMAND --help tells more about a command.")
    parser.add_argument("--version", action="version", version=f"softramp {__version__}")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    for module in (bench, info, verify):
        module.add_parser(commands)
    return parser
