"""`python -m archspec` is the command."""

from archspec.cli import main

if __name__ == "__main__":
    main()
