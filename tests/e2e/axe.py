"""What axe, the accessibility checker, says of a page."""

from axe_playwright_python.sync_playwright import Axe


def violations(page, where: str, but: tuple[str, ...] = ()) -> list[tuple[str, list[str]]]:
    """What axe finds wrong: its rules, each with the HTML of the places.

    :param where: a selector of the part that is looked at; :param but: of what is left out of it.
    """
    page.add_style_tag(content="* { transition: none !important }")  # a colour on its way is nobody's
    context = {"include": [[where]], "exclude": [[one] for one in but]}
    found = Axe().run(page, context=context).response["violations"]
    return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found]
