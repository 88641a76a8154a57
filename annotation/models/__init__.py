from annotation.models.annotator import Annotator, Assignment
from annotation.models.first_thought import FirstThought
from annotation.models.lease import Lease
from annotation.models.submission import Draft, Submission

__all__ = ["Annotator", "Assignment", "Draft", "FirstThought", "Lease", "Submission"]
