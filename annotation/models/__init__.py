from annotation.models.lease import Lease
from annotation.models.submission import Draft, Submission

__all__ = ["Draft", "Lease", "Submission"]
