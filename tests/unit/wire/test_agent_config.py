import pytest

from opulse.wire.agent_config import AgentConfig, AgentSensor, decode_config, encode_config
from opulse.wire.errors import UnreadableBody


def config(**variables: int | float | bool | str) -> AgentConfig:
    return AgentConfig(
        "guid", [AgentSensor("High Retransmission Rate", variables)], gateway_host="cloud.example.test:443"
    )


def test_there_and_back_and_unknown_keys_pass() -> None:
    body, tag = encode_config(config(limit=5, hold=120))
    assert decode_config(body) == config(limit=5, hold=120)
    assert decode_config(b'{"newer":1,' + body[1:]) == config(limit=5, hold=120)
    assert tag.startswith('"') and tag.endswith('"')


def test_the_tag_follows_the_content() -> None:
    assert encode_config(config(a=1, b=2))[1] == encode_config(config(b=2, a=1))[1]
    assert encode_config(config(a=1))[1] != encode_config(config(a=2))[1]


def test_what_is_no_configuration_is_refused() -> None:
    with pytest.raises(UnreadableBody):
        decode_config(b'{"system":"x"}')
