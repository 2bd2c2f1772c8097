"""The articles in ``sandbox/content/<language>.json``, read and checked before anything is written."""

import json
from datetime import date, datetime, time
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug


class ContentError(Exception):
    """Content files that cannot be loaded. ``problems`` has one sentence for each mistake, naming file and page."""

    def __init__(self, problems):
        self.problems = problems
        super().__init__("\n".join(problems))


def read(folder, languages):
    """Return ``{language: content}`` from the files of a folder.

    :param folder: has one ``<language>.json`` per language and the pictures in ``images/``.
    :param languages: language codes, in the order in which the result has them.
    :raises ContentError: when a file is missing or says something that no page type has room for.
    """
    pictures = {path.name for path in (folder / "images").glob("*.jpg")}
    contents, problems = {}, []
    for language in languages:
        path = folder / f"{language}.json"
        try:
            contents[language] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            problems.append(f"{path.name} is missing.")
        except json.JSONDecodeError as error:
            problems.append(f"{path.name} is not valid JSON: {error}.")
        else:
            checker = Checker(path.name, pictures)
            checker.check_file(contents[language], language)
            problems += checker.problems
    if problems:
        raise ContentError(problems)
    return contents


class Checker:
    """Compares one file with what the page types need, and collects what is wrong in ``problems``."""

    def __init__(self, filename, pictures):
        self.where = filename
        self.pictures = pictures
        self.problems = []

    def check_file(self, data, language):
        filename = self.where
        if not self.fields(data, {"language": str, "home": dict, "pages": list}):
            return
        if data["language"] != language:
            self.wrong(f"“language” is “{data['language']}” where the file's name says “{language}”")
        self.where = f"{filename}, home"
        self.fields(data["home"], {"title": str, "intro": str})
        slugs = set()
        for number, page in enumerate(data["pages"], start=1):
            self.where = f"{filename}, page {number}"
            if not isinstance(page, dict):
                self.wrong("is not an object")
                continue
            self.where += f" ({page.get('slug', 'without slug')})"
            self.page(page)
            if page.get("slug") in slugs:
                self.wrong("another page of this file has the same slug")
            slugs.add(page.get("slug"))

    def page(self, page):
        kind = page.get("type")
        if kind not in PAGES:
            self.wrong(f"“type” is {kind!r}, known types are {', '.join(PAGES)}")
            return
        if not self.fields(page, COMMON | PAGES[kind]):
            return
        self.slug(page["slug"])
        self.picture(page["image"])
        for tag in page.get("tags", []):
            if not isinstance(tag, str):
                self.wrong(f"the tag {tag!r} is not text")
        getattr(self, kind)(page)

    def news(self, page):
        self.moment(date, page["date"], "date")

    def feature(self, page):
        for number, block in enumerate(page["body"], start=1):
            with_type = isinstance(block, dict) and block.get("type") in BLOCKS and set(block) == {"type", "value"}
            if not with_type:
                self.wrong(f"body block {number} needs “type” (one of {', '.join(BLOCKS)}) and “value”")
                continue
            shape = BLOCKS[block["type"]]
            if isinstance(shape, dict):
                complete = self.fields(block["value"], shape, f"in body block {number} ")
                if complete and "image" in shape:
                    self.picture(block["value"]["image"])
            elif not isinstance(block["value"], shape):
                self.wrong(f"the value of body block {number} is not text")

    def event(self, page):
        starts_at = self.moment(datetime, page["starts_at"], "starts_at")
        ends_at = self.moment(datetime, page["ends_at"], "ends_at")
        if starts_at and ends_at and ends_at <= starts_at:
            self.wrong("“ends_at” is not after “starts_at”")
        address = urlsplit(page["registration_url"])
        if page["registration_url"] and not (address.scheme in ("http", "https") and address.hostname):
            self.wrong("“registration_url” is not a web address")
        for number, row in enumerate(page["programme"], start=1):
            if self.fields(row, {"time": str, "title": str}, f"in programme row {number} "):
                self.moment(time, row["time"], "time")

    def guide(self, page):
        for number, step in enumerate(page["steps"], start=1):
            if self.fields(step, STEP, f"in step {number} ") and step.get("image"):
                self.picture(step["image"])

    def fields(self, value, shape, place=""):
        """Tell whether a value is an object with exactly these fields, of which ``name?`` may be left out."""
        if not isinstance(value, dict):
            self.wrong(f"{place}an object with {', '.join(shape)} is expected")
            return False
        found = len(self.problems)
        known = {name.removesuffix("?"): kind for name, kind in shape.items()}
        for name, kind in known.items():
            if name not in value:
                if name in shape:
                    self.wrong(f"{place}“{name}” is missing")
            elif not isinstance(value[name], kind):
                self.wrong(f"{place}“{name}” is of the JSON type {type(value[name]).__name__}")
        for name in sorted(value.keys() - known.keys()):
            self.wrong(f"{place}“{name}” is not a known field")
        return found == len(self.problems)

    def slug(self, slug):
        try:
            validate_slug(slug)
        except ValidationError:
            self.wrong("“slug” may have only Latin letters, digits, hyphens and underscores")

    def picture(self, name):
        if name not in self.pictures:
            self.wrong(f"there is no picture “{name}” in images/")

    def moment(self, kind, text, name):
        """Return the date, the time or the date and time that a text says, or None after noting that it says none."""
        try:
            return kind.fromisoformat(text)
        except ValueError:
            self.wrong(f"“{name}” is “{text}”, which is not a {kind.__name__} in ISO format")

    def wrong(self, what):
        self.problems.append(f"{self.where}: {what}.")


COMMON = {"type": str, "slug": str, "title": str, "search_description?": str, "image": str, "image_alt": str}
PAGES = {
    "news": {"date": str, "intro": str, "body": str, "tags": list},
    "feature": {"subtitle": str, "intro": str, "body": list, "tags": list},
    "event": {
        "starts_at": str,
        "ends_at": str,
        "venue": str,
        "city": str,
        "registration_url": str,
        "description": str,
        "tags": list,
        "programme": list,
    },
    "guide": {"intro": str, "steps": list},
}
BLOCKS = {
    "heading": str,
    "paragraph": str,
    "quote": {"text": str, "source?": str},
    "image": {"image": str, "alt_text": str, "caption?": str},
    "embed": str,
}
STEP = {"title": str, "text": str, "image?": (str, type(None)), "alt_text?": str}
