"""People's rows in the site admin: only to be looked at. Drafts hold answers and stay with who writes them."""

from django.contrib import admin

from annotation.models import Lease, Submission
from judge.admin import ReadOnlyAdmin

admin.site.register([Lease, Submission], ReadOnlyAdmin)
