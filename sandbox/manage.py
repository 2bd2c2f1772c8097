#!/usr/bin/env python
import os
import sys
from pathlib import Path

from django.core.management import execute_from_command_line


def main():
    here = Path(__file__).resolve().parent
    # Python puts this folder on the path, where celery.py would hide the real Celery.
    sys.path[:] = [str(here.parent), *(entry for entry in sys.path if Path(entry or ".").resolve() != here)]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sandbox.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
