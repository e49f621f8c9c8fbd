"""``python -m pacs_hardening`` is ``pacs-hardening``."""

import sys
from pathlib import Path

# Python puts the current folder first, and a file there named pytest.py would make the verdict. Where the folder holds
# this package, it stays.
if not sys.flags.safe_path and Path(sys.path[0]).resolve() != Path(__file__).resolve().parents[1]:
    del sys.path[0]

from .cli.main import main

sys.exit(main())
