"""What fakenet keeps from one run to the next."""

import requests

from sandbox.fakenet import serve_in_thread
from sandbox.fakenet.state import State


def test_posts_and_tokens_survive_a_restart(tmp_path):
    file = tmp_path / "state"
    with serve_in_thread() as server:
        token = requests.post(
            f"{server.url}/_fakenet/tokens", json={"network": "mastodon", "handle": "aquametrica"}, timeout=5
        ).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        requests.post(
            f"{server.url}/api/v1/statuses", data={"status": "Still here"}, headers=headers, timeout=5
        ).raise_for_status()
        server.state.save(file)
    with serve_in_thread() as server:
        server.state.load(file)
        [post] = requests.get(f"{server.url}/_fakenet/posts", timeout=5).json()
        assert post["text"] == "Still here"
        assert requests.get(f"{server.url}/api/v1/accounts/verify_credentials", headers=headers, timeout=5).ok


def test_a_broken_file_is_passed_over(tmp_path):
    file = tmp_path / "state"
    file.write_bytes(b"not a state")
    state = State()
    state.load(file)
    assert state.posts == []
