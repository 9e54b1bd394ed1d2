"""``python -m aftershock``."""

import sys

from aftershock.cli import main

if __name__ == "__main__":
    sys.exit(main())
