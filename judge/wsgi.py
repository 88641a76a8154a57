import gc
import os
import signal

gc.disable()  # what loads now stays: looking through it again and again is a tenth of the start

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import get_resolver  # noqa: E402

from judge.services.processes import die_with_parent  # noqa: E402

if "COJUDGE_INSTANCE" in os.environ:  # of judge.serving: granian leaves its workers behind when it is killed
    die_with_parent(os.getppid(), signal.SIGKILL)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "judge.settings")
application = get_wsgi_application()
_ = get_resolver().url_patterns  # now, not at the first request
gc.freeze()
gc.enable()
