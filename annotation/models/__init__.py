from annotation.models.annotator import Annotator, Assignment
from annotation.models.lease import Lease
from annotation.models.submission import Draft, Submission

__all__ = ["Annotator", "Assignment", "Draft", "Lease", "Submission"]
