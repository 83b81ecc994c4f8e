"""python -m gli: the same as the command gli."""

from ._cli import main

if __name__ == "__main__":
    main()
