"""`softramp info`: what softramp runs on here."""

from __future__ import annotations

import argparse
from typing import Any

from softramp.runtime import show_config


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "info", help="show the backend, instruction set, threads and versions in use",
        description="Show what softramp.show_config() shows: backend, instruction set, threads, versions, "
                    "and why the C backend is missing if it is.")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    show_config()
    return 0
