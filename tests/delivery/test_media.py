"""Pictures as networks take them. All files are made here, as cameras, scanners and drawing programs make them."""

import random
from io import BytesIO

import pytest
from django.core.files.images import ImageFile
from PIL import Image as Pillow
from PIL import ImageCms, ImageDraw
from wagtail.images import get_image_model
from wagtail.models import Collection

from wagtail_syndicate.backends import registry
from wagtail_syndicate.delivery import media
from wagtail_syndicate.types import Image, ImageLimits


pytestmark = pytest.mark.django_db

ANY = ImageLimits(max_width=800, max_height=800)
JPEG_ONLY = ImageLimits(max_width=800, max_height=800, content_types=("image/jpeg",))
RED, GREEN, BLUE, WHITE = (250, 0, 0), (0, 250, 0), (0, 0, 250), (255, 255, 255)


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    settings.WAGTAILIMAGES_EXTENSIONS = ["avif", "bmp", "gif", "heic", "jpg", "jpeg", "png", "svg", "tif", "webp"]
    if Collection.get_first_root_node() is None:
        Collection.add_root(name="Root")


def upload(data, name, size=(1, 1), **values):
    """A picture of the site's, with this file as it is."""
    if isinstance(data, Pillow.Image):
        size, picture, data = data.size, data, BytesIO()
        picture.save(data, **values.pop("save", {"format": "JPEG"}))
        data = data.getvalue()
    return get_image_model().objects.create(
        title="Picture", file=ImageFile(BytesIO(data), name=name), width=size[0], height=size[1], **values
    )


def fitted(original, limits=ANY, alt="A river"):
    """What is handed to the network, and how it looks there."""
    found = media.fit(Image(str(original.pk), alt), limits)
    picture = Pillow.open(BytesIO(found.data))
    picture.load()
    assert found.content_type == {"JPEG": "image/jpeg", "PNG": "image/png"}[picture.format]
    assert found.filename.endswith({"JPEG": (".jpg", ".jpeg"), "PNG": ".png"}[picture.format])
    assert picture.mode in ("RGB", "L")
    assert found.alt == alt
    return found, picture


def near(pixel, colour):
    return all(abs(a - b) < 40 for a, b in zip(pixel[:3], colour, strict=True))


def halves(left=RED, right=BLUE, size=(1200, 600)):
    picture = Pillow.new("RGB", size, left)
    picture.paste(right, (size[0] // 2, 0, *size))
    return picture


def noise(size=(1500, 1000)):
    return Pillow.frombytes("RGB", size, random.Random(7).randbytes(size[0] * size[1] * 3))


# Metadata


def with_places(orientation=6):
    """EXIF data as a phone writes them: where, when, with what, and which way up."""
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "MAKER-OF-THE-PHONE"
    exif[0x8298] = "COPYRIGHT-HOLDER"
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 29.6), 3: "E", 4: (2.0, 17.0, 40.2), 29: "2026:11:05"})
    exif.get_ifd(0x8769).update({0xA431: "SERIAL-NUMBER-123", 0x9003: "2026:11:05 10:00:00"})
    return exif


SECRETS = (b"Exif", b"MAKER-OF-THE-PHONE", b"COPYRIGHT-HOLDER", b"SERIAL-NUMBER-123", b"2026:11:05", b"WORDS-OF-XMP")


def assert_nothing_is_told(data):
    for secret in SECRETS:
        assert secret not in data
    picture = Pillow.open(BytesIO(data))
    assert not picture.getexif() and not picture.getexif().get_ifd(0x8825)
    assert not picture.info.keys() - set("jfif jfif_version jfif_unit jfif_density progressive progression".split())


def test_a_photo_tells_no_places_and_stands_upright():
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">WORDS-OF-XMP</x:xmpmeta>'
    save = {"format": "JPEG", "exif": with_places(), "xmp": xmp, "comment": b"MAKER-OF-THE-PHONE"}
    original = upload(halves(), "photo.jpg", save=save)
    with original.file.open("rb") as file:
        data = file.read()
    assert all(secret in data for secret in SECRETS)

    found, picture = fitted(original)

    assert_nothing_is_told(found.data)
    # Orientation 6: what was left is on top.
    assert picture.size == (400, 800)
    assert near(picture.getpixel((200, 100)), RED) and near(picture.getpixel((200, 700)), BLUE)
    # Networks that fetch the picture get it from the rendition's own file.
    rendition = original.renditions.get()
    with rendition.file.open("rb") as file:
        assert file.read() == found.data
    assert found.url.endswith(rendition.url)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF", "TIFF"])
def test_other_kinds_tell_no_places_either(kind):
    name = "photo.tif" if kind == "TIFF" else f"photo.{kind.lower()}"
    original = upload(halves(), name, save={"format": kind, "exif": with_places(1)})
    for limits in (ANY, JPEG_ONLY):
        found, picture = fitted(original, limits)
        assert_nothing_is_told(found.data)
        assert picture.size == (800, 400)
        assert near(picture.getpixel((100, 100)), RED) and near(picture.getpixel((700, 100)), BLUE)


# What networks take


def test_no_more_pixels_than_the_network_takes_and_never_more_than_there_are():
    wide, small = upload(noise((900, 300)), "wide.jpg"), upload(noise((30, 40)), "small.jpg")
    assert fitted(wide, ImageLimits(max_width=300, max_height=300))[1].size == (300, 100)
    assert fitted(wide, ImageLimits(max_width=3000, max_height=150))[1].size == (450, 150)
    assert fitted(small)[1].size == (30, 40)


def test_no_more_bytes_than_the_network_takes():
    original = upload(noise(), "noise.jpg", save={"format": "JPEG", "quality": 95})
    sizes = [len(fitted(original, ImageLimits(max_bytes=most))[0].data) for most in (4_000_000, 800_000, 600_000)]
    assert sizes[0] > 800_000 >= sizes[1] > 600_000 >= sizes[2]
    tiny = ImageLimits(max_bytes=400_000)
    assert max(fitted(original, tiny)[1].size) == media.LAST_RESORT
    with pytest.raises(media.MediaUnreadable, match="over 10000 bytes"):
        media.fit(Image(str(original.pk)), ImageLimits(max_bytes=10_000))


def test_a_picture_that_the_network_would_find_too_small_is_left_out():
    original = upload(noise((300, 200)), "small.jpg")
    assert fitted(original, ImageLimits(min_width=300, min_height=200))[1].size == (300, 200)
    for limits in (ImageLimits(min_width=301), ImageLimits(min_height=201)):
        with pytest.raises(media.MediaUnreadable, match="smaller"):
            media.fit(Image(str(original.pk)), limits)


@pytest.mark.parametrize("focus, colour", [((100, 300), RED), ((1100, 300), BLUE)])
def test_where_the_network_cuts_the_editors_focal_point_stays(focus, colour):
    point = dict(zip(("focal_point_x", "focal_point_y"), focus, strict=True))
    original = upload(halves(), "halves.jpg", focal_point_width=100, focal_point_height=100, **point)
    square = ImageLimits(max_width=500, max_height=900, ratio=(1, 1))
    picture = fitted(original, square)[1]
    assert picture.size == (500, 500)
    assert all(near(picture.getpixel((x, 250)), colour) for x in (60, 250, 440))
    # Where it is shown as it is, nothing is cut.
    assert fitted(original)[1].size == (800, 400)


@pytest.mark.parametrize(
    "limits, size",
    [
        (ImageLimits(max_width=1200, max_height=1200, ratio=(191, 100)), (1200, 628)),
        (ImageLimits(max_width=1024, max_height=300, ratio=(20, 13)), (461, 300)),
        (ImageLimits(max_width=900, max_height=4000, ratio=(235, 100)), (900, 383)),
    ],
)
def test_the_shape_of_a_card(limits, size):
    assert fitted(upload(noise((2000, 1600)), "noise.jpg"), limits)[1].size == size


def test_a_heavy_card_keeps_its_shape():
    original = upload(noise((2000, 1600)), "noise.jpg")
    limits = ImageLimits(max_bytes=300_000, max_width=2000, max_height=2000, ratio=(191, 100))
    assert fitted(original, limits)[1].size == (1024, 536)


@pytest.mark.parametrize("network", ["bluesky", "linkedin"])
def test_cards_of_these_networks_are_cut_around_the_focal_point(network):
    limits = registry.get(network).limits.images
    width, height = fitted(upload(noise((2500, 2500)), "noise.jpg"), limits)[1].size
    assert abs(width / height - 1.91) < 0.01


def test_threads_takes_no_small_pictures():
    assert registry.get("threads").photos.images.min_width == 320


# Kinds of files


def transparent():
    picture = Pillow.new("RGBA", (400, 400), (0, 0, 0, 0))
    ImageDraw.Draw(picture).rectangle((100, 100, 300, 300), fill=(*RED, 255))
    return picture


@pytest.mark.parametrize("limits", [ANY, JPEG_ONLY], ids=["png", "jpeg"])
@pytest.mark.parametrize("kind", ["PNG", "PNG with a palette", "WEBP", "AVIF", "GIF"])
def test_what_is_transparent_becomes_white(kind, limits):
    name, _, palette = kind.partition(" ")
    picture = transparent()
    if palette:
        picture = picture.convert("P")
        picture.info["transparency"] = picture.getpixel((0, 0))
    shown = fitted(upload(picture, f"logo.{name.lower()}", save={"format": name}), limits)[1].convert("RGB")
    assert near(shown.getpixel((10, 10)), WHITE) and near(shown.getpixel((200, 200)), RED)


def test_drawings_stay_png_and_photos_become_jpeg():
    drawing = upload(transparent(), "logo.png", save={"format": "PNG"})
    photo = upload(noise((600, 400)), "photo.png", save={"format": "PNG"})
    assert fitted(drawing)[0].content_type == "image/png"
    assert fitted(drawing, JPEG_ONLY)[0].content_type == "image/jpeg"
    assert fitted(photo)[0].content_type == "image/jpeg"
    assert fitted(upload(halves(), "halves.jpg"))[0].content_type == "image/jpeg"


def test_of_an_animation_the_first_picture():
    frames = [Pillow.new("RGB", (200, 100), colour) for colour in (GREEN, RED, BLUE)]
    save = {"format": "GIF", "save_all": True, "append_images": frames[1:], "duration": 100, "loop": 0}
    for limits in (ANY, JPEG_ONLY):
        picture = fitted(upload(frames[0], "moving.gif", save=save), limits)[1].convert("RGB")
        assert near(picture.getpixel((100, 50)), GREEN)
        assert getattr(picture, "n_frames", 1) == 1


def test_pictures_for_the_press_become_pictures_for_screens():
    original = upload(halves().convert("CMYK"), "press.jpg")
    picture = fitted(original)[1]
    assert picture.mode == "RGB"
    assert near(picture.getpixel((100, 100)), RED) and near(picture.getpixel((700, 100)), BLUE)


def test_other_colour_spaces_become_srgb():
    # A space that is sRGB but for red and blue, which have changed places.
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile.replace(b"rXYZ", b"none").replace(b"bXYZ", b"rXYZ").replace(b"none", b"bXYZ")
    original = upload(halves(), "halves.jpg", save={"format": "JPEG", "icc_profile": profile})
    shown = fitted(original)[1]
    assert near(shown.getpixel((100, 100)), BLUE) and near(shown.getpixel((700, 100)), RED)
    assert "icc_profile" not in shown.info


def test_a_broken_colour_profile_does_no_harm():
    save = {"format": "JPEG", "icc_profile": b"no profile at all"}
    assert near(fitted(upload(halves(), "halves.jpg", save=save))[1].getpixel((100, 100)), RED)


@pytest.mark.parametrize(
    "mode, save", [("1", "PNG"), ("L", "JPEG"), ("LA", "PNG"), ("P", "GIF"), ("P", "PNG"), ("L", "BMP"), ("1", "TIFF")]
)
def test_few_colours(mode, save):
    picture = halves((0, 0, 0), WHITE).convert("L").convert(mode)
    name = {"JPEG": "few.jpg", "TIFF": "few.tif"}.get(save, f"few.{save.lower()}")
    original = upload(picture, name, save={"format": save})
    for limits in (ANY, JPEG_ONLY):
        shown = fitted(original, limits)[1].convert("RGB")
        assert near(shown.getpixel((100, 100)), (0, 0, 0)) and near(shown.getpixel((700, 100)), WHITE)


def test_sixteen_bits_are_not_all_white():
    picture = Pillow.new("I;16", (200, 100), 30_000)
    shown = fitted(upload(picture, "scan.png", save={"format": "PNG"}), JPEG_ONLY)[1].convert("L")
    assert abs(shown.getpixel((100, 50)) - 117) < 10


# What cannot be shown


def jpeg_bytes():
    data = BytesIO()
    noise((400, 300)).save(data, "JPEG")
    return data.getvalue()


@pytest.mark.parametrize(
    "data, name",
    [
        (b"", "empty.jpg"),
        (b"no picture", "words.jpg"),
        (jpeg_bytes()[:5000], "torn.jpg"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>', "drawing.svg"),
    ],
    ids=["empty", "words", "torn", "svg"],
)
def test_what_cannot_be_prepared(data, name):
    # Wagtail refuses most of these at the door; files are replaced and disks fail.
    original = upload(noise((400, 300)), name)
    with original.file.storage.open(original.file.name, "wb") as file:
        file.write(data)
    with pytest.raises(media.MediaUnreadable) as caught:
        media.fit(Image(str(original.pk)), ANY)
    assert caught.value.__cause__ is None


def test_what_is_gone():
    original = upload(halves(), "halves.jpg")
    original.file.storage.delete(original.file.name)
    for reference in (str(original.pk), "0", "no number", ""):
        with pytest.raises(media.MediaUnreadable):
            media.fit(Image(reference), ANY)


def test_a_bomb_is_not_unpacked(monkeypatch):
    original = upload(noise((200, 200)), "bomb.jpg")
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(media.MediaUnreadable):
        media.fit(Image(str(original.pk)), ANY)


def test_a_rendition_is_made_once(django_assert_num_queries):
    original = upload(noise((900, 300)), "wide.jpg")
    first = fitted(original)[0]
    with original.file.open("rb") as file:
        file.read()
    original.file.storage.delete(original.file.name)
    assert fitted(original)[0] == first
    assert original.renditions.count() == 1
