"""``python -m prospectr_db`` is the command ``prospectr-db``."""

import sys

from prospectr_db.cli.main import main

sys.exit(main())
