"""People's rows in the site admin: only to be looked at."""

from django.contrib import admin

from annotation.models import Draft, Lease, Submission
from judge.admin import ReadOnlyAdmin

admin.site.register([Lease, Submission, Draft], ReadOnlyAdmin)
