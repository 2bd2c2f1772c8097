"""The sandbox's pictures in Wagtail's image library: one collection per language, because alt texts are words."""

from django.conf import settings
from django.core.files.images import ImageFile
from wagtail.images import get_image_model
from wagtail.models import Collection


Image = get_image_model()


class Pictures:
    """Finds or creates the images of one language.

    :param language_name: name of the collection they are kept in.
    """

    def __init__(self, language_name):
        root = Collection.get_first_root_node()
        self.collection = root.get_children().filter(name=language_name).first()
        if self.collection is None:
            self.collection = root.add_child(name=language_name)

    def get(self, filename, alt):
        """Return the image made from this file of ``content/images`` with this description."""
        title = filename.removesuffix(".jpg").replace("-", " ").capitalize()
        image = Image.objects.filter(collection=self.collection, title=title, description=alt).first()
        if image is None:
            with open(settings.SANDBOX_CONTENT / "images" / filename, "rb") as file:
                image = Image.objects.create(
                    collection=self.collection,
                    title=title,
                    description=alt,
                    file=ImageFile(file, name=filename),
                )
        return image
