"""python -m gli: the same as the command gli."""

import sys

from ._cli import main

if __name__ == "__main__":
    sys.exit(main())
