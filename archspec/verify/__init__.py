"""Whether the generated files are one network: run, compared, and traced to a line."""

from archspec.verify.report import Comparison, Difference, Report
from archspec.verify.verifier import Verifier

__all__ = ["Comparison", "Difference", "Report", "Verifier"]
