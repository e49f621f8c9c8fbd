"""``python -m pacs_hardening`` is ``pacs-hardening``."""

import sys
from pathlib import Path

# Python puts the current folder first: a file there named pytest.py would make the verdict. Where it holds this package,
# it stays.
if Path(sys.path[0]).resolve() not in Path(__file__).resolve().parents:
    del sys.path[0]

from .cli import main  # noqa: E402 - see above

sys.exit(main())
