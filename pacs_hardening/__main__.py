"""``python -m pacs_hardening`` is ``pacs-hardening``."""

import sys

from .cli import main

sys.exit(main())
