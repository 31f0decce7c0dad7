"""`python -m softramp`: the `softramp` command."""

import sys

from softramp.cli import main

if __name__ == "__main__":
    sys.exit(main())
