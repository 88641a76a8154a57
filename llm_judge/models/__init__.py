from llm_judge.models.completion import Completion
from llm_judge.models.endpoint import Endpoint
from llm_judge.models.probe_answer import ProbeAnswer
from llm_judge.models.prompt import PromptTemplate
from llm_judge.models.run import LIVE, SILENCE, Heartbeat, Run
from llm_judge.models.student import StudentHead
from llm_judge.models.trial import Trial

__all__ = [
    "LIVE",
    "SILENCE",
    "Completion",
    "Endpoint",
    "Heartbeat",
    "ProbeAnswer",
    "PromptTemplate",
    "Run",
    "StudentHead",
    "Trial",
]
