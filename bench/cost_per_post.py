"""What a post costs: CPU time and requests of our backends beside Mastodon.py and atproto.

The same post, with one picture, is made on the same local server (fakenet, in a process of its own) by our Mastodon
backend and by Mastodon.py, by our Bluesky backend and by atproto's low-level calls; in turns, so that a busy machine
slows all of them alike. Signing in is not counted.

    python bench/cost_per_post.py [--posts N] [--json FILE]
"""

import argparse
import io
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path


ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import requests  # noqa: E402
from django.conf import settings  # noqa: E402
from PIL import Image as PillowImage  # noqa: E402


CALLBACK = "http://127.0.0.1/"
SCOPES = ["read", "write"]
HANDLE = {"mastodon": "newsroom", "bluesky": "newsroom.bsky.social"}
TEXT = "The new bridge over the river opens on Monday & it is free for bicycles."
LINK = "https://www.example.org/news/new-bridge/"


def picture() -> bytes:
    data = io.BytesIO()
    PillowImage.effect_noise((640, 335), 40).convert("RGB").save(data, "JPEG", quality=80)
    return data.getvalue()


class Mastodons:
    """The ways to post to Mastodon's API."""

    def __init__(self, url: str, data: bytes):
        from mastodon import Mastodon

        from wagtail_syndicate.backends.mastodon import Backend
        from wagtail_syndicate.types import Connection

        self.data = data
        app = Mastodon.create_app("bench", scopes=SCOPES, redirect_uris=CALLBACK, api_base_url=url)
        self.theirs = Mastodon(*app, api_base_url=url, version_check_mode="none")
        page = self.theirs.auth_request_url(redirect_uris=CALLBACK, scopes=SCOPES, allow_http=True)
        answer = requests.post(
            page, data={"decision": "allow", "handle": HANDLE["mastodon"]}, allow_redirects=False, timeout=10
        )
        code = answer.headers["Location"].partition("code=")[2].partition("&")[0]
        token = self.theirs.log_in(code=code, redirect_uri=CALLBACK, scopes=SCOPES, allow_http=True)
        connection = Connection(host=url, handle=HANDLE["mastodon"], credentials={"access_token": token})
        identity = Backend(connection).identify()
        self.backend = lambda: Backend(
            Connection(
                host=url, remote_id=identity.remote_id, options=identity.options, credentials={"access_token": token}
            )
        )

    def ours(self, number: int) -> None:
        backend = self.backend()
        uploads = [backend.upload(media(self.data))]
        backend.publish(message(f"{TEXT} {number} {LINK}"), uploads, key())

    def peer(self, number: int) -> None:
        made = self.theirs.media_post(self.data, mime_type="image/jpeg", description="A bridge")
        self.theirs.status_post(
            f"{TEXT} {number} {LINK}", media_ids=[made], idempotency_key=key(), language="en", visibility="public"
        )


class Blueskies:
    """The ways to post to a Bluesky server."""

    def __init__(self, url: str, data: bytes):
        from atproto import Client, models
        from atproto_client.request import Request

        from sandbox.fakenet.networks.bluesky_manners import APP_PASSWORD
        from wagtail_syndicate.backends.bluesky import Backend
        from wagtail_syndicate.types import Connection

        class WithToken(Request):
            token = ""

            def get_headers(self, additional_headers=None):
                headers = super().get_headers(additional_headers)
                return {**headers, "Authorization": f"Bearer {self.token}"} if self.token else headers

        self.data, self.models = data, models
        self.client = Client(base_url=f"{url}/bluesky/pds", request=WithToken())
        login = models.ComAtprotoServerCreateSession.Data(identifier=HANDLE["bluesky"], password=APP_PASSWORD)
        self.session = self.client.com.atproto.server.create_session(login)
        self.client.request.token = self.session.access_jwt
        connection = Connection(
            remote_id=self.session.did,
            handle=HANDLE["bluesky"],
            credentials={"access_token": self.session.access_jwt, "refresh_token": self.session.refresh_jwt},
        )
        self.backend = lambda: Backend(connection)

    def ours(self, number: int) -> None:
        backend = self.backend()
        uploads = [backend.upload(media(self.data))]
        backend.publish(message(f"{TEXT} {number}"), uploads, key())

    def peer(self, number: int) -> None:
        repo = self.client.com.atproto.repo
        external = self.models.AppBskyEmbedExternal.External(
            uri=LINK, title="The new bridge", description="Words", thumb=repo.upload_blob(self.data).blob
        )
        record = self.models.AppBskyFeedPost.Record(
            text=f"{TEXT} {number}",
            created_at="2026-11-23T10:00:00.000Z",
            langs=["en"],
            embed=self.models.AppBskyEmbedExternal.Main(external=external),
        )
        from wagtail_syndicate.backends.bluesky_record import record_key

        repo.put_record(
            self.models.ComAtprotoRepoPutRecord.Data(
                repo=self.session.did, collection="app.bsky.feed.post", rkey=record_key(key()), record=record
            )
        )


def message(text: str):
    from wagtail_syndicate.types import Message

    return Message(text=text, link=LINK, language="en", title="The new bridge", description="Words")


def media(data: bytes):
    from wagtail_syndicate.types import Media

    return Media(data, "image/jpeg", "bridge.jpg", alt="A bridge")


def key() -> str:
    from wagtail_syndicate.keys import new_key

    return str(new_key())


def requests_of(url: str, network: str) -> int:
    return len(requests.get(f"{url}/_fakenet/log", params={"network": network}, timeout=10).json())


def measure(url: str, network: str, ways: dict[str, Callable[[int], None]], posts: int) -> dict:
    """CPU time (milliseconds, median) and requests of one post, each way; in turns."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    asked = dict.fromkeys(ways, 0)
    for number in range(-3, posts):  # the first three warm connections and imports
        for name, post in ways.items():
            before = requests_of(url, network)
            began = time.process_time()
            post(number)
            if number >= 0:
                times[name].append(time.process_time() - began)
                asked[name] += requests_of(url, network) - before
    figures = {
        name: {"cpu_ms": round(1000 * statistics.median(each), 2), "requests": round(asked[name] / posts, 2)}
        for name, each in times.items()
    }
    ours, peer = figures.values()
    figures["ratio"] = {
        "cpu": round(ours["cpu_ms"] / peer["cpu_ms"], 2),
        "requests": round(ours["requests"] / peer["requests"], 2),
    }
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=50)
    parser.add_argument("--json", type=Path, help="write the figures here")
    arguments = parser.parse_args()
    server = subprocess.Popen(
        [sys.executable, "-m", "sandbox.fakenet", "--port", "0"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        url = server.stdout.readline().split()[-1].rstrip("/")
        settings.configure(USE_I18N=False)
        from sandbox.networks import networks_of

        settings.WAGTAIL_SYNDICATE = {"NETWORKS": networks_of(url), "ALLOW_LOCAL_HOSTS": True}
        data = picture()
        figures = {}
        for network, peer, kind in (("mastodon", "Mastodon.py", Mastodons), ("bluesky", "atproto", Blueskies)):
            posting = kind(url, data)
            figures[network] = measure(url, network, {"ours": posting.ours, peer: posting.peer}, arguments.posts)
            each = ", ".join(f"{name} {cell}" for name, cell in figures[network].items())
            print(f"{network}: {each}")
        if arguments.json:
            arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    finally:
        server.terminate()
        server.wait(10)


if __name__ == "__main__":
    main()
