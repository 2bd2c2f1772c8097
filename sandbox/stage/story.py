"""The form fields of a page's StreamFields, which Wagtail's editor writes with JavaScript and not into its HTML."""

from wagtail import blocks
from wagtail.fields import StreamField


def stream_values(page) -> list[tuple[str, str]]:
    """What a browser would send of the page's StreamFields when nobody touched them."""
    values = []
    for field in page._meta.get_fields():
        if isinstance(field, StreamField):
            values += _block(field.stream_block, getattr(page, field.name), field.name)
    return values


def _block(block, value, name: str) -> list[tuple[str, str]]:
    if isinstance(block, blocks.StreamBlock):
        values = [(f"{name}-count", str(len(value)))]
        for index, child in enumerate(value):
            values += [
                (f"{name}-{index}-deleted", ""),
                (f"{name}-{index}-order", str(index)),
                (f"{name}-{index}-type", child.block_type),
                (f"{name}-{index}-id", child.id or ""),
                *_block(child.block, child.value, f"{name}-{index}-value"),
            ]
        return values
    if isinstance(block, blocks.ListBlock):
        values = [(f"{name}-count", str(len(value)))]
        for index, child in enumerate(value.bound_blocks):
            values += [
                (f"{name}-{index}-deleted", ""),
                (f"{name}-{index}-order", str(index)),
                (f"{name}-{index}-type", "item"),
                (f"{name}-{index}-id", child.id or ""),
                *_block(child.block, child.value, f"{name}-{index}-value"),
            ]
        return values
    if isinstance(block, blocks.StructBlock):
        shown = block.get_form_state(value)
        return [
            pair
            for child_name, child in block.child_blocks.items()
            for pair in _leaf_or_block(child, value, child_name, f"{name}-{child_name}", shown)
        ]
    return _field(block, value, name)


def _leaf_or_block(child, value, child_name: str, name: str, shown) -> list[tuple[str, str]]:
    if hasattr(value, "get"):
        return _block(child, value.get(child_name), name)
    # ImageBlock: its value is the image itself, its form has several fields.
    return _sent(name, shown[child_name])


def _field(block, value, name: str) -> list[tuple[str, str]]:
    return _sent(name, block.field.widget.format_value(block.field.prepare_value(block.value_for_form(value))))


def _sent(name: str, state) -> list[tuple[str, str]]:
    if state is None or state is False:
        return [(name, "")] if state is None else []
    if state is True:
        return [(name, "on")]
    if isinstance(state, dict):  # a chosen object
        return [(name, str(state["id"]))]
    if isinstance(state, list | tuple):
        return [(name, str(item)) for item in state]
    return [(name, str(state))]
