import re
from pathlib import Path

from setuptools import find_packages, setup


ROOT = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+)"', (ROOT / "wagtail_syndicate/__init__.py").read_text())[1]

# What the sandbox and the tests need; users of the package never install these.
TESTING = [
    "atproto>=0.0.73",
    "beautifulsoup4>=4.12",
    "coverage[toml]>=7.6",
    "factory-boy>=3.3",
    "flask>=3.0",
    "hypothesis>=6.100",
    "jsonschema>=4.20",
    "line-bot-sdk>=3.20",
    "Mastodon.py>=2.1",
    "openapi-core>=0.19",
    "polib>=1.2",
    "pytest>=8.3",
    "pytest-django>=4.9",
    "pytest-xdist>=3.6",
    "python-facebook-api>=0.24",
    "python-telegram-bot>=21",
    "referencing>=0.35",
    "responses>=0.25",
    "setuptools<81",  # twitter-text-parser imports pkg_resources, which newer ones no longer bring
    "standardwebhooks>=1.1",
    "twitter-text-parser>=3.0",
    "vk_api>=11.10",
    "wagtail-factories>=4.2",
    "weibo>=0.2.2",
    "xdk>=0.10",
]

setup(
    name="wagtail-syndicate",
    version=VERSION,
    description="Publish a Wagtail page and every ticked social account, regional networks first, gets its own post.",
    long_description=(ROOT / "README.md").read_text(),
    long_description_content_type="text/markdown",
    license="BSD-3-Clause",
    license_files=["LICENSE"],
    keywords="wagtail django celery social media syndication weibo vk xing mastodon telegram x",
    packages=find_packages(include=["wagtail_syndicate", "wagtail_syndicate.*"]),
    include_package_data=True,
    python_requires=">=3.11",
    install_requires=[
        "Django>=5.2",
        "wagtail>=7.4",
        "celery>=5.4",
        "cryptography>=42",
        "regex>=2024.4",
        "requests>=2.32",
        "requests-oauthlib>=2.0",
        "segno>=1.6",
        "swapper>=1.4",
    ],
    extras_require={
        "ai": ["wagtail-ai>=3.1"],
        "testing": TESTING,
        "services": [
            "celery[redis]",
            "mastodon_mock>=0.6.1",
            "mysqlclient>=2.2.1",
            "psycopg[binary]>=3.2",
            "tdjson>=1.8.30",
        ],
        "e2e": ["axe-playwright-python>=0.1.5", "playwright>=1.50"],
        "bench": ["scikit-learn>=1.4", "sumy>=0.11"],
        "lint": ["djhtml>=3.0", "ruff>=0.12"],
        "docs": ["mkdocs>=1.6"],
    },
    entry_points={},
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Environment :: Web Environment",
        "Framework :: Celery",
        "Framework :: Django",
        "Framework :: Django :: 5.2",
        "Framework :: Django :: 6.0",
        "Framework :: Wagtail",
        "Framework :: Wagtail :: 7",
        "Framework :: Wagtail :: 8",
        "Intended Audience :: Developers",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Internet :: WWW/HTTP :: Site Management",
    ],
)
