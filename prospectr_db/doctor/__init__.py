"""Whether a database can be worked with, and where it is not what the local one pretends."""

from prospectr_db.doctor.examination import Baseline, baseline_of, examine
from prospectr_db.doctor.findings import DoctorReport, Finding

__all__ = ["Baseline", "DoctorReport", "Finding", "baseline_of", "examine"]
