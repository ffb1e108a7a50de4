"""The command: `vramauto`, or `python -m vramauto`."""
import os
import sys
from pathlib import Path

COMMAND = Path(__file__).resolve().parent / "bin" / "vramauto"


def main() -> None:
    try:
        os.execv(COMMAND, ["vramauto", *sys.argv[1:]])
    except OSError as error:
        sys.exit(f"{COMMAND}: {error.strerror}; the command comes with the installed package")


if __name__ == "__main__":
    main()
