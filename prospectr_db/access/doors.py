"""Ways around a table's policies: views, materialized views, and functions that can be called."""

from prospectr_db.access.functions import observe_functions
from prospectr_db.access.views import observe_views

__all__ = ["observe_functions", "observe_views"]
