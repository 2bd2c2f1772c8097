"""Mistakes in content files are told with the file, the page and what is wrong."""

import copy
import json

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from sandbox.home import content
from sandbox.home.models import HomePage


ENGLISH = json.loads((settings.SANDBOX_CONTENT / "en.json").read_text(encoding="utf-8"))
NEWS, FEATURE, EVENT, GUIDE = range(4)


@pytest.fixture
def problems(tmp_path):
    """Return what is wrong with a copy of the English file after ``spoil`` changed it."""
    (tmp_path / "images").symlink_to(settings.SANDBOX_CONTENT / "images")

    def check(spoil):
        data = copy.deepcopy(ENGLISH)
        spoil(data)
        (tmp_path / "en.json").write_text(json.dumps(data), encoding="utf-8")
        try:
            content.read(tmp_path, ["en"])
        except content.ContentError as error:
            return error.problems
        return []

    return check


def test_the_file_as_it_is_has_no_mistake(problems):
    assert [page["type"] for page in ENGLISH["pages"]] == ["news", "feature", "event", "guide"]
    assert problems(lambda data: None) == []


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda d: d.update(language="fr"), "“language” is “fr”"),
        (lambda d: d.pop("home"), "“home” is missing"),
        (lambda d: d["home"].pop("intro"), "“intro” is missing"),
        (lambda d: d["pages"].append("x"), "is not an object"),
        (lambda d: d["pages"][NEWS].update(type="blog"), "“type” is 'blog', known types are news, feature"),
        (lambda d: d["pages"][NEWS].pop("intro"), "“intro” is missing"),
        (lambda d: d["pages"][NEWS].update(intor="x"), "“intor” is not a known field"),
        (lambda d: d["pages"][NEWS].update(tags="x"), "“tags” is of the JSON type str"),
        (lambda d: d["pages"][NEWS].update(tags=[1]), "the tag 1 is not text"),
        (lambda d: d["pages"][NEWS].update(slug="a b"), "“slug” may have only Latin letters"),
        (lambda d: d["pages"][NEWS].update(slug=d["pages"][EVENT]["slug"]), "another page of this file has the same"),
        (lambda d: d["pages"][NEWS].update(date="tomorrow"), "“date” is “tomorrow”"),
        (lambda d: d["pages"][NEWS].update(image="sea.jpg"), "there is no picture “sea.jpg”"),
        (lambda d: d["pages"][FEATURE]["body"].append({"type": "table"}), "needs “type” (one of heading, paragraph"),
        (lambda d: d["pages"][FEATURE]["body"].append({"type": "embed", "value": 1}), "is not text"),
        (lambda d: d["pages"][FEATURE]["body"].append({"type": "quote", "value": {}}), "“text” is missing"),
        (
            lambda d: d["pages"][FEATURE]["body"].append(
                {"type": "image", "value": {"image": "sea.jpg", "alt_text": "", "caption": ""}}
            ),
            "there is no picture “sea.jpg”",
        ),
        (lambda d: d["pages"][EVENT].update(ends_at="2020-01-01T00:00"), "“ends_at” is not after “starts_at”"),
        (
            lambda d: d["pages"][EVENT].update(registration_url="aquametrica"),
            "“registration_url” is not a web address",
        ),
        (lambda d: d["pages"][EVENT]["programme"].append({"time": "9 am", "title": "x"}), "“time” is “9 am”"),
        (lambda d: d["pages"][GUIDE]["steps"].append({"text": "x"}), "“title” is missing"),
        (
            lambda d: d["pages"][GUIDE]["steps"].append({"title": "x", "text": "x", "image": "sea.jpg"}),
            "there is no picture “sea.jpg”",
        ),
    ],
)
def test_a_mistake_is_told_once(problems, spoil, complaint):
    (problem,) = problems(spoil)
    assert problem.startswith("en.json")
    assert complaint in problem


def test_a_mistake_names_the_page_and_the_place_in_it(problems):
    def spoil(data):
        del data["pages"][EVENT]["programme"][1]["title"]

    slug = ENGLISH["pages"][EVENT]["slug"]
    assert problems(spoil) == [f"en.json, page 3 ({slug}): in programme row 2 “title” is missing."]


def test_all_mistakes_are_told_at_once(problems):
    def spoil(data):
        del data["pages"][NEWS]["intro"]
        del data["pages"][GUIDE]["intro"]

    assert len(problems(spoil)) == 2


def test_a_file_that_is_not_json_is_named(tmp_path):
    (tmp_path / "en.json").write_text("{", encoding="utf-8")
    with pytest.raises(content.ContentError, match=r"en\.json is not valid JSON"):
        content.read(tmp_path, ["en"])


@pytest.mark.django_db
def test_mistakes_stop_the_loader_before_it_writes(settings, tmp_path):
    settings.SANDBOX_CONTENT = tmp_path
    with pytest.raises(CommandError, match=r"ja\.json is missing"):
        call_command("load_sandbox")
    assert not HomePage.objects.exists()
