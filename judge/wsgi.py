import gc
import os

gc.disable()  # what loads now stays: looking through it again and again is a tenth of the start

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import get_resolver  # noqa: E402

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "judge.settings")
application = get_wsgi_application()
_ = get_resolver().url_patterns  # now, not at the first request
gc.freeze()
gc.enable()
