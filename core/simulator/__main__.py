"""`python -m cxtop.core.simulator`."""

import sys

from .serve import main

sys.exit(main())
