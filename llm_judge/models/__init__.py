from llm_judge.models.completion import Completion
from llm_judge.models.endpoint import Endpoint
from llm_judge.models.prompt import PromptTemplate
from llm_judge.models.run import LIVE, Heartbeat, Run

__all__ = ["LIVE", "Completion", "Endpoint", "Heartbeat", "PromptTemplate", "Run"]
