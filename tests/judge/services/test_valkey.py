from __future__ import annotations

from pathlib import Path

import pytest
from kombu import Connection
from redis import Redis

from judge.services import valkey

pytestmark = pytest.mark.services


def test_broker_carries_a_message_at_the_url_that_celery_takes(home: Path) -> None:
    with Connection(valkey.ensure()) as connection, connection.SimpleQueue("letters") as queue:
        queue.put({"item": 7})
        message = queue.get(timeout=5)
        message.ack()
    assert message.payload == {"item": 7}


def test_broker_refuses_rather_than_forgets_when_full(home: Path) -> None:
    with Redis(unix_socket_path=str(valkey.socket_path(valkey.ensure()))) as redis:
        assert redis.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert redis.config_get("port") == {"port": "0"}
