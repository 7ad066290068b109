"""The ``mobileiqa`` program: the command, and Ctrl-C from before its first import to its end."""

import os


def main() -> None:
    """Runs the command. Ctrl-C while it is imported, or ends, is one line and status 130 too."""
    try:
        from .cli import main as command

        command()
    except KeyboardInterrupt:
        os.write(2, b"\nmobileiqa: interrupted\n")  # a terminal shows ^C before it
        os._exit(130)  # no second Ctrl-C falls into the interpreter's end


if __name__ == "__main__":
    main()
