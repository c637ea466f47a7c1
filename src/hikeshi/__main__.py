"""Start the one program: ``python -m hikeshi`` or ``hikeshi``."""

import sys


def main() -> int:
    """Run the command line and return its exit code."""
    from hikeshi.project.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
