"""``python -m shuyuan.cli``: the same as the ``shuyuan`` command."""

from shuyuan.cli import main

if __name__ == "__main__":
    main()
