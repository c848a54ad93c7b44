"""Whether the generated files are one network: run, compared, and traced to a line."""

from archspec.verification.report import Comparison, Difference, Report
from archspec.verification.verifier import Verifier

__all__ = ["Comparison", "Difference", "Report", "Verifier"]
