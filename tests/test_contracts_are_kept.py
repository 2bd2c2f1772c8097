"""Every test is watched: what no network takes cannot be sent unnoticed, wherever it is sent from."""

import pytest
import requests
import responses

from tests.contracts.specs import SPECS


@pytest.mark.skipif(not SPECS.exists(), reason="the networks' contracts are not beside the repository")
@responses.activate
def test_a_request_that_its_network_does_not_know_fails_the_test():
    responses.add(responses.POST, "https://api.x.com/2/tweets", json={})
    requests.post("https://api.x.com/2/tweets", json={"text": "x"}, timeout=5)
    with pytest.raises(AssertionError, match="sent_by"):
        requests.post("https://api.x.com/2/tweets", json={"text": "x", "sent_by": "us"}, timeout=5)
