"""One article of a content file, turned into a page that is not saved yet."""

from datetime import date, datetime, time

from django.utils.timezone import make_aware

from .models import EventPage, FeaturePage, GuidePage, NewsPage, ProgrammeItem


def build(data, pictures):
    """Return the page for an article of a checked content file.

    :param data: the article, see :mod:`sandbox.home.content`.
    :param pictures: the :class:`sandbox.home.pictures.Pictures` of its language.
    """
    page = BUILDERS[data["type"]](data, pictures)
    page.title = data["title"]
    page.slug = data["slug"]
    page.lead_image = pictures.get(data["image"], data["image_alt"])
    # A site's own base page model may have no such field.
    if hasattr(page, "search_description"):
        page.search_description = data.get("search_description", "")
    if "tags" in data:
        page.tags.add(*data["tags"])
    return page


def news(data, pictures):
    return NewsPage(date=date.fromisoformat(data["date"]), intro=data["intro"], body=data["body"])


def feature(data, pictures):
    body = [{"type": block["type"], "value": block_value(block, pictures)} for block in data["body"]]
    page = FeaturePage(subtitle=data["subtitle"], intro=data["intro"])
    page.body = page.body.stream_block.to_python(body)
    return page


def block_value(block, pictures):
    value = block["value"]
    if block["type"] == "image":
        return {"image": picture(value["image"], value["alt_text"], pictures), "caption": value.get("caption", "")}
    return value


def event(data, pictures):
    page = EventPage(
        starts_at=make_aware(datetime.fromisoformat(data["starts_at"])),
        ends_at=make_aware(datetime.fromisoformat(data["ends_at"])),
        venue=data["venue"],
        city=data["city"],
        registration_url=data["registration_url"],
        description=data["description"],
    )
    page.programme = [
        ProgrammeItem(time=time.fromisoformat(row["time"]), title=row["title"], sort_order=order)
        for order, row in enumerate(data["programme"])
    ]
    return page


def guide(data, pictures):
    page = GuidePage(intro=data["intro"])
    steps = [
        {
            "title": step["title"],
            "text": step["text"],
            "image": picture(step.get("image"), step.get("alt_text", ""), pictures),
        }
        for step in data["steps"]
    ]
    page.steps = page.steps.stream_block.to_python([{"type": "step", "value": step} for step in steps])
    return page


def picture(filename, alt, pictures):
    """Return what an image block stores: a picture, and its description for this very place."""
    if not filename:
        return {"image": None, "alt_text": "", "decorative": False}
    return {"image": pictures.get(filename, alt).pk, "alt_text": alt, "decorative": False}


BUILDERS = {"news": news, "feature": feature, "event": event, "guide": guide}
