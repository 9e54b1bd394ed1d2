"""``python -m aftershock``."""

from aftershock.cli import run

if __name__ == "__main__":
    run()
