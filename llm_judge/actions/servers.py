"""Whether the server that answers for a rater is still the one that the rater was made with.

Another version may answer otherwise, so what was proven of the old one is proven of no judge that seats the rater.
Judging goes on: its answers go to people until a judge of the new server has earned a certificate.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from judge.actions import withdrawals
from judge.models import Rater
from judge.services import embeddings, models
from llm_judge.backends.base import ServerFacts
from llm_judge.models import Endpoint
from llm_judge.rules.configuration import RaterConfiguration

logger = logging.getLogger(__name__)

Kind = Endpoint.Kind
#: Where another version would be another configuration from the start, so there is nothing to compare.
FIXED = (Kind.SCRIPTED, Kind.OFFLINE)


def compare(rater: Rater, configuration: RaterConfiguration, found: Sequence[Endpoint], facts: ServerFacts) -> None:
    """End the rater's certificates where its server is another one now. Costs no query while it is the same."""
    was = configuration.server_version
    strange = [now for now in _versions(found, facts) if _differs(was, now)]
    if not strange:
        return
    n_ended = withdrawals.follow_server(rater, was=was, now=strange[0])
    if n_ended:
        logger.warning("The server of %s was %s and is %s: %d certificates ended", rater, was, strange[0], n_ended)


def _versions(found: Sequence[Endpoint], facts: ServerFacts) -> Sequence[str]:
    """What answers at these endpoints now, as the rater's configuration would record it."""
    kinds = {each.kind for each in found}
    if kinds & {*FIXED}:
        return ()
    if kinds == {Kind.EMBEDDED}:
        return (models.model_id().server,)
    if kinds == {Kind.VECTORS} and not any(each.base_url for each in found):
        return (embeddings.model_id().server,)
    return facts.versions or (facts.version,)


def _differs(was: str, now: str) -> bool:
    """A server that does not tell its version just now is given the benefit of the doubt, one of another make not."""
    return bool(was) and now != was and now != was.split(" ")[0]
