"""django-cas-server with two people, run in an environment of its own: cas_server.py PORT FOLDER PEOPLE STAFF."""

import json
import sys
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer, make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.urls import include, path

port, folder, people, staff = int(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]), json.loads(sys.argv[4])
settings.configure(
    SECRET_KEY="of the tests",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "cas.db"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
        "django.contrib.messages", "django.contrib.staticfiles", "cas_server",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware", "django.middleware.locale.LocaleMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
        "OPTIONS": {"context_processors": [
            "django.contrib.auth.context_processors.auth", "django.template.context_processors.request",
            "django.contrib.messages.context_processors.messages",
        ]},
    }],
    STATIC_URL="/static/",
    CAS_AUTH_CLASS=f"{__name__}.People",
    CAS_NEW_VERSION_HTML_WARNING=False,
    CAS_NEW_VERSION_EMAIL_WARNING=False,
)  # fmt: skip
django.setup()

from cas_server.auth import AuthUser  # noqa: E402 - Django wants its settings first
from cas_server.models import ServicePattern  # noqa: E402


class People(AuthUser):
    """Who there is."""

    def attributs(self):
        return {"employeeNumber": staff[self.username], "name": "张老师"}

    def test_password(self, password):
        return people.get(self.username) == password


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


urlpatterns = [path("cas/", include("cas_server.urls", namespace="cas_server"))]
call_command("migrate", verbosity=0)
pattern = ServicePattern.objects.create(name="this machine", pattern=r"^http://127\.0\.0\.1:[0-9]+/", pos=1)
pattern.attributs.create(name="*", replace="")
from django.core.wsgi import get_wsgi_application  # noqa: E402

make_server("127.0.0.1", port, get_wsgi_application(), _Server).serve_forever()
