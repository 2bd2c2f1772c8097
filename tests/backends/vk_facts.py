"""What the tests of VK say and hear."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import responses

from wagtail_syndicate.backends import vk
from wagtail_syndicate.types import Connection, Message


TOKEN = "vk1.a.no-real-key-0123456789"
KEY = "0f0e0d0c-1111-4222-8333-444455556666"
LINK = "https://example.org/ru/proba-vody/"
WALL_POST = "https://api.vk.ru/method/wall.post"
MESSAGE = Message("Новый датчик меряет воду без реагентов.", LINK, "ru", title="Датчик")
NO_CARD = "One of the parameters specified was missing or invalid: link_photo_sizing_rule. No photo given"


def backend(**kwargs):
    fields = {"remote_id": "123", "handle": "aqua", "credentials": {"access_token": TOKEN}} | kwargs
    return vk.Backend(Connection(**fields))


def refusal(code, text="Nope"):
    params = [{"key": "message", "value": "echoed words"}, {"key": "access_token", "value": TOKEN}]
    return {"error": {"error_code": code, "error_msg": text, "request_params": params}}


def sent(call):
    return dict(parse_qsl(call.request.body, keep_blank_values=True))


def post(body=None, **kwargs):
    responses.add(responses.POST, WALL_POST, json=body, **kwargs)
    return backend().publish(MESSAGE, [], KEY)


GROUP = {"id": 123, "name": "Акваметрика", "screen_name": "aqua", "type": "page", "is_closed": 0}
USER = {"user_token": "vk1.a.no-real-token-of-a-person"}
UPLOADED = {"server": 626627, "photo": '[{"photo":"1a2b:x"}]', "hash": "0f0f"}
PHOTO = {"id": 456, "owner_id": -123, "album_id": -14, "date": 1, "has_tags": False}


def person(**kwargs):
    return backend(**({"credentials": USER, "options": {"door": "user", "group_id": "123"}} | kwargs))


NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WALL_GET = "https://api.vk.ru/method/wall.get"


def shown(text=MESSAGE.text, link=LINK, minutes=1, **more):
    attachments = [{"type": "link", "link": {"url": link, "title": ""}}] if link else []
    when = int((NOW + timedelta(minutes=minutes)).timestamp())
    return {"id": 9, "owner_id": -123, "date": when, "text": text, "attachments": attachments} | more


def wall(*pages):
    for items in pages:
        responses.add(responses.POST, WALL_GET, json={"response": {"count": len(items), "items": items}})
