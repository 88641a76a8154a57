from judge.models.api import ApiReply, ApiToken, ApiUse, Delivery, Webhook
from judge.models.append_only import AppendOnly, append_only_models, moving
from judge.models.certificate import Alarm, AuditWatch, Certificate, Milestone, SkillTable, WaitingBatch
from judge.models.decision import AgreedLabel, Decision, Event
from judge.models.item import Case, Context, Frame, Item
from judge.models.judgment import Judgment, JudgmentText, Purpose, Verdict
from judge.models.policy import Policy
from judge.models.project import Membership, Project, Role, Task
from judge.models.rater import Judge, JudgeRater, Rater
from judge.models.rubric import Criterion, GeneratorTemplate, Rubric, RubricCriterion, ScaleLabelRow
from judge.models.snapshot import ExportJob, Snapshot, SnapshotPart
from judge.models.summary import Summary, Tally
from judge.models.user import User

__all__ = [
    "AgreedLabel",
    "Alarm",
    "ApiReply",
    "ApiToken",
    "ApiUse",
    "AppendOnly",
    "AuditWatch",
    "Case",
    "Certificate",
    "Context",
    "Criterion",
    "Decision",
    "Delivery",
    "Event",
    "ExportJob",
    "Frame",
    "GeneratorTemplate",
    "Item",
    "Judge",
    "JudgeRater",
    "Judgment",
    "JudgmentText",
    "Membership",
    "Milestone",
    "Policy",
    "Project",
    "Purpose",
    "Rater",
    "Role",
    "Rubric",
    "RubricCriterion",
    "ScaleLabelRow",
    "SkillTable",
    "Snapshot",
    "SnapshotPart",
    "Summary",
    "Tally",
    "Task",
    "User",
    "Verdict",
    "WaitingBatch",
    "Webhook",
    "append_only_models",
    "moving",
]
