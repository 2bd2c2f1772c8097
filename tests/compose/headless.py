"""The addresses of a site that serves no pages itself."""

urlpatterns = []
